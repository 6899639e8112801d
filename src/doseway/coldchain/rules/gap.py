"""Gap: a pause between two records longer than allowed. What happened in it is unknown, never fine."""

from typing import Final

import numpy as np

from doseway.coldchain.judgement import Effect, Episode
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.runs import remembered, settled
from doseway.coldchain.timeline import Bools, Memory, Timeline


class Gap(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a gap rule.

    Attributes:
        after_ms: a longer pause is a gap.
    """

    after_ms: int
    effect: Effect = Effect.UNDECIDED


class GapRule:
    """Looks at every pause, that between records without a value included: the device was alive then."""

    id: Final = "gap"
    version: Final = 1
    title: Final = "Gap in the records"
    spec: Final = Gap

    def find(self, timeline: Timeline, spec: Gap) -> Found:
        """Return one episode a gap, from the last record before it to the first after it."""
        found = Found()
        found.episodes = remembered(timeline, spec)
        long = timeline.reach > spec.after_ms
        long[timeline.bounds[1:] - 1] = False  # behind the last record nothing is known yet
        places = np.flatnonzero(long)
        tracks = np.searchsorted(timeline.bounds, places, side="right") - 1
        found.episodes += [
            (track, _episode(timeline, spec, track, place))
            for track, place in zip(tracks.tolist(), places.tolist(), strict=True)
        ]
        return found

    def quiet(self, timeline: Timeline, spec: Gap) -> Bools:  # noqa: ARG002  # the port's signature
        """A gap hangs over no record."""
        return np.ones(len(timeline.at), np.bool_)

    def settle(self, timeline: Timeline, spec: Gap, cut: int) -> Memory:
        """Remember the gaps that are over."""
        return settled(timeline, self.find(timeline, spec).episodes, cut)


def _episode(timeline: Timeline, spec: Gap, track: int, place: int) -> Episode:
    start = int(timeline.at[place])
    unknown = int(timeline.reach[place] - timeline.credit[place])
    return Episode(
        rule=spec.rule,
        rule_version=spec.rule_version,
        rule_id=spec.id,
        sensor=timeline.sensors[track],
        effect=spec.effect,
        start_ms=start,
        raised_ms=start + spec.after_ms,
        end_ms=int(timeline.at[place + 1]),
        most_ms=unknown,  # out of range for none of it, or for all of it
        unknown_ms=unknown,
    )


RULE: Final[Rule[Gap]] = GapRule()
