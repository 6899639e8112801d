"""How limits, durations and times are written for people: plain words for a tired reader."""

from datetime import date
from functools import lru_cache
from typing import Final

from doseway.model.units import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, decimal_text

_REMEMBERED: Final = 4096  # many shipments share a few lengths, limits and days
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=_REMEMBERED)
def duration(value_ms: int) -> str:
    """Write a duration as people say it: `3 h 40 min`, `2 d 4 h`, `45 s`, `0 min`."""
    days, rest = divmod(value_ms, DAY_MS)
    hours, rest = divmod(rest, HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest // SECOND_MS, "s")]
    return " ".join([f"{number} {unit}" for number, unit in parts if number]) or "0 min"


@lru_cache(maxsize=_REMEMBERED)
def degrees(value_milli: int) -> str:
    """Write a temperature with at least one decimal: `8.0 °C`, `−0.5 °C`."""
    text = decimal_text(value_milli)
    return f"{text if '.' in text else text + '.0'} °C".replace("-", "−")


def hundredths(value_milli: int) -> str:
    """Write a temperature rounded to hundredths, for figures that were computed."""
    return f"{value_milli / 1000:.2f} °C".replace("-", "−")


@lru_cache(maxsize=_REMEMBERED)
def _day(days: int) -> str:
    return date.fromordinal(_EPOCH_DAY + days).isoformat()


def moment(instant_ms: int, offset_minutes: int) -> str:
    """Write an instant at an offset: `2022-11-08 21:59`, with seconds only where there are any."""
    days, rest = divmod(instant_ms + offset_minutes * MINUTE_MS, DAY_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    text = f"{_day(days)} {minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{rest // SECOND_MS:02d}" if rest >= SECOND_MS else text


def clock_time(instant_ms: int, beside_ms: int, offset_minutes: int) -> str:
    """Write an instant beside another: only the time of day where the day is the same."""
    text, beside = moment(instant_ms, offset_minutes), moment(beside_ms, offset_minutes)
    return text[11:] if text[:10] == beside[:10] else text


def percent(ppm: int) -> str:
    """Write parts per million as a percentage, cut off, so that only what is whole reads 100 %."""
    return f"{ppm // 100 / 100:g} %"
