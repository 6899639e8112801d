"""Numbers as loggers and spreadsheets write them: decimal commas, units beside the value, signs for "no reading"."""

import re
from decimal import Decimal
from typing import Final

from doseway.intake.tables import words
from doseway.model.errors import UnitError
from doseway.model.readings import Quantity
from doseway.model.units import INVALID

NUMBER: Final = re.compile(
    r"([+-]?)(\d{0,9})(?:([.,])(\d{1,20}))?(?:[eE]([+-]?\d{1,2}))?[ \u00a0]*(\D{0,16})", re.ASCII
)
_MISSING: Final = frozenset(
    {"", "-", "--", "---", "----", "--.-", "--.--", "-.-", "...", "*", "**", "***", "?"}
    | {"n/a", "na", "n.a.", "n.v.", "nan", "null", "none", "nil", "#n/a", "#na", "#nv", "#n/d", "#value!", "#wert!"}
    | {"err", "err.", "error", "fehler", "erreur", "fault", "defect", "open", "offline", "ol", "lo", "hi", "missing"}
    | {"invalid", "disconnected", "no probe", "no data", "not connected", "no reading", "keine daten"}
)
SENTINELS: Final = {
    Decimal("327.67"): "327.67 (no probe connected)",
    Decimal(-127): "-127 (fault of a one-wire sensor)",
}
"""Raw numbers that sensors give for "no reading", whatever the unit."""
POWER_ON: Final = 85_000
"""85 °C: what a one-wire sensor gives when it is read before its first measurement; may be real."""
_CACHE: Final = 20_000
_GROUP: Final = 3
_GROUPED: Final = frozenset({Quantity.PRESSURE, Quantity.LIGHT})


def is_missing(text: str) -> bool:
    """Say whether a cell stands for "no reading"."""
    return text.strip().lower() in _MISSING


def is_number(text: str) -> bool:
    """Say whether a cell is a number, perhaps with a unit."""
    return _split(text) is not None


def unit_in(text: str) -> str:
    """Return the unit beside a number, empty for none."""
    found = _split(text)
    return words.unit_of(found[6]) if found and found[6] else ""


class NotANumber(ValueError):
    """A cell that is neither a number nor a sign for "no reading"; says why."""


class ValueReader:
    """Reads the cells of a table; one decimal sign holds for all of it.

    Args:
        decimal: the declared sign, None where the first fraction decides.
    """

    def __init__(self, decimal: str | None) -> None:
        self.decimal = decimal
        self._is_declared = decimal is not None
        self._known: dict[tuple[str, str, Quantity], int] = {}
        self.missing = 0
        self.power_on = 0
        self.sentinels: dict[str, int] = {}

    def read(self, text: str, unit: str, quantity: Quantity) -> int:
        """Return a cell in thousandths of the canonical unit, `INVALID` where it gives no reading.

        Raises:
            NotANumber: the cell is neither.
            UnitError: no unit is known, or the cell's own contradicts its column's.
        """
        key = (text, unit, quantity)
        value = self._known.get(key)
        if value is None:
            value = self._read(text, unit, quantity)
            if len(self._known) > _CACHE:
                self._known.clear()
            if value != INVALID:
                self._known[key] = value
        if value == POWER_ON and quantity is Quantity.TEMPERATURE:
            self.power_on += 1
        return value

    def _read(self, text: str, unit: str, quantity: Quantity) -> int:
        if is_missing(text):
            self.missing += 1
            return INVALID
        found = _split(text)
        if found is None:
            raise NotANumber(f"{text[:40]!r} is not a number")
        if found[3]:
            self._check_decimal(text, found, quantity)
        number = Decimal(f"{found[1]}{found[2] or 0}.{found[4] or 0}e{found[5] or 0}")
        if number in SENTINELS:
            name = SENTINELS[number]
            self.sentinels[name] = self.sentinels.get(name, 0) + 1
            return INVALID
        beside = words.unit_of(found[6]) if found[6] else ""
        if found[6] and (not beside or not words.fits(beside, quantity)):
            raise NotANumber(f"{text[:40]!r} is not a number of {quantity.value}")
        if beside and unit and beside != unit:
            raise UnitError(f"the cell says {found[6].strip()!r}, its column says {unit}")
        if not beside and not unit:
            raise UnitError(f"{text[:40]!r} has no unit", hint="Declare `unit` in the table mapping, such as °C.")
        return words.canonical(beside or unit)(number)

    def _check_decimal(self, text: str, found: re.Match[str], quantity: Quantity) -> None:
        sign, fraction = found[3], found[4]
        is_group = sign == "," and len(fraction) == _GROUP and quantity in _GROUPED
        if is_group and not self._is_declared:
            raise NotANumber(f"{text[:40]!r} may be a fraction or thousands; declare `decimal` in the table mapping")
        if self.decimal is None:
            self.decimal = sign
        elif sign != self.decimal:
            raise NotANumber(f"{text[:40]!r} has another decimal sign than {self.decimal!r}, which the table uses")


def _split(text: str) -> re.Match[str] | None:
    if len(text) > 60:  # noqa: PLR2004  # no number is as long
        return None
    found = NUMBER.fullmatch(text.strip().replace("−", "-"))
    return found if found and (found[2] or found[4]) else None
