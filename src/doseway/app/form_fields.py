"""How each kind of field of a document is written as text, and read back: what a form and a table share.

Area     `47.5596 7.5886 1500` (latitude, longitude, radius in m), or the corners of a polygon, one `47.55 7.58` a line
Legs     one a line: `road basel-plant fra-hub 2026-03-11T08:00Z 2026-03-11T14:00Z`, in a lane `+0:00 +6:00`,
         then, if wanted, `corridor=2000` (m) and `via=47.6,7.5;48.1,7.9`
Lists    words with commas between them
Instants `2026-03-11T08:00+01:00`; without an offset UTC
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from doseway.model.clock import from_unix_ms, to_unix_ms
from doseway.model.documents import Leg
from doseway.model.errors import DataError
from doseway.model.places import MICRODEGREES, Area, Circle, Polygon
from doseway.model.units import HOUR_MS, MINUTE_MS, SECOND_MS

_OFFSET: Final = re.compile(r"\+(\d{1,4}):([0-5]\d)(?::([0-5]\d(?:\.\d{1,3})?))?")
_CIRCLE_WORDS: Final = 3
_LEAST_CORNERS: Final = 3
_LEG_WORDS: Final = 5
_TRUE: Final = frozenset({"yes", "true", "1", "on", "sí", "si", "x"})


class FieldErrors(DataError):
    """Fields of a form that will not do: what is wrong, by field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        what = "; ".join(f"{name}: {text}" for name, text in fields.items())
        super().__init__(what, hint="Correct them and send the form again.")
        self.fields = dict(fields)


class Field(NamedTuple):
    """One field: its name in the document, how it is asked for, and how it is written and read.

    Attributes:
        look: `line`, `number`, `tick`, `lines`, or the kind of document (`product`, …) or `profile` that it names.
        read: from text; raises DataError or ValueError.
    """

    name: str
    look: str
    write: Callable[[Any], str]
    read: Callable[[str], Any]


def line(name: str, look: str = "line") -> Field:
    """Return a field of text."""
    return Field(name, look, str, str.strip)


def number(name: str) -> Field:
    """Return a field of a whole number; empty is 0."""
    return Field(name, "number", str, _whole)


def tick(name: str) -> Field:
    """Return a field that is true or not."""
    return Field(name, "tick", lambda value: "yes" if value else "", lambda text: text.strip().lower() in _TRUE)


def words(name: str) -> Field:
    """Return a field of several words."""
    return Field(name, "line", ", ".join, lambda text: [one.strip() for one in text.split(",") if one.strip()])


def instant(name: str) -> Field:
    """Return a field of an instant, which may be left out."""
    return Field(name, "line", _write_instant, lambda text: read_instant(text) if text.strip() else None)


def area(name: str) -> Field:
    """Return a field of an area."""
    return Field(name, "lines", _write_area, _read_area)


def legs(name: str, *, counts_from_departure: bool = False) -> Field:
    """Return a field of legs; those of a lane count from a departure at 0."""
    write, read = (_write_offset, _read_offset) if counts_from_departure else (_write_instant, read_instant)
    return Field(
        name,
        "lines",
        lambda value: "\n".join(_write_leg(leg, write) for leg in value),
        lambda text: [_read_leg(row, read) for row in text.splitlines() if row.strip()],
    )


def _whole(text: str) -> int:
    try:
        return int(text.strip() or "0")
    except ValueError as error:
        raise DataError(f"{text.strip()[:40]!r} is no whole number") from error


def _write_instant(value: int | None) -> str:
    if value is None:
        return ""
    exactness = "milliseconds" if value % MINUTE_MS else "minutes"
    return from_unix_ms(value).replace(tzinfo=None).isoformat(timespec=exactness) + "Z"


def read_instant(text: str) -> int:
    """Read an instant. Raises DataError for a text that is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise DataError(f"{text.strip()[:40]!r} is no time", hint="Write 2026-03-11T08:00+01:00.") from error
    return to_unix_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _write_offset(value: int) -> str:
    hours, rest = divmod(value, HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    return f"+{hours}:{minutes:02d}" + (f":{rest / SECOND_MS:06.3f}" if rest else "")


def _read_offset(text: str) -> int:
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise DataError(f"{text[:40]!r} is no time after the departure", hint="Write hours and minutes: +6:30.")
    seconds_ms = round(float(match[3] or 0) * SECOND_MS)
    return int(match[1]) * HOUR_MS + int(match[2]) * MINUTE_MS + seconds_ms


def _write_area(value: Area) -> str:
    if isinstance(value, Circle):
        return f"{_degrees(value.latitude_udeg)} {_degrees(value.longitude_udeg)} {value.radius_m}"
    return "\n".join(f"{_degrees(latitude)} {_degrees(longitude)}" for latitude, longitude in value.corners_udeg)


def _read_area(text: str) -> Area:
    rows = [row.replace(",", " ").split() for row in text.splitlines() if row.strip()]
    hint = "Write latitude, longitude and radius in m, such as 47.5596 7.5886 1500, or a corner a line."
    if len(rows) == 1 and len(rows[0]) == _CIRCLE_WORDS:
        latitude, longitude, radius = rows[0]
        return Circle(latitude_udeg=_udeg(latitude, 90), longitude_udeg=_udeg(longitude, 180), radius_m=_whole(radius))
    if len(rows) < _LEAST_CORNERS or any(len(row) != _CIRCLE_WORDS - 1 for row in rows):
        raise DataError("this is no area", hint=hint)
    return Polygon(corners_udeg=tuple((_udeg(latitude, 90), _udeg(longitude, 180)) for latitude, longitude in rows))


def _degrees(value_udeg: int) -> str:
    return f"{value_udeg / MICRODEGREES:.6f}".rstrip("0").rstrip(".")


def _udeg(text: str, most: int) -> int:
    try:
        value = float(text)
    except ValueError as error:
        raise DataError(f"{text[:40]!r} is no number of degrees") from error
    if not -most <= value <= most:
        raise DataError(f"{text[:40]} is not between −{most}° and {most}°")
    return round(value * MICRODEGREES)


def _write_leg(leg: Leg, write: Callable[[int], str]) -> str:
    parts = [leg.mode, leg.from_site, leg.to_site, write(leg.depart_at_ms), write(leg.arrive_at_ms)]
    parts += [f"corridor={leg.corridor_m}"] if leg.corridor_m else []
    if leg.via_udeg:
        parts.append("via=" + ";".join(f"{_degrees(lat)},{_degrees(lon)}" for lat, lon in leg.via_udeg))
    return " ".join(parts)


def _read_leg(row: str, read: Callable[[str], int]) -> dict[str, Any]:
    parts = row.split()
    if len(parts) < _LEG_WORDS:
        hint = "Write mode, from, to, departure and arrival, with blanks between them."
        raise DataError(f"{row.strip()[:60]!r} is no leg", hint=hint)
    mode, start, end, depart, arrive, *others = parts
    leg: dict[str, Any] = {"mode": mode, "from_site": start, "to_site": end}
    leg |= {"depart_at_ms": read(depart), "arrive_at_ms": read(arrive)}
    for other in others:
        name, _, value = other.partition("=")
        if name == "corridor":
            leg["corridor_m"] = _whole(value)
        elif name == "via":
            corners = [corner.partition(",") for corner in value.split(";") if corner]
            leg["via_udeg"] = [(_udeg(latitude, 90), _udeg(longitude, 180)) for latitude, _, longitude in corners]
        else:
            raise DataError(f"{other[:40]!r} is no part of a leg", hint="After the arrival: corridor=2000, via=….")
    return leg
