"""Any JSON of temperature recorders (the data that EN 12830 asks of one: who, when, how much), by a declared mapping.

    message = any JSON object; the mapping says where in it are the records, the device, the time, the values

Nothing is guessed: a body without a mapping is refused, a value without a unit is refused when the mapping is
declared, a time without a zone is read in the mapping's `zone`, else in the declared one, else as UTC with a note. A
value that is null or no number is kept as "no reading"; one that is absent is none.
"""

from typing import Any, Final

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.bodies import number_of, plain
from doseway.intake.wire.gather import Gathering, Source
from doseway.intake.wire.mapping import Declared, MessageMapping, declared, from_plain, look_up, path_of
from doseway.intake.wire.times import field_time
from doseway.model.errors import FormatError, UsageError
from doseway.model.readings import Quantity, Recording

_FROM_MESSAGE: Final = "$."


class JsonFormat:
    """Generic JSON with a declared mapping."""

    id = "json"
    version = 1
    title = "JSON of recorders (EN 12830), by a declared mapping"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`.

        Raises:
            UsageError: there is no mapping, or it lacks device, time and values.
        """
        mapping = from_plain(options.mapping)
        if not mapping.device or mapping.time is None or not (mapping.values or mapping.latitude):
            raise UsageError(
                "the format `json` needs a mapping with `device`, `time` and `values`",
                hint="docs/reference/formats.md shows one.",
            )
        values = declared(mapping)
        gathering = Gathering(self.id, self.version, options)
        return gathering.each(plain(body, options), lambda message, to: _take(message, to, mapping, values))


def _take(message: dict[str, Any], gathering: Gathering, mapping: MessageMapping, values: tuple[Declared, ...]) -> None:
    for number, record in enumerate(_records(message, mapping), start=1):
        try:
            _take_record(message, record, gathering, mapping, values)
        except FormatError as error:
            if not mapping.records:
                raise
            raise FormatError(f"record {number}: {error.what}", hint=error.hint) from error


def _records(message: dict[str, Any], mapping: MessageMapping) -> list[Any]:
    if not mapping.records:
        return [message]
    found = look_up(message, path_of(mapping.records))
    if not isinstance(found, list):
        raise FormatError(f"{mapping.records} is no list of records", hint="Correct `records` in the mapping.")
    return found


def _take_record(
    message: dict[str, Any], record: Any, gathering: Gathering, mapping: MessageMapping, values: tuple[Declared, ...]
) -> None:
    serial = _find(message, record, mapping.device)
    if not isinstance(serial, str | int) or isinstance(serial, bool):
        raise FormatError(f"no device at {mapping.device}", hint="Correct `device` in the mapping.")
    model = _find(message, record, mapping.model) if mapping.model else ""
    source = gathering.source(str(serial), model if isinstance(model, str) else "")
    assert mapping.time is not None
    stamp = _find(message, record, mapping.time.path)
    if stamp is None:
        raise FormatError(f"no time at {mapping.time.path}", hint="Correct `time` in the mapping.")
    at_ms = field_time(stamp, mapping.time, gathering.instants)
    for one in values:
        value = look_up(record, one.path)
        if value is not None or _has(record, one.path):
            _take_value(source, at_ms, one, value)
    _locate(message, record, mapping, source, at_ms)


def _take_value(source: Source, at_ms: int, one: Declared, value: Any) -> None:
    number = float(value) if isinstance(value, bool) and one.channel.quantity is Quantity.DOOR else number_of(value)
    if number is not None:
        source.take(one.channel, at_ms, one.convert(number))
    else:
        source.nothing(one.channel, at_ms, "the value is null" if value is None else f"{value!r:.40} is no number")


def _locate(message: dict[str, Any], record: Any, mapping: MessageMapping, source: Source, at_ms: int) -> None:
    if not mapping.latitude or not mapping.longitude:
        return
    latitude, longitude, accuracy, speed = (
        number_of(_find(message, record, path)) if path else None
        for path in (mapping.latitude, mapping.longitude, mapping.accuracy, mapping.speed)
    )
    if latitude is not None and longitude is not None:
        metres_a_second = None if speed is None else speed * mapping.metres_a_second("m/s")
        source.locate(at_ms, latitude, longitude, accuracy_m=accuracy, speed_m_s=metres_a_second)


def _find(message: dict[str, Any], record: Any, path: str) -> Any:
    if path.startswith(_FROM_MESSAGE):
        return look_up(message, path_of(path.removeprefix(_FROM_MESSAGE)))
    return look_up(record, path_of(path))


def _has(record: Any, path: tuple[str | int, ...]) -> bool:
    """Say whether a record has a member, be it null."""
    *above, last = path
    holder = look_up(record, tuple(above))
    return isinstance(holder, dict) and last in holder


FORMAT: Final[MessageFormat] = JsonFormat()
