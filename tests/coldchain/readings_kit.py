"""Readings written in minutes and °C, and what a single rule makes of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from doseway.coldchain.judge import judge
from doseway.coldchain.judgement import Episode, Judgement
from doseway.coldchain.profile import load_profile
from doseway.model.readings import Quantity, Series
from doseway.model.units import INVALID, milli

T0 = 1_767_225_600_000  # 2026-01-01T00:00Z
MINUTE = 60_000
HOUR = 60 * MINUTE
NONE = None


def series_at(pairs: Iterable[tuple[float, float | None]], sensor: str = "s") -> Series:
    """Make a series of (minute, °C or None) pairs."""
    one = Series(sensor, Quantity.TEMPERATURE)
    for minute, value in pairs:
        one.add(T0 + round(minute * MINUTE), INVALID if value is None else milli(str(value)))
    return one


def every(minutes: float, values: Sequence[float | None], sensor: str = "s") -> Series:
    """Make a series of values at one interval."""
    return series_at([(minutes * place, value) for place, value in enumerate(values)], sensor)


def judged(
    rule: dict[str, Any],
    series: Series | Sequence[Series],
    interval: float | None = 10,
    offset: int = 0,
    **observation: Any,
) -> Judgement:
    """Judge under a profile of one rule; no failure may hide in it."""
    least = {"min_coverage": 0, **observation}
    profile = load_profile({"id": "one-rule", "observation": least, "rules": [rule]}, "test")
    parts = [series] if isinstance(series, Series) else series
    found = judge(parts, profile, None if interval is None else round(interval * MINUTE), offset)
    assert found.failures == ()
    return found


def episodes(
    rule: dict[str, Any], series: Series, interval: float | None = 10, **observation: Any
) -> tuple[Episode, ...]:
    """Return the episodes of one rule."""
    return judged(rule, series, interval, **observation).episodes


def minutes(one: Episode) -> dict[str, float | None]:
    """Return an episode's instants (since the start) and durations in minutes."""
    instants = {"start": one.start_ms, "raised": one.raised_ms, "end": one.end_ms}
    spans = {"out": one.out_ms, "least": one.least_ms, "most": one.most_ms, "unknown": one.unknown_ms}
    since = {name: None if at is None else (at - T0) / MINUTE for name, at in instants.items()}
    return {**since, **{name: span / MINUTE for name, span in spans.items()}}
