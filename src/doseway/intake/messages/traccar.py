"""Traccar forwarding as JSON (`forward.type = json`, `event.forward.type = json`): positions and events.

    position = { "position": { "fixTime", "deviceTime", "valid", "latitude", "longitude", "speed": knots, "course",
                 "accuracy": m, ["network"], "attributes": {…} }, "device": { "uniqueId" } }
    event    = { "event": { "type", "eventTime", ["attributes"] }, ["position"], "device", ["geofence"] }

Speed is in **knots**. An accuracy of 0 is unknown: Traccar writes it where it was told nothing, and its OsmAnd port
writes it for every fix better than 10 m. A message without a fix repeats the last known one: a position counts at its
own `fixTime`, readings at `deviceTime`, so that a repetition is the same fact again. `attributes.alarm` is a comma
list, each a signal. Of the attributes `temp1…`, `humidity`, `batteryLevel` (%), `door`, `light` and the like are taken;
`battery` and `power` are volts and are not. Offsets are read as `+0000` and `+00:00`.
"""

from typing import Any, Final

import msgspec

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.bag import Bags, take_alarms
from doseway.intake.wire.bodies import Bodies
from doseway.intake.wire.gather import Gathering, Source
from doseway.intake.wire.mapping import from_plain
from doseway.intake.wire.names import kind_of
from doseway.model.errors import FormatError
from doseway.model.readings import Recording

_IGNORED: Final = frozenset({"battery"})
_NO_READINGS: Final = (
    "alarm archive approximate distance totalDistance odometer tripOdometer hours motion ignition sat satVisible hdop "
    "vdop pdop event status type index priority power battery charge raw ip result driverUniqueId lock coolantTemp "
    "obdSpeed rpm throttle fuel fuelUsed fuelConsumption versionFw versionHw gps roaming steps heartRate acceleration "
    "iccid operator command tripStart engineLoad blocked input output adc1 adc2 in1 in2 out1 out2"
)
_LEFT_OUT: Final = frozenset(_NO_READINGS.split())


class _Network(msgspec.Struct, rename="camel"):
    cell_towers: list[Any] | None = None
    wifi_access_points: list[Any] | None = None


class _Position(msgspec.Struct, rename="camel"):
    fix_time: str | None = None
    device_time: str | None = None
    server_time: str | None = None
    valid: bool | None = None
    latitude: float | None = None
    longitude: float | None = None
    speed: float | None = None
    course: float | None = None
    accuracy: float | None = None
    network: _Network | None = None
    attributes: dict[str, Any] | None = None


class _Device(msgspec.Struct, rename="camel"):
    unique_id: str | None = None
    model: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    type: str | None = None
    event_time: str | None = None
    attributes: dict[str, Any] | None = None


class _Geofence(msgspec.Struct, gc=False):
    name: str | None = None


class _Message(msgspec.Struct):
    position: _Position | None = None
    event: _Event | None = None
    device: _Device | None = None
    geofence: _Geofence | None = None


class TraccarFormat:
    """Traccar's forwarded positions and events."""

    id = "traccar"
    version = 1
    title = "Traccar forwarding (position and event JSON)"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`. A mapping may declare attributes and their units."""
        gathering = Gathering(self.id, self.version, options)
        bags = Bags(from_plain(options.mapping), gathering, _IGNORED)
        return gathering.each(_BODIES.read(body, options), lambda message, to: _take(message, to, bags))


def _take(message: _Message, gathering: Gathering, bags: Bags) -> None:
    if message.device is None or not message.device.unique_id:
        raise FormatError("no `device.uniqueId`", hint="Forward as JSON: `forward.type` = json sends the device, too.")
    if message.position is None and message.event is None:
        raise FormatError("neither `position` nor `event`", hint="This is no message that Traccar forwards.")
    source = gathering.source(message.device.unique_id, message.device.model or "")
    if message.position is not None:
        _take_position(message.position, gathering, bags, source)
    if message.event is not None:
        _take_event(message.event, message.geofence, gathering, source)


def _take_position(position: _Position, gathering: Gathering, bags: Bags, source: Source) -> None:
    instants = gathering.instants
    device_time = position.device_time or position.fix_time
    if device_time:
        at_ms = instants.iso(device_time)
    elif position.server_time:
        at_ms = instants.iso(position.server_time)
        source.tell("network-time", "A position has no time of the device: that of the server is taken.")
    else:
        at_ms = instants.arrival("The position has no time")
    fix_ms = instants.iso(position.fix_time) if position.fix_time else at_ms
    attributes = position.attributes or {}
    if fix_ms < at_ms:
        source.tell("repeated-position", "Without a new fix Traccar repeats the last one: it counts at its own time.")
    if attributes.get("archive") is True:
        source.tell("buffered", "The device kept the message and sent it late.")
    _locate(position, source, fix_ms, attributes)
    bags.take(source, at_ms, _readings(attributes))
    take_alarms(source, at_ms, attributes.get("alarm"))


def _locate(position: _Position, source: Source, fix_ms: int, attributes: dict[str, Any]) -> None:
    if position.latitude is None or position.longitude is None:
        return
    if position.valid is False:
        source.tell("no-fix", "The device says that its position is not valid: it is not taken.")
        return
    source.locate(
        fix_ms,
        position.latitude,
        position.longitude,
        accuracy_m=position.accuracy,
        method=_method(position.network) if attributes.get("approximate") is True else "gnss",
        speed_m_s=None if position.speed is None else position.speed * 1852 / 3600,
        course_deg=position.course,
    )


def _method(network: _Network | None) -> str:
    return "wifi" if network is not None and network.wifi_access_points else "cell"


def _readings(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in _LEFT_OUT}


def _take_event(event: _Event, geofence: _Geofence | None, gathering: Gathering, source: Source) -> None:
    at_ms = gathering.instants.iso(event.event_time) if event.event_time else gathering.instants.arrival("No time")
    if event.type == "alarm":
        take_alarms(source, at_ms, (event.attributes or {}).get("alarm"))
    elif event.type:
        text = "" if geofence is None or not geofence.name else geofence.name[:80]
        source.signal(at_ms, kind_of(event.type), text)


_BODIES: Final = Bodies(_Message)
FORMAT: Final[MessageFormat] = TraccarFormat()
