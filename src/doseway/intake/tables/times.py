"""Dates and times as people and programs write them into tables."""

import re
from datetime import date
from typing import Final, NamedTuple

from doseway.intake.port import EARLIEST_MS, LATEST_MS
from doseway.intake.tables.mapping import DateOrder
from doseway.intake.zones import parse_offset
from doseway.model.units import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen january januar janvier enero gennaio janeiro januari",
            "feb fev fevr february februar fevrier febrero febbraio fevereiro februari",
            "mar mrz mars maart march marz maerz marzo marco mrt",
            "apr avr abr april avril abril aprile",
            "may mai mayo maggio maio mei mag",
            "jun june juni juin junio giugno junho giu",
            "jul july juli juillet juil julio luglio julho lug",
            "aug august aout agosto ago augustus",
            "sep sept september septembre septiembre settembre setembro set",
            "oct okt oktober october octobre octubre ottobre outubro ott out",
            "nov november novembre noviembre novembro",
            "dec dez dezember december decembre diciembre dicembre dezembro dic",
        ),
        start=1,
    )
    for name in names.split()
}
_DATE: Final = (
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<sign>[-/.])(?P<b>\d{1,2})(?P=sign)(?P<y2>\d{4}|\d\d)"
    r"|(?P<d3>\d{1,2})[-. ]{1,2}(?P<m3>[a-z]{3,10})[-., ]{1,2}(?P<y3>\d{4}|\d\d)"
    r"|(?P<m4>[a-z]{3,10})\.? (?P<d4>\d{1,2}),? (?P<y4>\d{4}))"
)
_CLOCK: Final = (
    r"(?P<H>\d{1,2}):(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d)(?:[.,](?P<f>\d{1,9}))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?(?: ?(?P<zone>z|(?:utc|gmt)?[+-]\d{1,2}(?::?[0-5]\d)?|utc|gmt))?"
)
_FULL: Final = re.compile(f"{_DATE}(?:t|,? {{1,2}}){_CLOCK}", re.ASCII)
_DATE_ONLY: Final = re.compile(_DATE, re.ASCII)
_CLOCK_ONLY: Final = re.compile(_CLOCK, re.ASCII)
_EPOCH: Final = re.compile(r"(\d{9,10})(?:[.,](\d{1,9}))?|(\d{12,13})", re.ASCII)
_LONGEST: Final = 48
_NOON: Final = 12
_HOURS: Final = 24
_CENTURY: Final = 2000
_EPOCH_ORDINAL: Final = 719_163  # date(1970, 1, 1).toordinal()
_EPOCH_SECONDS_DIGITS: Final = 10
_CACHE: Final = 5_000


class DateParts(NamedTuple):
    """A date as written: either its order is plain, or `first` and `second` are day and month in unknown order."""

    year: int
    first: int
    second: int
    is_known: bool  # then first is the month, second the day
    sign: str


def folded(text: str) -> str:
    """Return a cell as the patterns want it: trimmed, lower-case, plain spaces, no accents in months."""
    text = text.strip().replace("\u00a0", " ").replace("\u202f", " ").lower()
    return text.replace("é", "e").replace("û", "u").replace("ä", "a").replace("ç", "c")


def kind_of(text: str) -> str:
    """Say what a cell is: `full`, `date`, `clock`, `epoch`, or nothing."""
    if not text or len(text) > _LONGEST or not any(sign.isdigit() for sign in text):
        return ""
    text = folded(text)
    for kind, pattern in (("full", _FULL), ("date", _DATE_ONLY), ("clock", _CLOCK_ONLY), ("epoch", _EPOCH)):
        found = pattern.fullmatch(text)
        if found:
            return "" if kind in {"full", "date"} and _parts(found) is None else kind
    return ""


def date_parts(text: str) -> DateParts | None:
    """Return the date in a cell of a date, or of date and time."""
    text = folded(text)
    found = _FULL.fullmatch(text) or _DATE_ONLY.fullmatch(text)
    return _parts(found) if found else None


class TimeReader:
    """Reads the time of each row.

    Args:
        order: which number is the day where dates do not say it themselves.
        epoch: `s` or `ms` where cells count from 1970, else empty.
    """

    def __init__(self, order: DateOrder | None, epoch: str) -> None:
        self._order = order
        self._epoch = epoch
        self._days: dict[DateParts, int | None] = {}
        self.has_short_years = False

    def read(self, text: str, clock: str = "") -> tuple[int, int | None] | None:
        """Return a time as Unix ms as if local were UTC, and the offset in minutes where the cell states one.

        Args:
            text: the cell of the date, or of both.
            clock: the cell of the time of day where there are two.
        """
        if len(text) + len(clock) > _LONGEST:
            return None
        if self._epoch:
            return self._count(folded(text))
        found = _FULL.fullmatch(folded(f"{text.strip()} {clock.strip()}" if clock else text))
        if not found:
            return None
        parts = _parts(found)
        day = self._day(parts) if parts else None
        minutes = _clock_ms(found)
        if day is None or minutes is None:
            return None
        at_ms = day + minutes
        offset = found["zone"]
        return (at_ms, parse_offset(offset.removeprefix("utc").removeprefix("gmt") or "UTC") if offset else None)

    def _count(self, text: str) -> tuple[int, int | None] | None:
        found = _EPOCH.fullmatch(text)
        if not found:
            return None
        if self._epoch == "ms":
            at_ms = int(found[3] or found[1])
        elif found[3]:
            return None
        else:
            at_ms = int(found[1]) * SECOND_MS + int((found[2] or "0").ljust(3, "0")[:3])
        return (at_ms, 0) if EARLIEST_MS <= at_ms < LATEST_MS else None

    def _day(self, parts: DateParts) -> int | None:
        if parts not in self._days:
            if len(self._days) > _CACHE:
                self._days.clear()
            self._days[parts] = self._midnight(parts)
        return self._days[parts]

    def _midnight(self, parts: DateParts) -> int | None:
        year, month, day = parts.year, parts.first, parts.second
        if not parts.is_known and self._order == "year-first":
            year, month, day = parts.first, parts.second, parts.year
        elif not parts.is_known and self._order != "month-first":
            month, day = day, month
        if year < 100:  # noqa: PLR2004  # two digits
            self.has_short_years = True
            year += _CENTURY
        try:
            start = (date(year, month, day).toordinal() - _EPOCH_ORDINAL) * DAY_MS
        except ValueError:
            return None
        return start if EARLIEST_MS <= start < LATEST_MS else None


def epoch_unit(text: str) -> str:
    """Say whether a cell of `kind_of` "epoch" counts `s` or `ms`."""
    return "s" if len(re.split(r"[.,]", text.strip())[0]) <= _EPOCH_SECONDS_DIGITS else "ms"


def _parts(found: re.Match[str]) -> DateParts | None:
    if found["y"]:
        return DateParts(int(found["y"]), int(found["m"]), int(found["d"]), is_known=True, sign="-")
    if found["a"]:
        return DateParts(int(found["y2"]), int(found["a"]), int(found["b"]), is_known=False, sign=found["sign"])
    name, day, year = (
        (found["m3"], found["d3"], found["y3"]) if found["m3"] else (found["m4"], found["d4"], found["y4"])
    )
    month = _MONTHS.get(name)
    return None if month is None else DateParts(int(year), month, int(day), is_known=True, sign=" ")


def _clock_ms(found: re.Match[str]) -> int | None:
    hour = int(found["H"])
    if found["half"]:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if found["half"] == "p" else 0)
    if hour >= _HOURS:
        return None
    fraction = int((found["f"] or "0").ljust(3, "0")[:3])
    return hour * HOUR_MS + int(found["M"]) * MINUTE_MS + int(found["S"] or 0) * SECOND_MS + fraction
