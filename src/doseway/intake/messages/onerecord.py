"""IATA ONE Record: sensors with their measurements as JSON-LD (cargo ontology 3), compacted, expanded or flattened.

    device      = cargo:IotDevice { serialNumber | name, ["deviceModel"], connectedSensors → sensor }
    sensor      = cargo:Sensor { sensorType, [name], [serialNumber], [partOfIotDevice → device],
                  measurements → measurement }
    measurement = cargo:Measurement { measurementTimestamp: xsd:dateTime, [measurementValue → cargo:Value {
                  numericalValue, unit: CEL | FAH | KEL | P1 | … } ], [recordedGeolocation → cargo:Geolocation {
                  latitude, longitude } ] }

The device is the IotDevice's serial number, else the sensor's. `unit` is a code of UN/ECE recommendation 20 and has to
belong to the sensor's type: a thermometer in hectopascal is refused. Nodes may be nested or refer to one another by
`@id`; a measurement that is referred to and not sent is noted. A time without a zone is read in the declared one.
Measurements of one body in an array without contexts are one document; otherwise each message is its own.
"""

from collections.abc import Iterator
from typing import Any, Final

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.bodies import Batch, Bodies, number_of
from doseway.intake.wire.channels import Channel, Convert, converter
from doseway.intake.wire.gather import Gathering, Source
from doseway.intake.wire.jsonld import Graph, Node
from doseway.model.errors import FormatError, UnitError
from doseway.model.readings import Quantity, Recording

_CARGO: Final = "https://onerecord.iata.org/ns/cargo#"
_API: Final = "https://onerecord.iata.org/ns/api#"
_CONTEXTS: Final = {"https://onerecord.iata.org/": {"@vocab": _CARGO}}
_PREFIXES: Final = {"cargo": _CARGO, "api": _API}
_TYPES: Final = {
    "THERMOMETER": Quantity.TEMPERATURE,
    "HUMIDITY": Quantity.HUMIDITY,
    "LIGHT": Quantity.LIGHT,
    "PRESSURE": Quantity.PRESSURE,
    "ACCELEROMETER": Quantity.SHOCK,
    "VIBRATION": Quantity.SHOCK,
    "TILT": Quantity.TILT,
}
_UNITS: Final = {  # UN/ECE recommendation 20
    "CEL": "C", "FAH": "F", "KEL": "K", "P1": "%", "LUX": "lx", "PAL": "Pa", "KPA": "kPa", "A97": "hPa",
    "MBR": "hPa", "BAR": "bar", "PS": "psi", "ATM": "atm", "MSK": "m/s2", "K40": "g", "DD": "°",
}  # fmt: skip
_OF_UNIT: Final = {"CEL": Quantity.TEMPERATURE, "FAH": Quantity.TEMPERATURE, "KEL": Quantity.TEMPERATURE}


class OneRecordFormat:
    """ONE Record sensors and measurements."""

    id = "onerecord"
    version = 1
    title = "IATA ONE Record sensor measurements (JSON-LD)"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`."""
        batch = _BODIES.read(body, options)
        gathering = Gathering(self.id, self.version, options)
        return gathering.each(Batch(list(_documents(batch)), body, options.name, is_lines=batch.is_lines), _take)


def _documents(batch: Batch[Any]) -> Iterator[list[Any]]:
    """Give the documents of a body: nodes without contexts of their own belong together."""
    if batch.is_lines:
        yield from ([message] for message in batch.messages)
        return
    together = []
    for message in batch.messages:
        if isinstance(message, dict) and ("@context" in message or "@graph" in message):
            yield [message]
        else:
            together.append(message)
    if together:
        yield together


def _take(document: list[Any], gathering: Gathering) -> None:
    graph = Graph(_CARGO, _CONTEXTS, _PREFIXES)
    graph.add(document)
    sensors = list(graph.of_type("Sensor"))
    if not sensors:
        raise FormatError("no cargo:Sensor", hint="Send sensors with their measurements, and the IotDevice with them.")
    owners = {
        id(sensor): device
        for device in graph.of_type("IotDevice")
        for sensor in graph.follow(device, "connectedSensors")
    }
    for sensor in sensors:
        _take_sensor(graph, sensor, _owner(graph, sensor, owners), gathering)


def _owner(graph: Graph, sensor: Node, owners: dict[int, Node]) -> Node | None:
    named = next((one for one in graph.follow(sensor, "partOfIotDevice") if isinstance(one, Node)), None)
    return owners.get(id(sensor)) or named


def _take_sensor(graph: Graph, sensor: Node, device: Node | None, gathering: Gathering) -> None:
    serial = _text(graph, device, "serialNumber", "name") or _text(graph, sensor, "serialNumber")
    if not serial:
        raise FormatError(f"sensor {sensor.id[:80]} has no serial number, and no IotDevice has it")
    source = gathering.source(serial, _text(graph, device, "deviceModel", "manufacturer"))
    if device is None or not device.values:
        source.tell("device-unnamed", "The IotDevice was not sent: the sensor's serial number stands for it.")
    kind = _code(graph, sensor, "sensorType")
    name = _text(graph, sensor, "name", "serialNumber") or kind.lower() or "sensor"
    channels: dict[Quantity, Channel] = {}
    for number, measurement in enumerate(graph.follow(sensor, "measurements"), start=1):
        if isinstance(measurement, str) or not measurement.values:
            source.tell("elsewhere", "A measurement is referred to and was not sent.")
            continue
        try:
            _take_measurement(graph, measurement, (source, name, kind, channels), gathering)
        except (FormatError, UnitError) as error:
            what = f"sensor {name[:40]}, measurement {number}: {error.what}"
            raise type(error)(what, hint=error.hint) from error


def _take_measurement(
    graph: Graph, measurement: Node, sensor: tuple[Source, str, str, dict[Quantity, Channel]], gathering: Gathering
) -> None:
    source, name, kind, channels = sensor
    stamp = graph.first(measurement, "measurementTimestamp")
    if not isinstance(stamp, str):
        raise FormatError("no measurementTimestamp")
    at_ms = gathering.instants.iso(stamp)
    for value in graph.follow(measurement, "measurementValue"):
        if isinstance(value, Node):
            found = _number(graph.first(value, "numericalValue"))
            quantity, convert = _unit(kind, _code(graph, value, "unit"))
            if quantity is None or convert is None:
                source.tell("not-judged", f"Values of a {kind[:30] or 'sensor without a type'} were left out.")
            elif quantity not in channels:
                channels[quantity] = Channel(name[:64], quantity)
            if quantity is not None and convert is not None:
                _take_value(source, channels[quantity], at_ms, found, convert)
    for place in graph.follow(measurement, "recordedGeolocation"):
        if isinstance(place, Node):
            latitude, longitude = (_number(graph.first(place, one)) for one in ("latitude", "longitude"))
            if latitude is not None and longitude is not None:
                source.locate(at_ms, latitude, longitude)


def _take_value(source: Source, channel: Channel, at_ms: int, value: float | None, convert: Convert) -> None:
    if value is None:
        source.nothing(channel, at_ms, "there is no numericalValue")
    else:
        source.take(channel, at_ms, convert(value))


def _unit(kind: str, code: str) -> tuple[Quantity | None, Convert | None]:
    """Return what a value measures and its conversion; None where the sensor's type is not one that is judged.

    Raises:
        UnitError: there is no unit, or one that the sensor's type cannot have.
    """
    quantity = _TYPES.get(kind) or _OF_UNIT.get(code)
    if quantity is None:
        return None, None
    if code not in _UNITS:
        raise UnitError(
            f"{code[:20]!r} is no known unit" if code else "a value without a unit",
            hint="Codes of UN/ECE recommendation 20, such as CEL, FAH, KEL, P1.",
        )
    return quantity, converter(_UNITS[code], quantity)


def _code(graph: Graph, node: Node, name: str) -> str:
    """Return a code such as CEL, however it is given: text, address, node with `code`."""
    value = graph.first(node, name)
    if isinstance(value, Node):
        code = graph.first(value, "code")
        value = code if isinstance(code, str) else value.id
    return value.rpartition("#")[2].rpartition("/")[2].rpartition(":")[2] if isinstance(value, str) else ""


def _text(graph: Graph, node: Node | None, *names: str) -> str:
    """Return the first of the names that is a text."""
    if node is None:
        return ""
    found = (graph.first(node, name) for name in names)
    return next((one for one in found if isinstance(one, str) and one), "")


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError as error:
            raise FormatError(f"{value[:40]!r} is no number") from error
    return number_of(value)


_BODIES: Final[Bodies[Any]] = Bodies(Any)
FORMAT: Final[MessageFormat] = OneRecordFormat()
