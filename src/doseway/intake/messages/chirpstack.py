"""ChirpStack v4 events, as its HTTP and MQTT integrations send them (protobuf JSON).

    event = { "deviceInfo": { "devEui", "deviceName", "deviceProfileName" }, "time", ["deduplicationId"], … }
    up       = event + { "object": the codec's output, ["fCnt"], ["rxInfo": [ { "rssi" } ]] }
    status   = event + { "batteryLevel": %, "margin", "externalPowerSource" }
    location = event + { "location": { "latitude", "longitude", "accuracy" } }
    log      = event + { "level", "code", "description" }           join, ack, txack, integration: no readings

A member of default value may be absent, and any may be null: an absent value is no reading, never 0. `time` is when the
network **received** the message, not when the device measured: a note says so, unless a mapping's `time` names the
device's own time within `object`. `fCnt` starts again when a device rejoins and is not used. Events of one body with
one `deduplicationId` are one event.
"""

from typing import Any, Final

import msgspec

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.bag import Bags
from doseway.intake.wire.bodies import Bodies
from doseway.intake.wire.channels import Channel
from doseway.intake.wire.gather import Gathering
from doseway.intake.wire.lorawan import Heard, Located, locate, network_time, strongest
from doseway.intake.wire.mapping import from_plain
from doseway.model.errors import FormatError
from doseway.model.readings import Quantity, Recording

_BATTERY: Final = Channel("battery", Quantity.BATTERY)
_RADIO: Final = Channel("lora", Quantity.RADIO)


class _Info(msgspec.Struct, rename="camel", gc=False):
    dev_eui: str | None = None
    device_name: str | None = None
    device_profile_name: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    device_info: _Info | None = None
    deduplication_id: str | None = None
    time: str | None = None
    object: dict[str, Any] | None = None
    data: str | None = None
    rx_info: list[Heard] | None = None
    battery_level: float | None = None
    battery_level_unavailable: bool | None = None
    margin: int | None = None
    location: Located | None = None
    level: str | None = None
    code: str | None = None
    description: str | None = None


class ChirpstackFormat:
    """ChirpStack v4 events."""

    id = "chirpstack"
    version = 1
    title = "ChirpStack v4 event (JSON)"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`. A mapping may declare values and the device's own time."""
        gathering = Gathering(self.id, self.version, options)
        bags = Bags(from_plain(options.mapping), gathering)
        seen: set[str] = set()

        def take(event: _Event, gathering: Gathering) -> None:
            _take(event, gathering, bags, seen)

        return gathering.each(_BODIES.read(body, options), take)


def _take(event: _Event, gathering: Gathering, bags: Bags, seen: set[str]) -> None:
    info = event.device_info
    if info is None or not info.dev_eui:
        raise FormatError("no `deviceInfo.devEui`", hint="Send ChirpStack's v4 events as JSON, not as protobuf.")
    source = gathering.source(info.dev_eui.lower(), info.device_profile_name or "")
    if event.deduplication_id:
        if event.deduplication_id in seen:
            source.tell("repeated", "An event was in the body again with the same `deduplicationId`: taken once.")
            return
        seen.add(event.deduplication_id)
    own_ms = None if event.object is None else bags.time(event.object)
    at_ms = own_ms if own_ms is not None else network_time(event.time, gathering, source)
    if event.object is not None:
        bags.take(source, at_ms, event.object)
    elif event.data:
        source.tell("not-decoded", "The event has raw `data` and no `object`: give the device profile a codec.")
    if event.battery_level is not None and not event.battery_level_unavailable:
        source.take(_BATTERY, at_ms, event.battery_level)
    if event.location is not None:
        locate(source, at_ms, event.location)
    rssi = strongest(event.rx_info)
    if rssi is not None:
        source.take(_RADIO, at_ms, rssi)
    if event.level or event.code:
        source.tell("network-log", f"The network says {event.code or event.level}: {event.description or ''}"[:300])


_BODIES: Final = Bodies(_Event)
FORMAT: Final[MessageFormat] = ChirpstackFormat()
