"""The Things Stack v3 uplinks, as its webhooks and MQTT integration send them.

    message = { "end_device_ids": { "device_id", ["dev_eui"] }, ["received_at"], ["uplink_message": uplink],
                ["join_accept" | "location_solved": { "location" }] }
    uplink  = { ["decoded_payload": the codec's output], ["normalized_payload": [ { ["time"], "air": { "temperature",
                "relativeHumidity", "pressure", "lightIntensity" }, ["action": { "contactState" }],
                ["battery"] } ]], ["received_at"], ["rx_metadata": [ { "rssi" } ]],
                ["locations": { "frm-payload": { "latitude", "longitude", "accuracy" } }] }

Empty members are omitted, so an absent value may be 0 or unknown: it is no reading. The normalised payload is preferred
where there is one, except for its pressure: its range of 900 to 1100 hPa refuses a freighter's hold, so the codec's own
value is read. `received_at` is the network's time: a note says so, unless the normalised record, a mapping's `time`, or
a `time` with a zone in the decoded payload gives the device's own. `rx_metadata` holds the *gateways'* positions.
"""

import re
from typing import Any, Final

import msgspec

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.bag import Bags
from doseway.intake.wire.bodies import Bodies
from doseway.intake.wire.channels import Channel
from doseway.intake.wire.gather import Gathering, Source
from doseway.intake.wire.lorawan import Heard, Located, locate, network_time, strongest
from doseway.intake.wire.mapping import from_plain
from doseway.model.errors import FormatError
from doseway.model.readings import Quantity, Recording

_RADIO: Final = Channel("lora", Quantity.RADIO)
_TEMPERATURE: Final = Channel("air", Quantity.TEMPERATURE)
_HUMIDITY: Final = Channel("air", Quantity.HUMIDITY)
_LIGHT: Final = Channel("air", Quantity.LIGHT)
_DOOR: Final = Channel("contact", Quantity.DOOR)
_ZONED: Final = re.compile(r"([Zz]|[+-]\d\d:?\d\d)$")


class _Ids(msgspec.Struct, gc=False):
    device_id: str | None = None
    dev_eui: str | None = None


class _Air(msgspec.Struct, gc=False, rename="camel"):
    temperature: float | None = None
    relative_humidity: float | None = None
    light_intensity: float | None = None
    pressure: float | None = None


class _Action(msgspec.Struct, gc=False, rename="camel"):
    contact_state: str | None = None


class _Normal(msgspec.Struct, gc=False):
    time: str | None = None
    air: _Air | None = None
    action: _Action | None = None


class _Uplink(msgspec.Struct):
    decoded_payload: dict[str, Any] | None = None
    normalized_payload: list[_Normal] | _Normal | None = None
    frm_payload: str | None = None
    received_at: str | None = None
    rx_metadata: list[Heard] | None = None
    locations: dict[str, Located] | None = None


class _Solved(msgspec.Struct):
    location: Located | None = None


class _Message(msgspec.Struct):
    end_device_ids: _Ids | None = None
    received_at: str | None = None
    uplink_message: _Uplink | None = None
    uplink_normalized: _Uplink | None = None
    location_solved: _Solved | None = None


class TtsFormat:
    """The Things Stack v3 uplinks."""

    id = "tts"
    version = 1
    title = "The Things Stack v3 uplink (JSON)"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`. A mapping may declare values and the device's own time."""
        gathering = Gathering(self.id, self.version, options)
        bags = Bags(from_plain(options.mapping), gathering)
        return gathering.each(_BODIES.read(body, options), lambda message, to: _take(message, to, bags))


def _take(message: _Message, gathering: Gathering, bags: Bags) -> None:
    ids = message.end_device_ids
    serial = None if ids is None else (ids.dev_eui or ids.device_id)
    if not serial:
        raise FormatError("no `end_device_ids`", hint="Send The Things Stack's v3 JSON messages.")
    source = gathering.source(serial.lower())
    uplink = message.uplink_message or message.uplink_normalized
    if message.location_solved is not None and message.location_solved.location is not None:
        locate(source, network_time(message.received_at, gathering, source), message.location_solved.location)
    if uplink is None:
        return
    own_ms = _own_time(uplink, gathering, bags, source)
    at_ms = own_ms
    if at_ms is None:
        at_ms = network_time(uplink.received_at or message.received_at, gathering, source)
    has_air = _take_normal(uplink, gathering, source, at_ms)
    if uplink.decoded_payload is not None:
        bags.take(source, at_ms, _rest(uplink.decoded_payload, has_air=has_air))
    elif not has_air and uplink.frm_payload:
        source.tell("not-decoded", "The uplink has raw bytes and no decoded payload: give the device a formatter.")
    for name, place in (uplink.locations or {}).items():
        if name == "frm-payload" and uplink.decoded_payload is None:
            locate(source, at_ms, place)
    rssi = strongest(uplink.rx_metadata)
    if rssi is not None:
        source.take(_RADIO, at_ms, rssi)


def _own_time(uplink: _Uplink, gathering: Gathering, bags: Bags, source: Source) -> int | None:
    """Return the device's own time where a mapping names it, or the codec gives one with its zone."""
    if uplink.decoded_payload is None:
        return None
    by_mapping = bags.time(uplink.decoded_payload)
    if by_mapping is not None:
        return by_mapping
    text = uplink.decoded_payload.get("time")
    if isinstance(text, str) and _ZONED.search(text):
        source.tell("device-time", "`time` of the decoded payload is taken as the device's own time.")
        return gathering.instants.iso(text)
    return None


def _take_normal(uplink: _Uplink, gathering: Gathering, source: Source, at_ms: int) -> bool:
    """Take the normalised records; True where they gave the air's values."""
    normal = uplink.normalized_payload or []
    has_air = False
    for one in normal if isinstance(normal, list) else [normal]:
        one_ms = gathering.instants.iso(one.time) if one.time else at_ms
        air = one.air or _Air()
        for channel, value in (
            (_TEMPERATURE, air.temperature),
            (_HUMIDITY, air.relative_humidity),
            (_LIGHT, air.light_intensity),
        ):
            if value is not None:
                source.take(channel, one_ms, value)
                has_air = True
        if air.pressure is not None:
            source.tell("not-judged", "The normalised pressure was left out: its range ends at 900 hPa.")
        if one.action is not None and one.action.contact_state in {"open", "closed"}:
            source.take(_DOOR, one_ms, float(one.action.contact_state == "open"))
    return has_air


def _rest(payload: dict[str, Any], *, has_air: bool) -> dict[str, Any]:
    """Return the decoded payload without what the normalised one gave: each reading is taken once."""
    if not has_air:
        return payload
    return {name: value for name, value in payload.items() if name.lower().startswith(("press", "baro", "lat", "lon"))}


_BODIES: Final = Bodies(_Message)
FORMAT: Final[MessageFormat] = TtsFormat()
