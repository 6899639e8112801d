"""What a user may declare about the JSON of live devices: path, quantity and unit of every value, and the time.

[message]                            # an example for `json`: every member below, all but `values` optional elsewhere
records = "data.samples"             # the path of a list of records; without it the message is the one record
device = "$.logger.serial"           # from `$.`: looked up from the message, otherwise from the record
model = "$.logger.type"
latitude = "position.lat"            # degrees
longitude = "position.lon"
accuracy = "position.error"          # metres
speed = "position.speed"
speed_unit = "km/h"                  # m/s, km/h, kn, mph; needed with `speed`
[message.time]
path = "ts"
format = "iso"                       # iso, unix-s, unix-ms, or a pattern such as "%d.%m.%Y %H:%M:%S"
zone = "Europe/Zurich"               # for times that state none
[[message.values]]
path = "t[0].value"                  # members by `.`, places in a list by `[n]`, from 0
quantity = "temperature"
unit = "°C"                          # °C, °F, K, %, 0-1, hPa, kPa, Pa, bar, psi, atm, lx, g, m/s2, dBm, °
sensor = "probe"                     # otherwise the path

ChirpStack, The Things Stack, Traccar and OsmAnd read what a codec or a tracker calls `temperature`, `humidity` and so
on by itself, as °C and %; `values` declares the others, and other units. There a path is the name as the codec gives
it, and `time` is the device's own time where the codec gives one.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from doseway.intake.wire.channels import Channel, Convert, converter
from doseway.intake.zones import check
from doseway.model.errors import UnitError, UsageError
from doseway.model.readings import Quantity

_STEP: Final = re.compile(r"(?:^|(?<=.)\.)([^.\[\]]+)|\[(\d{1,4})\]")
_SPEEDS: Final = {"m/s": 1.0, "km/h": 1 / 3.6, "kn": 1852 / 3600, "mph": 0.44704}
Path = tuple[str | int, ...]


class TimeField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the device's own time is and how it is written; `zone` is for times that state none."""

    path: str
    format: str = "iso"
    zone: str = ""


class ValueField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value: where it is, what it measures, in which unit, and the sensor's name (else the path)."""

    path: str
    quantity: Quantity = Quantity.TEMPERATURE
    unit: str = ""
    sensor: str = ""


class MessageMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The declared layout of messages; paths are explained in the module."""

    records: str = ""
    device: str = ""
    model: str = ""
    time: TimeField | None = None
    latitude: str = ""
    longitude: str = ""
    accuracy: str = ""
    speed: str = ""
    speed_unit: Literal["m/s", "km/h", "kn", "mph", ""] = ""
    values: tuple[ValueField, ...] = ()

    def metres_a_second(self, default: str) -> float:
        """Return the factor of the declared unit of speed, or of a format's own."""
        return _SPEEDS[self.speed_unit or default]


class Declared(msgspec.Struct, frozen=True):
    """A declared value, ready to be used: its path, channel and conversion."""

    path: Path
    channel: Channel
    convert: Convert


def from_plain(plain: Mapping[str, Any] | None) -> MessageMapping:
    """Read a mapping from a dict; a `message` member is taken as the mapping.

    Raises:
        UsageError: it has an unknown key, a wrong value, an unknown unit or zone; names it.
    """
    if plain is None:
        return _NONE
    inner = plain.get("message", plain)
    try:
        mapping = msgspec.convert(dict(inner), MessageMapping)
        declared(mapping)
        for text in (mapping.records, mapping.device, mapping.latitude, mapping.longitude, mapping.accuracy):
            path_of(text)
    except (msgspec.ValidationError, TypeError, ValueError, UnitError) as error:
        known = ", ".join(MessageMapping.__struct_fields__)
        raise UsageError(f"the message mapping is wrong: {error}", hint=f"Its keys are: {known}.") from error
    if mapping.speed and not mapping.speed_unit:
        raise UsageError("the message mapping is wrong: `speed` has no unit", hint="Give `speed_unit`, such as km/h.")
    check(mapping.time.zone if mapping.time else None)
    return mapping


@lru_cache(maxsize=64)
def declared(mapping: MessageMapping) -> tuple[Declared, ...]:
    """Return the declared values, ready to be used.

    Raises:
        UnitError: a value has no unit, or one that its quantity cannot have.
    """
    return tuple(
        Declared(path_of(one.path), Channel(one.sensor or one.path, one.quantity), converter(one.unit, one.quantity))
        for one in mapping.values
    )


@lru_cache(maxsize=512)
def path_of(text: str) -> Path:
    """Return the steps of a path such as `a.b[0].c`.

    Raises:
        ValueError: it is no path.
    """
    steps: list[str | int] = []
    end = 0
    for found in _STEP.finditer(text):
        if found.start() != end:
            break
        steps.append(found[1] if found[1] is not None else int(found[2]))
        end = found.end()
    if end != len(text):
        raise ValueError(f"{text[:60]!r} is no path such as a.b[0].c")
    return tuple(steps)


def look_up(value: Any, path: Path) -> Any:
    """Follow a path; None where it leads nowhere."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
        if value is None:
            return None
    return value


_NONE: Final = MessageMapping()
