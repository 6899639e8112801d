"""The words of table headers in seven languages (en, de, fr, es, it, pt, nl), and the units written in them."""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Final

from doseway.intake.zones import parse_offset
from doseway.model.readings import Quantity
from doseway.model.units import Milli, milli, milli_from_fahrenheit, milli_from_kelvin

_QUANTITIES: Final = (
    # "pressure" before "temperature" would not matter; "humidity" first, because "Temp/RH" headers name one column each
    (Quantity.HUMIDITY, r"humid|feucht|humed|umidit|umidad|vochtig|hygro|\b%?\s?r\.?[hf]\b|\bhr\b|\bur\b"),
    (Quantity.TEMPERATURE, r"temp|\bt\b|sonde|fuhler|sensor|probe|sonda"),
    (Quantity.PRESSURE, r"pressure|druck|pression|presion|pressao|\bdruk"),
    (Quantity.LIGHT, r"light|licht|lumiere|\bluz\b|\bluce\b|lumin|helligkeit|\blux\b"),
    (Quantity.SHOCK, r"shock|schock|stoss|\bchoc\b|choque|\burto\b|schok|impact"),
    (Quantity.BATTERY, r"batter|bateria|\bakku\b|\baccu\b"),
)
_NO_READING: Final = (
    r"limit|alarm|threshold|set ?point|sollwert|grenz|schwelle|seuil|umbral|soglia|\bmin\b|\bmax\b|minim|maxim|\bavg\b|"
    r"average|\bmean\b|mittelwert|moyenne|promedio|\bmedia\b|gemiddeld|dew|taupunkt|rosee|rocio|rugiada|orvalho|dauwpunt|"
    r"\bm?v\b|\bvolts?\b|\bmkt\b|\bid\b|serial|serie|\bname\b|status"
)
_TIME: Final = r"time|date|datum|fecha|\bdata\b|zeit|heure|\bhora|\bora\b|orario|tijd|horodat|stamp|recorded|epoch|unix"
_SENSOR: Final = (
    r"sensor|probe|channel|kanal|canal|sonde|sonda|fuhler|device|gerat|logger|appareil|dispositi|apparaat|serial"
)
_UNITS: Final = (
    ("C", r"°\s*c\b|º\s*c\b|℃|\bdeg\.?\s*c\b|\bcelsius\b|[(\[]\s*c\s*[)\]]|[_ ]c$|^c$"),
    ("F", r"°\s*f\b|º\s*f\b|℉|\bdeg\.?\s*f\b|\bfahrenheit\b|[(\[]\s*f\s*[)\]]|[_ ]f$|^f$"),
    ("K", r"\bkelvin\b|[(\[]\s*k\s*[)\]]|[_ ]k$|^k$"),
    ("%", r"%"),
    ("hPa", r"\bhpa\b|\bmbar\b"),
    ("kPa", r"\bkpa\b"),
    ("Pa", r"\bpa\b"),
    ("lx", r"\blx\b|\blux\b"),
    ("g", r"[(\[]\s*g\s*[)\]]|[_ ]g$|^g$"),
)
_TEMPERATURE_UNITS: Final = frozenset("CFK")
_OF_QUANTITY: Final = {
    Quantity.TEMPERATURE: _TEMPERATURE_UNITS,
    Quantity.HUMIDITY: frozenset({"%"}),
    Quantity.PRESSURE: frozenset({"hPa", "kPa", "Pa"}),
    Quantity.LIGHT: frozenset({"lx"}),
    Quantity.SHOCK: frozenset({"g"}),
    Quantity.BATTERY: frozenset({"%"}),
}
_CONVERT: Final[dict[str, Callable[[Decimal], Milli]]] = {
    "C": milli,
    "F": milli_from_fahrenheit,
    "K": milli_from_kelvin,
    "%": milli,
    "hPa": milli,
    "kPa": lambda value: milli(value * 10),
    "Pa": lambda value: milli(value / 100),
    "lx": milli,
    "g": milli,
}
_HEADER_ZONE: Final = re.compile(r"\b(?:utc|gmt)\s*([+-]\s?\d{1,2}(?::?[0-5]\d)?)?(?!\w)")


def plain(text: str) -> str:
    """Return lower-case text without accents, with `_` as a space: what words are looked up in."""
    parts = unicodedata.normalize("NFKD", text.replace("º", "°").replace("℃", "°C").replace("℉", "°F"))
    return "".join(part for part in parts if not unicodedata.combining(part)).casefold().replace("_", " ").strip()


@lru_cache(maxsize=512)
def unit_of(text: str) -> str:
    """Return the unit written in a header or beside a value: C, F, K, %, hPa, kPa, Pa, lx, g; empty for none."""
    words = plain(text)
    return next((unit for unit, pattern in _UNITS if re.search(pattern, words)), "")


@lru_cache(maxsize=512)
def quantity_of(header: str) -> Quantity | None:
    """Return what a column measures by its header; None where it is no reading, such as a limit or an average."""
    words = plain(header)
    if not words or re.search(_NO_READING, words):
        return None
    unit = unit_of(header)
    for quantity, pattern in _QUANTITIES:
        if re.search(pattern, words) and (not unit or unit in _OF_QUANTITY[quantity]):
            return quantity
    if unit in _TEMPERATURE_UNITS:
        return Quantity.TEMPERATURE
    return Quantity.HUMIDITY if words in {"%", "%rh", "%rf"} else None


def is_time(header: str) -> bool:
    """Say whether a header speaks of date or time."""
    return bool(re.search(_TIME, plain(header)))


def is_sensor(header: str) -> bool:
    """Say whether a header names the sensor or device of a row."""
    return bool(re.search(_SENSOR, plain(header)))


def zone_in(header: str) -> str:
    """Return the offset that a header states, such as `+01:00` for `Zeit (UTC+1)`; empty for none."""
    found = _HEADER_ZONE.search(plain(header))
    if not found:
        return ""
    offset = (found[1] or "UTC").replace(" ", "")
    return offset if parse_offset(offset) is not None else ""


def fits(unit: str, quantity: Quantity) -> bool:
    """Say whether a quantity can be given in a unit."""
    return unit in _OF_QUANTITY[quantity]


def canonical(unit: str) -> Callable[[Decimal], Milli]:
    """Return the conversion of a unit of `unit_of` into thousandths of the canonical unit."""
    return _CONVERT[unit]


def default_unit(quantity: Quantity) -> str:
    """Return the unit of a quantity that has one only; empty for temperature and pressure, where guessing is wrong."""
    units = _OF_QUANTITY[quantity]
    return next(iter(units)) if len(units) == 1 else ""
