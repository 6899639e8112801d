"""The pages' words: values with their units, times with their zones, and a person's name for each thing."""

import gettext
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from doseway.model.clock import from_unix_ms, iso_utc
from doseway.model.units import Celsius, decimal_text, to_fahrenheit
from doseway.ui import phrases
from doseway.ui.languages import mark
from doseway.ui.parameters import CHOICES, PARAMETERS
from doseway.ui.preferences import Preferences

UNITS: Final = {
    "humidity": "% RH",
    "pressure": "hPa",
    "light": "lx",
    "shock": "g",
    "battery": "%",
    "tilt": "°",
    "radio": "dBm",
}
DASH: Final = "–"
_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 24 * _HOUR_MS


class Word(NamedTuple):
    """A thing's name for a person, and the class that gives it shape and colour."""

    text: str
    look: str


SEVERITIES: Final[Mapping[str, Word]] = {
    "critical": Word(mark("Critical"), "critical"),
    "high": Word(mark("High"), "high"),
    "warning": Word(mark("Warning"), "warning"),
    "info": Word(mark("Info"), "info"),
}
PHASES: Final[Mapping[str, Word]] = {
    "planned": Word(mark("Planned"), "quiet"),
    "at-origin": Word(mark("At origin"), "quiet"),
    "in-transit": Word(mark("In transit"), "moving"),
    "arrived": Word(mark("Arrived"), "moving"),
    "delivered": Word(mark("Delivered"), "good"),
    "closed": Word(mark("Closed"), "quiet"),
}
VERDICTS: Final[Mapping[str, Word]] = {
    "within-label": Word(mark("Within label"), "good"),
    "within-budget": Word(mark("Within budget"), "good"),
    "undecided": Word(mark("Undecided"), "warning"),
    "qa-review": Word(mark("QA review"), "high"),
    "reject": Word(mark("Reject"), "critical"),
}
DISPOSITIONS: Final[Mapping[str, Word]] = {
    "release": Word(mark("Released"), "good"),
    "quarantine": Word(mark("Quarantined"), "warning"),
    "reject": Word(mark("Rejected"), "critical"),
    "partial": Word(mark("Partly released"), "warning"),
}
ALERT_STATES: Final[Mapping[str, Word]] = {
    "open": Word(mark("Open"), "high"),
    "closed": Word(mark("Over"), "quiet"),
    "retracted": Word(mark("Retracted"), "quiet"),
}
SIGNATURES: Final[Mapping[str, Word]] = {
    "genuine": Word(mark("Genuine"), "good"),
    "altered": Word(mark("Altered"), "critical"),
    "unsigned": Word(mark("Unsigned"), "warning"),
    "unknown-issuer": Word(mark("Unknown issuer"), "warning"),
}
COMPARED: Final[Mapping[str, Word]] = {
    "same": Word(mark("As it did"), "good"),
    "changed": Word(mark("At another time"), "warning"),
    "new": Word(mark("New"), "high"),
    "gone": Word(mark("Would not have"), "quiet"),
}
MODES: Final[Mapping[str, str]] = {
    "road": mark("by road"),
    "air": mark("by air"),
    "sea": mark("by sea"),
    "rail": mark("by rail"),
}
QUANTITIES: Final[Mapping[str, str]] = {
    "temperature": mark("Temperature"),
    "humidity": mark("Humidity"),
    "pressure": mark("Pressure"),
    "light": mark("Light"),
    "shock": mark("Shock"),
    "battery": mark("Battery"),
    "tilt": mark("Tilt"),
    "door": mark("Door"),
    "radio": mark("Radio"),
}

_NUMBER: Final = r"[−-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_FIGURES: Final = re.compile(
    rf"{_NUMBER}(?: (?:°C|min|d|h|s|%|g|lx|m|km|km/h|kJ/mol))?(?: \({_NUMBER}\))?(?: \d+ (?:h|min|s))*"
)
_COUNTED: Final = re.compile(rf"({_NUMBER}) (\D.*)")
_LIMITED: Final = re.compile(rf"(\D+?) ({_NUMBER} °C)")
_DEGREES: Final = re.compile(r"([−-]?[\d.]+) °C(?: \(([−-]?[\d.]+)\))?")
_POINTS: Final = str.maketrans({",": ".", ".": ","})
_SENTENCES: Final = re.compile(r"(?<=[.?]) ")
_DEEPEST: Final = 6
"""So many times is a text told whose values are told."""
_JOINTS: Final = ("; ", ": ", ", ")
"""Where what is said in one breath was put together."""


def _fahrenheit(text: str) -> float:
    return to_fahrenheit(Celsius(float(text.replace("−", "-"))))


class Words:
    """Writes things as one reader likes them.

    Args:
        preferences: the reader's.
        catalogue: of the reader's language.
    """

    severities, phases, verdicts, dispositions = SEVERITIES, PHASES, VERDICTS, DISPOSITIONS
    states, signatures, modes, quantities = ALERT_STATES, SIGNATURES, MODES, QUANTITIES
    compared = COMPARED

    def __init__(self, preferences: Preferences, catalogue: gettext.NullTranslations) -> None:
        self.preferences = preferences
        self.say: Callable[[str], str] = catalogue.gettext

    def tell(self, said: object) -> str:
        """Tell what a room said in English; what no template of the rooms says stays as it is."""
        return self._told(str(said), _DEEPEST)

    def _told(self, text: str, deep: int) -> str:
        if not deep or len(text) > phrases.LONGEST:
            return text
        if _FIGURES.fullmatch(text):
            return self._figures(text)
        sentences = _SENTENCES.split(text)
        found = phrases.find(text)
        if found is None and len(sentences) > 1:
            return " ".join(self._sentence(one, deep - 1) for one in sentences)
        if found is None:
            return self._parts(text, deep - 1)
        phrase, values = found
        return self.say(phrase.text) % {name: self._told(value, deep - 1) for name, value in values.items()}

    def _sentence(self, text: str, deep: int) -> str:
        """Tell one of several sentences: as it is, without the stop or with the blank that it was put together with."""
        if phrases.find(f" {text}"):
            return self._told(f" {text}", deep).strip()
        if text.endswith(".") and not phrases.find(text):
            return self._told(text[:-1], deep) + "."
        return self._told(text, deep)

    def _parts(self, text: str, deep: int) -> str:
        """Tell a text in parts: a count or a limit; else what it is about and an ending; else its clauses."""
        if counted := _COUNTED.fullmatch(text):
            return f"{self._figures(counted[1])} {self._told(counted[2], deep)}"
        if limited := _LIMITED.fullmatch(text):
            return f"{self._told(limited[1], deep)} {self._figures(limited[2])}"
        for about, ending in phrases.endings(text):
            return self._told(about, deep) + self._told(ending, deep)
        sign = next((one for one in _JOINTS if one in text), "")
        return sign.join(self._told(part, deep) for part in text.split(sign)) if sign else text

    def _figures(self, text: str) -> str:
        """Write figures as the reader likes them."""
        if self.preferences.unit == "F":
            text = _DEGREES.sub(self._degrees, text)
        return text.translate(_POINTS) if self.preferences.language == "es" else text

    def _degrees(self, found: re.Match[str]) -> str:
        shown, exact = found[1], found[2]
        digits = len(shown.partition(".")[2])
        text = f"{_fahrenheit(shown):.{digits}f} °F"
        return (text + (f" ({_fahrenheit(exact):.3f})" if exact else "")).replace("-", "−")

    def number(self, text: str) -> str:
        """Write a decimal number with the language's own point and a true minus."""
        text = text.replace("-", "−")
        return text.replace(".", ",") if self.preferences.language == "es" else text

    def temperature(self, value_milli: int | None, digits: int = 1) -> str:
        """Write milli-°C in the reader's unit."""
        if value_milli is None:
            return DASH
        degrees = value_milli / 1000
        shown = to_fahrenheit(Celsius(degrees)) if self.preferences.unit == "F" else degrees
        return f"{self.number(f'{shown:.{digits}f}')} °{self.preferences.unit}"

    def value(self, value_milli: int | None, quantity: str) -> str:
        """Write thousandths of a quantity's unit."""
        if value_milli is None:
            return DASH
        if quantity == "temperature":
            return self.temperature(value_milli)
        if quantity == "door":
            return self.say(mark("open")) if value_milli else self.say(mark("closed"))
        return f"{self.number(decimal_text(value_milli // 100 * 100))} {UNITS.get(quantity, '')}".rstrip()

    def when(self, at_ms: int | None, zone: str = "UTC") -> Markup:
        """Write an instant in the zone of its site or in UTC, to the minute, with UTC at hand."""
        if at_ms is None:
            return escape(DASH)
        shown = self.moment(at_ms, zone)
        exact = iso_utc(at_ms)
        return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(exact, exact[:19].replace("T", " "), shown)

    def moment(self, at_ms: int, zone: str = "UTC") -> str:
        """Write an instant as `2026-03-11 14:05 CET`."""
        local = from_unix_ms(at_ms).astimezone(ZoneInfo(zone if self.preferences.time == "site" else "UTC"))
        return local.strftime("%Y-%m-%d %H:%M %Z")

    def span(self, span_ms: int | None) -> str:
        """Write a duration to the minute: `3 h 40 min`, `2 d 4 h`."""
        if span_ms is None:
            return DASH
        days, rest = divmod(max(span_ms, 0), _DAY_MS)
        hours, rest = divmod(rest, _HOUR_MS)
        minutes = rest // _MINUTE_MS
        parts = [(days, "d"), (hours, "h"), (0 if days else minutes, "min")]
        return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"

    def place(self, latitude_udeg: int | None, longitude_udeg: int | None) -> str:
        """Write a position to a thousandth of a degree."""
        if latitude_udeg is None or longitude_udeg is None:
            return DASH
        north, east = latitude_udeg / 1e6, longitude_udeg / 1e6
        return self.number(f"{north:.3f}") + "°, " + self.number(f"{east:.3f}") + "°"

    def rule(self, rule: str) -> str:
        """Write a rule's name for a person."""
        words = rule.replace("_", " ").replace("-", " ")
        return self.say(RULES.get(rule.replace("-", "_"), words[:1].upper() + words[1:]))

    def parameter(self, name: str) -> str:
        """Write the name of a rule's parameter, given without its unit."""
        name = name.replace("_", " ")
        return self.say(PARAMETERS.get(name, name))

    def choice(self, word: str) -> str:
        """Write one of the words that a parameter may be, or several with commas between them."""
        return ", ".join(self.say(CHOICES.get(one, one)) for one in word.split(", "))

    def who(self, by: str) -> str:
        """Write who did something without the kind of their account."""
        return by.removeprefix("account:")


RULES: Final[Mapping[str, str]] = {
    "excursion": mark("Excursion"),
    "cumulative": mark("Cumulative excursion"),
    "shared_budget": mark("Time out of range"),
    "tier": mark("Excursion by degree"),
    "consumption": mark("Shelf life used"),
    "mkt": mark("Mean kinetic temperature"),
    "freeze": mark("Freezing"),
    "heat_spike": mark("Heat spike"),
    "gap": mark("Gap in the readings"),
    "sensor_disconnected": mark("Sensor disconnected"),
    "stuck_sensor": mark("Stuck sensor"),
    "start_delay": mark("Conditioning"),
    "theft": mark("Likely theft"),
    "no_signal": mark("No signal"),
    "late_eta": mark("Late arrival expected"),
    "light": mark("Light"),
    "battery": mark("Battery low"),
    "spoofed_position": mark("Position that cannot be"),
    "cloned_device": mark("Cloned device"),
    "route_deviation": mark("Off the route"),
    "prolonged_stop": mark("Long stop"),
    "first_miles_stop": mark("Stop within the first miles"),
    "risk_zone": mark("Zone of risk"),
    "separation": mark("Devices apart"),
    "jamming": mark("Radio jamming"),
    "tampering": mark("Tampering"),
    "door_open": mark("Door open"),
    "humidity": mark("Humidity"),
    "shock": mark("Shock"),
    "tilt": mark("Tilt"),
    "geofence": mark("Fence crossed"),
    "rule_failed": mark("A rule failed"),
}
