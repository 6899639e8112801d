"""Adding up time out of range: the shared part of the rules that have a budget."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec
import numpy as np

from doseway.coldchain.judgement import Consumption, Effect, Episode
from doseway.coldchain.port import RuleSpec
from doseway.coldchain.runs import Runs
from doseway.coldchain.timeline import Bools, Memory, Timeline
from doseway.coldchain.track import Int32, Int64
from doseway.model.units import DAY_MS

Severity = Callable[[Int32], Int64]
"""How far out of range values are; the largest is the worst."""
_NEVER = np.iinfo(np.int64).min


class Tally(msgspec.Struct, kw_only=True):
    """Time out of range of one track, or of one of its days, added up.

    Attributes:
        track, day: what it is of; day is 0 where days are not told apart.
        raised_ms: the sample at which the sum reached the budget; None: not reached.
        end_ms: the first record after the last sample out of range; None: open.
        unknown_ms: without observation between start and end; unknown_since_ms: from start to the last record let go.
    """

    track: int
    day: int
    start_ms: int
    raised_ms: int | None
    end_ms: int | None
    out_ms: int
    least_ms: int
    most_ms: int
    unknown_ms: int
    unknown_since_ms: int
    peak_milli: int
    peak_at_ms: int


class Adder:
    """Adds up the runs of records that are out, by track or by track and local day.

    `enough_ms` is the sum that raises, time used before included in `used_ms`.
    """

    def __init__(
        self,
        timeline: Timeline,
        out: Bools,
        severity: Severity,
        *,
        used_ms: int,
        enough_ms: int,
        is_daily: bool = False,
        rule_id: str = "",
    ) -> None:
        """Find the runs; `rule_id` names the memory to begin with."""
        counted = timeline.counted
        self._timeline, self._out, self._severity = timeline, out, severity
        self._target_ms = enough_ms - used_ms
        self._day: Int64 | None = (counted.at + timeline.offset_ms) // DAY_MS if is_daily else None
        self.runs = Runs(timeline, out, self._day)
        self._before = _from_memory(timeline.memory.get(rule_id))

    def tallies(self, until: int | None = None) -> list[Tally]:
        """Return the tallies in order; only of runs before the counted record `until`, if given."""
        count = len(self.runs) if until is None else int(np.searchsorted(self.runs.first, until))
        found: list[Tally] = []
        before = self._before
        for start, end in self._groups(count):
            joins = before is not None and self._continues(before, start)
            if before is not None and not joins:
                found.append(before)
            found.append(self._tally(start, end, before if joins else None))
            before = None
        return found if before is None else [*found, before]

    def _groups(self, count: int) -> Iterator[tuple[int, int]]:
        track, first = self.runs.track[:count], self.runs.first[:count]
        changes = track[1:] != track[:-1]
        if self._day is not None:
            changes = changes | (self._day[first[1:]] != self._day[first[:-1]])
        edges_after = np.flatnonzero(changes) + 1
        edges = [0, *edges_after.tolist(), count] if count else []
        yield from pairwise(edges)

    def _continues(self, before: Tally, start: int) -> bool:
        return self._day is None or before.day == int(self._day[self.runs.first[start]])

    def _tally(self, start: int, end: int, before: Tally | None) -> Tally:
        timeline, counted, runs = self._timeline, self._timeline.counted, self.runs
        inside = slice(start, end)
        track, first, last = int(runs.track[start]), int(runs.first[start]), int(runs.last[end - 1])
        has_after = last + 1 < int(counted.bounds[track + 1])
        until = counted.position[last + 1] if has_after else timeline.bounds[track + 1]
        since = counted.position[first] if before is None else timeline.bounds[track]
        severity = np.where(self._out[first : last + 1], self._severity(counted.value[first : last + 1]), _NEVER)
        peak = first + int(severity.argmax())
        tally = Tally(
            track=track,
            day=0 if self._day is None else int(self._day[first]),
            start_ms=int(counted.at[first]),
            raised_ms=self._raised(start, end, 0 if before is None else before.out_ms),
            end_ms=int(counted.at[last + 1]) if has_after else None,
            out_ms=int(runs.out[inside].sum()),
            least_ms=int(runs.least[inside].sum()),
            most_ms=int((runs.upper[inside] - runs.lower[inside]).sum()),
            unknown_ms=int(timeline.unknown_before[until] - timeline.unknown_before[since]),
            unknown_since_ms=0,
            peak_milli=int(counted.value[peak]),
            peak_at_ms=int(counted.at[peak]),
        )
        return tally if before is None else self._joined(before, tally, int(severity.max()))

    def _raised(self, start: int, end: int, before_ms: int) -> int | None:
        """Find the sample whose credit reaches the target."""
        counted, runs = self._timeline.counted, self.runs
        target = self._target_ms - before_ms
        if target <= 0:
            return int(counted.at[runs.first[start]])
        sums = np.cumsum(runs.out[start:end])
        run = int(np.searchsorted(sums, target, side="left"))
        if run == len(sums):
            return None
        first = int(runs.first[start + run])
        rest = target - (int(sums[run - 1]) if run else 0)
        record = int(np.searchsorted(counted.credited, counted.credited[first] + rest, side="left")) - 1
        return int(counted.at[record])

    def _joined(self, one: Tally, two: Tally, severity: int) -> Tally:
        """Put a tally behind the remembered one of the same track and day."""
        worst = int(self._severity(np.array([one.peak_milli], np.int32))[0])
        two.start_ms = one.start_ms
        two.raised_ms = two.raised_ms if one.raised_ms is None else one.raised_ms
        two.out_ms += one.out_ms
        two.least_ms += one.least_ms
        two.most_ms += one.most_ms
        two.unknown_ms += one.unknown_since_ms
        if worst >= severity:
            two.peak_milli, two.peak_at_ms = one.peak_milli, one.peak_at_ms
        return two

    def memory(self, cut: int, spec: RuleSpec, final: tuple[Episode, ...]) -> Memory:
        """Remember what lies before the record `cut` of a single track, a record in range.

        `final` are the episodes of days that are over already.
        """
        timeline, counted = self._timeline, self._timeline.counted
        until = int(np.searchsorted(counted.position, cut))
        tallies = self.tallies(until)
        today = 0 if self._day is None else int(self._day[until])
        over = tuple(
            tally_episode(timeline, spec, one) for one in tallies if one.day < today and one.raised_ms is not None
        )
        rest = [one for one in tallies if one.day >= today]
        if not rest:
            return Memory(episodes=final + over)
        one, before = rest[0], self._before
        if before is not None and one.start_ms == before.start_ms:
            unknown = before.unknown_since_ms + int(timeline.unknown_before[cut])
        else:
            since = int(np.searchsorted(timeline.at, one.start_ms))
            unknown = int(timeline.unknown_before[cut] - timeline.unknown_before[since])
        figures = {
            name: value
            for name in one.__struct_fields__
            if name not in {"track", "unknown_since_ms"} and (value := getattr(one, name)) is not None
        }
        return Memory(episodes=final + over, figures={**figures, "unknown_since_ms": unknown})


def _from_memory(memory: Memory | None) -> Tally | None:
    if memory is None or not memory.figures:
        return None
    return Tally(track=0, **{"raised_ms": None, "end_ms": None, **memory.figures})  # type: ignore[arg-type]  # by name


def tally_episode(
    timeline: Timeline,
    spec: RuleSpec,
    one: Tally,
    effect: Effect | None = None,
    details: dict[str, int | str] | None = None,
) -> Episode:
    """Make the episode of a tally; one that was not raised is dated by its first sample."""
    return Episode(
        rule=spec.rule,
        rule_version=spec.rule_version,
        rule_id=spec.id,
        sensor=timeline.sensors[one.track],
        effect=effect or spec.effect,
        start_ms=one.start_ms,
        raised_ms=one.start_ms if one.raised_ms is None else one.raised_ms,
        end_ms=one.end_ms,
        out_ms=one.out_ms,
        least_ms=one.least_ms,
        most_ms=one.most_ms,
        unknown_ms=one.unknown_ms,
        peak_milli=one.peak_milli,
        peak_at_ms=one.peak_at_ms,
        details=details or {},
    )


def consumptions(
    timeline: Timeline, spec: RuleSpec, tallies: list[Tally], *, used_ms: int, budget_ms: int
) -> list[tuple[int, Consumption]]:
    """Return the use of a budget on every track, those without time out of range included."""
    out = {one.track: one.out_ms for one in tallies}
    return [
        (track, _consumption(spec, sensor, used_ms + out.get(track, 0), budget_ms))
        for track, sensor in enumerate(timeline.sensors)
    ]


def _consumption(spec: RuleSpec, sensor: str, used_ms: int, budget_ms: int) -> Consumption:
    return Consumption(
        rule=spec.rule,
        rule_id=spec.id,
        sensor=sensor,
        used_ms=used_ms,
        budget_ms=budget_ms,
        left_ms=max(budget_ms - used_ms, 0),
    )
