"""Reasons: what was found, in complete sentences, the worst first."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from doseway.coldchain.judgement import Effect, Episode, RuleFailure, Statistics, Verdict
from doseway.coldchain.port import RuleSpec
from doseway.coldchain.profile import Profile
from doseway.model.wording import clock_time, degrees, duration, hundredths, moment, percent

_SHOWN: Final = 5
_RANKS: Final = {effect: rank for rank, effect in enumerate(Effect)}
_PPB_PERCENT: Final = 10_000_000


def rank(effect: Effect) -> int:
    """Return the place of an effect from least (0, info) to worst."""
    return _RANKS[effect]


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason as data, for whoever writes it in another language.

    Attributes:
        kind: `kept`, `no-limits`, `no-readings`, `no-valid-reading`, `coverage`, `failed`, `episode` or `more`.
        sensor: whose it is; empty where it is clear, or where it concerns all.
        episode: of `episode`, and one of those that `more` sums up: `count` of them, `span_ms` out of range in all.
        count: the readings of `kept`. ppm: what was observed; span_ms: what is unknown.
        failure: of `failed`.
    """

    kind: Literal["kept", "no-limits", "no-readings", "no-valid-reading", "coverage", "failed", "episode", "more"]
    sensor: str = ""
    episode: Episode | None = None
    failure: RuleFailure | None = None
    count: int = 0
    ppm: int = 0
    span_ms: int = 0


def reasons_of(
    profile: Profile,
    verdict: Verdict,
    statistics: Sequence[Statistics],
    episodes: Sequence[Episode],
    failures: Sequence[RuleFailure],
) -> tuple[Reason, ...]:
    """Return what was found, worst first, then what leaves the judgement undecided, then information."""
    names = len(statistics) > 1
    found = list(_episodes(episodes, names=names))
    doubts = [
        *_doubts(profile, statistics, names=names),
        *(Reason(kind="failed", failure=one) for one in failures),
    ]
    worse = [one for effect_rank, one in found if effect_rank > _RANKS[Effect.UNDECIDED]]
    rest = [one for effect_rank, one in found if effect_rank <= _RANKS[Effect.UNDECIDED]]
    head = [_kept(statistics)] if verdict is Verdict.WITHIN_LABEL else []
    return (*head, *worse, *doubts, *rest)


def _kept(statistics: Sequence[Statistics]) -> Reason:
    coverage = min((one.coverage_ppm for one in statistics), default=0)
    return Reason(kind="kept", count=sum(one.readings for one in statistics), ppm=coverage)


def _doubts(profile: Profile, statistics: Sequence[Statistics], *, names: bool) -> Iterator[Reason]:
    if not profile.rules:
        yield Reason(kind="no-limits")
    if not statistics:
        yield Reason(kind="no-readings")
    for one in statistics:
        sensor = one.sensor if names else ""
        if not one.readings:
            yield Reason(kind="no-valid-reading", sensor=sensor)
        elif one.coverage_ppm < profile.observation.min_coverage_ppm:
            yield Reason(kind="coverage", sensor=sensor, ppm=one.coverage_ppm, span_ms=one.unknown_ms)


def _episodes(episodes: Sequence[Episode], *, names: bool) -> Iterator[tuple[int, Reason]]:
    """Yield the episodes with the rank of their effect, the worst first; many of one rule are summed up."""
    by_entry: dict[tuple[int, str, str], list[Episode]] = {}
    for one in episodes:
        by_entry.setdefault((-_RANKS[one.effect], one.rule_id, one.sensor), []).append(one)
    for (effect_rank, _, entry_sensor), group in sorted(by_entry.items(), key=lambda item: item[0]):
        sensor = entry_sensor if names else ""
        for one in group[:_SHOWN]:
            yield -effect_rank, Reason(kind="episode", sensor=sensor, episode=one)
        if more := group[_SHOWN:]:
            total = sum(one.out_ms for one in more)
            yield (
                -effect_rank,
                Reason(kind="more", sensor=sensor, episode=more[0], count=len(more), span_ms=total),
            )


class Writer:
    """Writes the reasons of one judgement under a profile, times at an offset from UTC."""

    def __init__(self, profile: Profile, offset_minutes: int) -> None:
        self._profile, self._offset = profile, offset_minutes
        self._specs = {spec.id: spec for spec in profile.rules}

    def reasons(
        self,
        verdict: Verdict,
        statistics: Sequence[Statistics],
        episodes: Sequence[Episode],
        failures: Sequence[RuleFailure],
    ) -> tuple[str, ...]:
        """Return the sentences: findings, worst first, then what leaves the judgement undecided, then information."""
        return tuple(map(self._write, reasons_of(self._profile, verdict, statistics, episodes, failures)))

    def _write(self, one: Reason) -> str:
        who = f"The sensor {one.sensor}" if one.sensor else "The sensor"
        prefix = f"Sensor {one.sensor}: " if one.sensor else ""
        match one:
            case Reason(kind="kept"):
                name = self._profile.title or self._profile.id
                observed = f"{percent(one.ppm)} of the time was observed."
                return f"All limits of “{name}” were kept in {one.count:,} readings; {observed}"
            case Reason(kind="no-limits"):
                return "No limits to judge against: choose a profile, or set alarms in the device."
            case Reason(kind="no-readings"):
                return "There are no temperature readings, so nothing is known about the product."
            case Reason(kind="no-valid-reading"):
                return f"{who} gave no valid reading, so nothing is known about the product."
            case Reason(kind="coverage"):
                least = percent(self._profile.observation.min_coverage_ppm)
                observed = f"{who} observed only {percent(one.ppm)} of the time ({least} are required)"
                return f"{observed}: {duration(one.span_ms)} are unknown."
            case Reason(kind="more", episode=Episode(rule_id=rule_id)):
                total = duration(one.span_ms)
                return f"{prefix}{one.count} more of “{self._title(rule_id)}”, {total} out of range in all."
            case Reason(episode=Episode() as episode):
                return prefix + self.sentence(episode)
            case Reason(failure=RuleFailure() as failure):
                return _failure(failure)
        raise AssertionError(one)

    def _title(self, rule_id: str) -> str:
        return self._specs[rule_id].title or rule_id

    def sentence(self, one: Episode) -> str:
        """Write what one episode of the profile is: a sentence that begins with the limit."""
        spec = self._specs[one.rule_id]
        write = _SENTENCES.get(one.rule, _other)
        return write(one, spec, self._offset)


def _failure(failure: RuleFailure) -> str:
    return f"The rule “{failure.rule_id}” failed ({failure.error}), so its limits were not checked."


def _for(one: Episode, offset: int) -> str:
    """Write for how long, since when, and the peak."""
    bounds = f" (between {duration(one.least_ms)} and {duration(one.most_ms)})"
    text = f"for {duration(one.out_ms)}{bounds}, from {moment(one.start_ms, offset)}"
    if one.end_ms is None:
        text += " to the end of the recording"
    if one.peak_milli is not None and one.peak_at_ms is not None:
        text += f", peak {degrees(one.peak_milli)} at {clock_time(one.peak_at_ms, one.start_ms, offset)}"
    if one.unknown_ms:
        text += f"; {duration(one.unknown_ms)} inside it are unknown"
    return text + "."


def _beyond(spec: Any, side: str) -> str:
    """Write which side of a limit, the limit itself included or not."""
    or_at = "At or " if spec.comparison == "inclusive" else ""
    word = "above" if side == "high" else "below"
    return f"{or_at}{word} {degrees(spec.limit_milli)}".capitalize().replace("°c", "°C")


def _excursion(one: Episode, spec: Any, offset: int) -> str:
    return f"{_beyond(spec, spec.side)} {_for(one, offset)}"


def _cumulative(one: Episode, spec: Any, offset: int) -> str:
    when = "that day" if spec.reset == "day" else "in all"
    used = f", with {duration(spec.used_ms)} used before" if spec.used_ms else ""
    return (
        f"{_beyond(spec, spec.side)} {when} {_for(one, offset)[:-1]}: the budget is {duration(spec.budget_ms)}{used}."
    )


def _shared(one: Episode, spec: Any, offset: int) -> str:
    used = f", with {duration(spec.used_ms)} used before" if spec.used_ms else ""
    limits = f"Outside {degrees(spec.low_milli)} to {degrees(spec.high_milli)}"
    return f"{limits} in all {_for(one, offset)[:-1]}: the budget for hot and cold is {duration(spec.budget_ms)}{used}."


def _tier(one: Episode, spec: Any, offset: int) -> str:
    ends = [
        f"above {degrees(spec.above_milli)}" if spec.above_milli is not None else "",
        f"up to {degrees(spec.below_milli)}" if spec.below_milli is not None else "",
    ]
    if spec.side == "low":
        ends = [
            f"below {degrees(spec.below_milli)}",
            f"down to {degrees(spec.above_milli)}" if spec.above_milli is not None else "",
        ]
    band = " ".join(filter(None, ends)).capitalize().replace("°c", "°C")
    if one.details.get("allowance") == "single":
        return f"{band} without a break {_for(one, offset)[:-1]}: {duration(spec.max_single_ms)} at a time are allowed."
    if spec.budget_ms is None:
        return f"{band} {_for(one, offset)}"
    total = spec.used_ms + one.out_ms
    left = spec.budget_ms - total
    rest = f"{duration(left)} are left" if left >= 0 else f"{duration(-left)} too much"
    used = f" and {duration(spec.used_ms)} before" if spec.used_ms else ""
    return f"{band} {_for(one, offset)[:-1]}{used}: {duration(spec.budget_ms)} are allowed, {rest}."


def _consumption(one: Episode, _spec: Any, offset: int) -> str:
    used, limit = int(one.details["used_ppb"]), int(one.details["limit_ppb"])
    return (
        f"{used / _PPB_PERCENT:.2f} % of the life is used (limit {limit / _PPB_PERCENT:g} %), "
        f"reached on {moment(one.raised_ms, offset)}."
    )


def _mkt(one: Episode, spec: Any, offset: int) -> str:
    figures = {key: int(value) for key, value in one.details.items()}
    window = f"The mean kinetic temperature of the worst {duration(figures['window_ms'])} with an excursion"
    where = f"({moment(one.start_ms, offset)} to {moment(one.end_ms or one.start_ms, offset)})"
    value = f"{window} {where} is {hundredths(figures['mkt_milli'])}"
    if one.effect is Effect.INFO:
        left = duration(figures["left_at_peak_ms"] // 60_000 * 60_000)
        return f"{value}, within {degrees(spec.limit_milli)}; {left} more at the peak would have reached it."
    if one.effect is Effect.UNDECIDED and figures["coverage_ppm"] < spec.min_coverage_ppm:
        return f"{value}, but only {percent(figures['coverage_ppm'])} of that window was observed."
    return (
        f"{value}, above {degrees(spec.limit_milli)}: {duration(one.out_ms)} above "
        f"{degrees(spec.excursion_above_milli)}, peak {degrees(one.peak_milli or 0)}."
    )


def _freeze(one: Episode, spec: Any, offset: int) -> str:
    return f"Freezing: {_beyond(spec, 'low').lower().replace('°c', '°C')} {_for(one, offset)}"


def _heat_spike(one: Episode, spec: Any, offset: int) -> str:
    if one.details.get("reached") == "ceiling":
        return f"Above the ceiling of {degrees(spec.ceiling_milli)} {_for(one, offset)}"
    text = f"Above {degrees(spec.above_milli)} without a break {_for(one, offset)[:-1]}"
    return f"{text}: {duration(spec.max_ms)} are allowed."


def _gap(one: Episode, _spec: Any, offset: int) -> str:
    return (
        f"No records from {moment(one.start_ms, offset)} to {clock_time(one.end_ms or 0, one.start_ms, offset)}: "
        f"{duration(one.unknown_ms)} are unknown."
    )


def _disconnected(one: Episode, _spec: Any, offset: int) -> str:
    until = "the end" if one.end_ms is None else clock_time(one.end_ms, one.start_ms, offset)
    return (
        f"The sensor gave no value from {moment(one.start_ms, offset)} to {until}: "
        f"{duration(one.unknown_ms)} are unknown."
    )


def _stuck(one: Episode, _spec: Any, offset: int) -> str:
    lasted = duration(int(one.details["lasted_ms"]))
    return (
        f"The sensor read {degrees(one.peak_milli or 0)} without a change for {lasted} "
        f"from {moment(one.start_ms, offset)}: it may be stuck."
    )


def _start_delay(one: Episode, _spec: Any, offset: int) -> str:
    return f"While the logger was conditioning (not counted): out of range {_for(one, offset)}"


def _other(one: Episode, spec: RuleSpec, offset: int) -> str:
    """Write the sentence of a rule from another package."""
    return f"{spec.title or spec.id}: {_for(one, offset)}"


_SENTENCES: Final[dict[str, Callable[[Episode, Any, int], str]]] = {
    "excursion": _excursion,
    "cumulative": _cumulative,
    "shared_budget": _shared,
    "tier": _tier,
    "consumption": _consumption,
    "mkt": _mkt,
    "freeze": _freeze,
    "heat_spike": _heat_spike,
    "gap": _gap,
    "sensor_disconnected": _disconnected,
    "stuck_sensor": _stuck,
    "start_delay": _start_delay,
}
