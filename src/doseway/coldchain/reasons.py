"""Reasons: what was found, in complete sentences, the worst first."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

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
        names = len(statistics) > 1
        found = list(self._episodes(episodes, names=names))
        doubts = [*self._doubts(statistics, names=names), *map(_failure, failures)]
        worse = [text for effect_rank, text in found if effect_rank > _RANKS[Effect.UNDECIDED]]
        rest = [text for effect_rank, text in found if effect_rank <= _RANKS[Effect.UNDECIDED]]
        head = [self._all_well(statistics)] if verdict is Verdict.WITHIN_LABEL else []
        return (*head, *worse, *doubts, *rest)

    def _all_well(self, statistics: Sequence[Statistics]) -> str:
        readings = sum(one.readings for one in statistics)
        coverage = min((one.coverage_ppm for one in statistics), default=0)
        name = self._profile.title or self._profile.id
        return (
            f"All limits of “{name}” were kept in {readings:,} readings; {percent(coverage)} of the time was observed."
        )

    def _doubts(self, statistics: Sequence[Statistics], *, names: bool) -> Iterator[str]:
        if not self._profile.rules:
            yield "No limits to judge against: choose a profile, or set alarms in the device."
        if not statistics:
            yield "There are no temperature readings, so nothing is known about the product."
        for one in statistics:
            who = f"The sensor {one.sensor}" if names else "The sensor"
            if not one.readings:
                yield f"{who} gave no valid reading, so nothing is known about the product."
            elif one.coverage_ppm < self._profile.observation.min_coverage_ppm:
                least = percent(self._profile.observation.min_coverage_ppm)
                yield (
                    f"{who} observed only {percent(one.coverage_ppm)} of the time ({least} are required): "
                    f"{duration(one.unknown_ms)} are unknown."
                )

    def _episodes(self, episodes: Sequence[Episode], *, names: bool) -> Iterator[tuple[int, str]]:
        """Yield the sentences with the rank of their effect, the worst first; many of one rule are summed up."""
        by_entry: dict[tuple[int, str, str], list[Episode]] = {}
        for one in episodes:
            by_entry.setdefault((-_RANKS[one.effect], one.rule_id, one.sensor), []).append(one)
        for (effect_rank, rule_id, sensor), group in sorted(by_entry.items(), key=lambda item: item[0]):
            prefix = f"Sensor {sensor}: " if names else ""
            for one in group[:_SHOWN]:
                yield -effect_rank, prefix + self.sentence(one)
            if len(group) > _SHOWN:
                total = duration(sum(one.out_ms for one in group[_SHOWN:]))
                more = len(group) - _SHOWN
                yield -effect_rank, f"{prefix}{more} more of “{self._title(rule_id)}”, {total} out of range in all."

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
