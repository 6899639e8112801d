"""The judge: readings and a profile in, a judgement out. One pure function of the set of readings.

`judge` judges the series of one shipment. `judge_many` judges many tracks at once, in blocks that fit a processor's
cache; it is the same code, so both give the same judgement.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from doseway.coldchain import registry
from doseway.coldchain.judgement import Consumption, Effect, Episode, Judgement, RuleFailure, Statistics, Verdict
from doseway.coldchain.port import Found, RuleSpec
from doseway.coldchain.profile import Profile
from doseway.coldchain.reasons import Writer, rank
from doseway.coldchain.statistics import Reckoner, no_readings
from doseway.coldchain.timeline import Timeline
from doseway.coldchain.track import Tracks, tracks_of
from doseway.model.readings import Series

BLOCK_RECORDS: Final = 1 << 17


class Outcome:
    """What was found on one track."""

    __slots__ = ("consumptions", "episodes", "failures", "statistics")

    def __init__(self, statistics: Statistics) -> None:
        self.statistics = statistics
        self.episodes: list[Episode] = []
        self.consumptions: list[Consumption] = []
        self.failures: list[RuleFailure] = []


def judge(
    series: Sequence[Series], profile: Profile, interval_ms: int | None = None, offset_minutes: int = 0
) -> Judgement:
    """Judge the temperature series of one shipment.

    Args:
        series: of any sensors, in any order; series of one sensor belong together.
        profile: the limits.
        interval_ms: the declared logging interval; None: the lower median of the pauses.
        offset_minutes: the offset from UTC at which days begin and reasons tell the time.

    Raises:
        DataError: a time lies outside of the years 1 to 9999.
    """
    tracks = tracks_of(series, interval_ms=interval_ms, offset_minutes=offset_minutes)
    return conclude(
        [one for block in outcomes(tracks, profile) for one in block], profile, Writer(profile, offset_minutes)
    )


def judge_many(tracks: Tracks, profile: Profile) -> list[Judgement]:
    """Judge many shipments, each one track; the judgements come in the order of the tracks."""
    writer = Writer(profile, tracks.offset_minutes)
    return [conclude([one], profile, writer) for block in outcomes(tracks, profile) for one in block]


def outcomes(tracks: Tracks, profile: Profile) -> Iterator[list[Outcome]]:
    """Yield what was found on each track, block by block."""
    reckoner = Reckoner(profile.energy_j_mol)
    for block in tracks.blocks(BLOCK_RECORDS):
        yield _block(block, profile, reckoner)


def timeline_of(tracks: Tracks, profile: Profile) -> Timeline:
    """Put tracks, none of them empty, on a timeline as the profile observes."""
    observation = profile.observation
    return Timeline(
        tracks,
        max_gap_ms=observation.max_gap_ms,
        last_reading=observation.last_reading,
        start_delay_ms=observation.start_delay_ms,
    )


def find_all(timeline: Timeline, profile: Profile, results: Sequence[Outcome]) -> None:
    """Run every rule and sort what it finds to the tracks; a rule that crashes fails on the tracks that crash it."""
    for spec in profile.rules:
        try:
            _sort_in(registry.rule(spec.rule).find(timeline, spec), results)
        except Exception as error:  # noqa: BLE001  # a rule may fail in any way; that is a finding, not the end
            if len(timeline) == 1:
                results[0].failures.append(_failure(spec, error))
            else:
                _one_by_one(timeline, spec, results)


def conclude(results: Sequence[Outcome], profile: Profile, writer: Writer) -> Judgement:
    """Join what was found on the tracks of one shipment into a judgement."""
    statistics = tuple(one.statistics for one in results)
    episodes = tuple(sorted((found for one in results for found in one.episodes), key=_order))
    failures = tuple(failure for one in results for failure in one.failures)
    verdict = _verdict(statistics, episodes, failures, profile)
    return Judgement(
        profile_id=profile.id,
        verdict=verdict,
        reasons=writer.reasons(verdict, statistics, episodes, failures),
        statistics=statistics,
        episodes=episodes,
        consumptions=tuple(found for one in results for found in one.consumptions),
        failures=failures,
    )


def _block(block: Tracks, profile: Profile, reckoner: Reckoner) -> list[Outcome]:
    sizes = np.diff(block.bounds)
    full = np.flatnonzero(sizes).tolist()
    results = [
        Outcome(no_readings(sensor, int(interval), profile.energy_j_mol))
        for sensor, interval in zip(block.sensors, block.interval_ms, strict=True)
    ]
    if not full:
        return results
    timeline = timeline_of(_without_empty(block, full), profile)
    chosen = [results[track] for track in full]
    for track, one in enumerate(chosen):
        one.statistics = reckoner.statistics(timeline, track)
    find_all(timeline, profile, chosen)
    return results


def _without_empty(block: Tracks, full: Sequence[int]) -> Tracks:
    if len(full) == len(block):
        return block
    return Tracks(
        block.at,
        block.value,
        np.append(block.bounds[full], len(block.at)),
        sensors=[block.sensors[track] for track in full],
        interval_ms=block.interval_ms[full],
        offset_minutes=block.offset_minutes,
    )


def _sort_in(found: Found, results: Sequence[Outcome]) -> None:
    for track, episode in found.episodes:
        results[track].episodes.append(episode)
    for track, consumption in found.consumptions:
        results[track].consumptions.append(consumption)


def _one_by_one(timeline: Timeline, spec: RuleSpec, results: Sequence[Outcome]) -> None:
    for track, one in enumerate(results):
        try:
            _sort_in(registry.rule(spec.rule).find(timeline.alone(track), spec), [one])
        except Exception as error:  # noqa: BLE001  # as above
            one.failures.append(_failure(spec, error))


def _failure(spec: RuleSpec, error: Exception) -> RuleFailure:
    return RuleFailure(rule=spec.rule, rule_id=spec.id, error=f"{type(error).__name__}: {error}")


def _order(one: Episode) -> tuple[int, str, int, str, int]:
    return one.start_ms, one.rule_id, -rank(one.effect), one.sensor, one.raised_ms


def _verdict(
    statistics: Sequence[Statistics],
    episodes: Sequence[Episode],
    failures: Sequence[RuleFailure],
    profile: Profile,
) -> Verdict:
    least = profile.observation.min_coverage_ppm
    is_unknown = (
        not statistics
        or not profile.rules
        or bool(failures)
        or any(not one.readings or one.coverage_ppm < least for one in statistics)
    )
    worst = max((one.effect for one in episodes), key=rank, default=Effect.INFO)
    if is_unknown and rank(worst) < rank(Effect.UNDECIDED):
        return Verdict.UNDECIDED
    return Verdict.WITHIN_LABEL if worst is Effect.INFO else Verdict(worst.value)
