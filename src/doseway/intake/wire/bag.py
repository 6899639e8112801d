"""Bags of named values, as LoRaWAN codecs and trackers give them: `{"temperature": 4.2, "air": {"humidity": 51}}`.

Nested objects are read as dotted names. A list `history` (or one of that name within) holds earlier bags, each with its
own `timestamp`: what the device kept while it had no network. A value whose unit nobody declared is °C, % and so on by
its name; a temperature above 60 may then be °F, and a note says so.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from doseway.intake.wire.bodies import number_of
from doseway.intake.wire.channels import DOUBTFUL_MILLI, Channel, channel
from doseway.intake.wire.gather import Gathering, Source
from doseway.intake.wire.mapping import Declared, MessageMapping, declared, look_up, path_of
from doseway.intake.wire.names import door_of, kind_of, quantity_of
from doseway.intake.wire.times import field_time
from doseway.model.errors import FormatError
from doseway.model.readings import Quantity

_MAX_NAMES: Final = 400
_MAX_DEPTH: Final = 5
_HISTORY: Final = frozenset({"history"})
_STAMPS: Final = ("timestamp", "time")
_LONGEST: Final = 64


class Bags:
    """Reads the bags of one body.

    Args:
        ignored: names that a format gives another meaning than the list of `doseway.intake.wire.names`.
    """

    def __init__(self, mapping: MessageMapping, gathering: Gathering, ignored: frozenset[str] = frozenset()) -> None:
        self._mapping = mapping
        paths = (one.path for one in mapping.values)
        self._declared = dict(zip(paths, declared(mapping), strict=True))
        self._gathering = gathering
        self._ignored = ignored
        self._channels: dict[str, tuple[Channel, Declared | None] | None] = {}

    def time(self, bag: Mapping[str, Any]) -> int | None:
        """Return the device's own time where the mapping says which value it is, and the bag has it."""
        field = self._mapping.time
        value = look_up(bag, path_of(field.path)) if field else None
        return None if field is None or value is None else field_time(value, field, self._gathering.instants)

    def take(self, source: Source, at_ms: int, bag: Mapping[str, Any]) -> None:
        """Take every value of a bag that is a reading; what is not known is named in a note."""
        unknown: list[str] = []
        for name, value in _flat(bag, "", 0):
            if name.rpartition(".")[2] in _HISTORY and isinstance(value, list):
                self._take_history(source, value)
            elif not self._take(source, at_ms, name, value) and isinstance(value, int | float):
                unknown.append(name[:_LONGEST])
        if unknown:
            names = ", ".join(sorted(unknown)[:20])
            source.tell("not-judged", f"Values of no declared meaning were left out: {names}. A mapping declares them.")
        self._locate(source, at_ms, bag)

    def _take(self, source: Source, at_ms: int, name: str, value: Any) -> bool:
        """Take one value; False where nobody knows what it is."""
        if name not in self._channels:
            if len(self._channels) >= _MAX_NAMES:
                raise FormatError(f"more than {_MAX_NAMES} different names of values in one body")
            self._channels[name] = self._channel(name)
        found = self._channels[name]
        if found is None:
            return name in _PLACES
        one, by_mapping = found
        if value is None:
            source.nothing(one, at_ms, "the value is null")
            return True
        number = door_of(value) if one.quantity is Quantity.DOOR else number_of(value)
        if number is None:
            source.nothing(one, at_ms, f"{value!r:.40} is no number")
        elif by_mapping is not None:
            source.take(one, at_ms, by_mapping.convert(number))
        elif one.quantity is Quantity.RADIO and number >= 0:
            source.tell("not-judged", f"{name} is not negative, so it is not dBm: left out.")
        else:
            if one.quantity is Quantity.TEMPERATURE and number * 1000 > DOUBTFUL_MILLI:
                text = f"{name} is above 60 and says no unit: taken as °C. If the device sends °F, declare it."
                source.tell("unit-doubtful", text)
            source.take(one, at_ms, number)
        return True

    def _channel(self, name: str) -> tuple[Channel, Declared | None] | None:
        by_mapping = self._declared.get(name)
        if by_mapping is not None:
            return by_mapping.channel, by_mapping
        if name in self._ignored or len(name) > _LONGEST:
            return None
        quantity = quantity_of(name)
        return None if quantity is None else (channel(name, quantity), None)

    def _take_history(self, source: Source, history: list[Any]) -> None:
        for bag in history:
            stamp = next((bag[name] for name in _STAMPS if name in bag), None) if isinstance(bag, dict) else None
            if stamp is None:
                source.tell("not-judged", "An earlier record without a time was left out.")
                continue
            instants = self._gathering.instants
            at_ms = instants.iso(stamp) if isinstance(stamp, str) else instants.seconds_or_ms(_count(stamp))
            rest = {name: value for name, value in bag.items() if name not in _HISTORY and name not in _STAMPS}
            self.take(source, at_ms, rest)

    def _locate(self, source: Source, at_ms: int, bag: Mapping[str, Any]) -> None:
        latitude, longitude = (number_of(bag.get(name)) for name in ("latitude", "longitude"))
        if latitude is not None and longitude is not None:
            accuracy = number_of(bag.get("accuracy"))
            source.locate(at_ms, latitude, longitude, accuracy_m=accuracy, method="gnss")


_PLACES: Final = frozenset({"latitude", "longitude", "accuracy", "timestamp", "time"})


def take_alarms(source: Source, at_ms: int, alarms: Any) -> None:
    """Take a tracker's comma list of alarms as signals."""
    if isinstance(alarms, str):
        for name in alarms.split(",")[:20]:
            if name.strip():
                source.signal(at_ms, kind_of(name))


def _count(value: Any) -> int:
    number = number_of(value)
    if number is None:
        raise FormatError(f"{value!r:.40} is no time")
    return int(number)


def _flat(bag: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Give names and values; nested objects by dotted names."""
    for name, value in bag.items():
        if isinstance(value, dict) and depth < _MAX_DEPTH:
            yield from _flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield prefix + name, value
