"""Recordings and limit profiles as Hypothesis draws them: small, and rich in everything that is awkward."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from doseway.coldchain.profile import Profile, load_profile
from doseway.model.readings import Quantity, Series
from doseway.model.units import INVALID

Record = tuple[int, int]
START_MS = 1_651_466_640_000
MINUTE = 60_000

LIMITS = (-500, 0, 2000, 8000, 15_000, 25_000)
# the limits themselves, and both sides of each: comparisons err at the edge
VALUES = (*(limit + step for limit in LIMITS for step in (-1, 0, 1)), 5000, 41_000, 120_000, -90_000, INVALID)


@st.composite
def recordings(draw: st.DrawFn, most: int = 40) -> list[Record]:
    """Records in the order of time: regular stretches, gaps, equal times, runs of one value."""
    at, records = START_MS, []
    for _ in range(draw(st.integers(0, most // 2))):
        value = draw(st.sampled_from(VALUES))
        for _ in range(draw(st.integers(1, 4))):
            records.append((at, value))
            at += draw(st.sampled_from((5, 5, 5, 5, 0, 1, 7, 10, 11, 60, 600))) * MINUTE
    return records


def _seconds(draw: st.DrawFn, *minutes: int) -> int:
    return 60 * draw(st.sampled_from(minutes))


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """One entry of a profile, of any of the twelve rules."""
    kind = draw(st.sampled_from(sorted(_RULES)))
    return {"rule": kind, **_RULES[kind](draw)}


def _c(milli: int) -> str:
    return f"{milli / 1000:.3f}"


def _level(draw: st.DrawFn) -> dict[str, Any]:
    limit = draw(st.sampled_from(LIMITS))
    entry: dict[str, Any] = {"limit_c": _c(limit), "raise_after_s": _seconds(draw, 0, 0, 5, 10, 30)}
    entry["clear_after_s"] = _seconds(draw, 0, 0, 5, 15)
    entry["comparison"] = draw(st.sampled_from(("strict", "inclusive")))
    return entry


def _excursion(draw: st.DrawFn) -> dict[str, Any]:
    entry = {**_level(draw), "side": draw(st.sampled_from(("high", "low")))}
    back = draw(st.sampled_from((0, 0, 1, 3000)))
    clear = float(entry["limit_c"]) * 1000 + (-back if entry["side"] == "high" else back)
    return {**entry, "clear_limit_c": _c(int(clear))} if back else entry


def _budget(draw: st.DrawFn) -> dict[str, Any]:
    return {"budget_s": _seconds(draw, 0, 5, 20, 90), "used_s": _seconds(draw, 0, 0, 10, 100)}


def _cumulative(draw: st.DrawFn) -> dict[str, Any]:
    level = {key: value for key, value in _excursion(draw).items() if key in {"limit_c", "comparison", "side"}}
    return {**level, **_budget(draw), "reset": draw(st.sampled_from(("recording", "day")))}


def _shared(draw: st.DrawFn) -> dict[str, Any]:
    return {"low_c": 2, "high_c": 8, **_budget(draw), "comparison": draw(st.sampled_from(("strict", "inclusive")))}


def _tier(draw: st.DrawFn) -> dict[str, Any]:
    bands: tuple[dict[str, Any], ...] = (
        {"above_c": 8},
        {"above_c": 8, "below_c": 15},
        {"below_c": 2, "above_c": 0, "side": "low"},
    )
    ends = draw(st.sampled_from(bands))
    entry: dict[str, Any] = {**ends, **_budget(draw)}
    if draw(st.booleans()):
        entry["max_single_s"] = _seconds(draw, 5, 20)
        if draw(st.booleans()):
            del entry["budget_s"]
    return entry


def _consumption(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"model": "vvm", "vvm_class": draw(st.sampled_from((2, 7, 14, 30))), "fraction_limit": "0.001"}
    life = _seconds(draw, 30, 600, 100_000)
    return {"model": "arrhenius", "life_s": life, "reference_c": 5, "energy_kj_mol": draw(st.sampled_from((83, 120)))}


def _mkt(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "limit_c": draw(st.sampled_from((8, 25))),
        "window_s": _seconds(draw, 7, 30, 60, 1440),
        "excursion_above_c": draw(st.sampled_from((8, 15))),
        "energy_kj_mol": draw(st.sampled_from(("83.144", "42", "125"))),
        "min_coverage": draw(st.sampled_from(("0", "0.9"))),
    }


def _spike(draw: st.DrawFn) -> dict[str, Any]:
    return {"above_c": 8, "ceiling_c": draw(st.sampled_from((15, 25))), "max_s": _seconds(draw, 5, 30)}


def _start_delay(_: st.DrawFn) -> dict[str, Any]:
    return {"low_c": 2, "high_c": 8}


def _after(*minutes: int) -> Callable[[st.DrawFn], dict[str, Any]]:
    return lambda draw: {"after_s": _seconds(draw, *minutes)}


_RULES: dict[str, Callable[[st.DrawFn], dict[str, Any]]] = {
    "excursion": _excursion,
    "freeze": _level,
    "cumulative": _cumulative,
    "shared_budget": _shared,
    "tier": _tier,
    "consumption": _consumption,
    "mkt": _mkt,
    "heat_spike": _spike,
    "gap": _after(0, 9, 60),
    "sensor_disconnected": _after(0, 10),
    "stuck_sensor": _after(5, 15, 30),
    "start_delay": _start_delay,
}


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """A profile with one to four rules."""
    observation: dict[str, Any] = {
        "last_reading": draw(st.sampled_from(("interval", "interval", "none"))),
        "start_delay_s": _seconds(draw, 0, 0, 10, 30),
        "min_coverage": draw(st.sampled_from(("0", "0.9"))),
    }
    if draw(st.booleans()):
        observation["max_gap_s"] = _seconds(draw, 4, 8, 60)
    entries = draw(st.lists(rules(), min_size=1, max_size=4))
    return load_profile({"id": "drawn", "observation": observation, "rules": entries}, "drawn")


def series_of(records: list[Record], sensor: str = "s") -> Series:
    """Put records into columns."""
    series = Series(sensor, Quantity.TEMPERATURE)
    for at, value in records:
        series.add(at, value)
    return series


intervals = st.sampled_from((None, 5 * MINUTE, 7 * MINUTE))
