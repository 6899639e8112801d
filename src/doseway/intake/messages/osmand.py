"""The OsmAnd protocol: the query string (or form body) of Traccar's port 5055, and its JSON form.

    query  = ["?"] "id=" device *( "&" name "=" value )                     one on each line, where a body has several
    names  = "id" | "deviceid" | "timestamp" | "lat" | "lon" | "location" ("lat,lon") | "speed": knots | "bearing" |
             "heading" | "accuracy": m | "batt": % | "valid" | "cell" | "wifi" | "alarm" | any value: temp1, humidity, …
    json   = { "device_id", "location": { "timestamp", "coords": { "latitude", "longitude", "speed": m/s, "heading",
             "accuracy": m }, "battery": { "level": 0-1 }, "mock", "alarm", "extras": {…} } }

The form is told by the first sign. Speed is in **knots** in the query (a mapping's `speed_unit` says otherwise) and in
**m/s** in JSON. A `timestamp` below 2147483647 counts seconds, above it milliseconds; a text with `T` is ISO 8601;
`yyyy-MM-dd HH:mm:ss` is in the zone that is declared; without one the arrival is taken, and noted. Negative speed,
heading and battery level are unknown. An accuracy of 0 is unknown. Without coordinates no position is repeated. `mock`
marks a position that software set.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.bag import Bags, take_alarms
from doseway.intake.wire.bodies import Batch, Bodies
from doseway.intake.wire.channels import Channel
from doseway.intake.wire.gather import Gathering, Source
from doseway.intake.wire.instants import Instants
from doseway.intake.wire.mapping import MessageMapping, from_plain
from doseway.model.clock import to_unix_ms
from doseway.model.errors import FormatError
from doseway.model.readings import Quantity, Recording

_BATTERY: Final = Channel("battery", Quantity.BATTERY)
_MAX_FIELDS: Final = 200
_PROTOCOL: Final = (
    "id deviceid timestamp lat lon location speed bearing heading altitude accuracy hdop batt charge valid "
    "driverUniqueId notificationToken cell wifi alarm"
)
_OWN: Final = frozenset(_PROTOCOL.split())
_TRUE: Final = frozenset({"true", "1"})


class _Coords(msgspec.Struct, gc=False):
    latitude: float | None = None
    longitude: float | None = None
    speed: float | None = None
    heading: float | None = None
    accuracy: float | None = None


class _Battery(msgspec.Struct, gc=False):
    level: float | None = None


class _Location(msgspec.Struct):
    timestamp: str | int | float | None = None
    coords: _Coords | None = None
    battery: _Battery | None = None
    mock: bool | None = None
    alarm: str | None = None
    extras: dict[str, Any] | None = None


class _Message(msgspec.Struct):
    device_id: str | int | None = None
    location: _Location | list[_Location] | None = None


class OsmandFormat:
    """OsmAnd messages in both forms."""

    id = "osmand"
    version = 1
    title = "OsmAnd protocol (query string or JSON)"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`. A mapping may declare values, units and the unit of speed."""
        gathering = Gathering(self.id, self.version, options)
        mapping = from_plain(options.mapping)
        bags = Bags(mapping, gathering)
        if body.lstrip()[:1] in {b"{", b"["}:
            return gathering.each(_BODIES.read(body, options), lambda message, to: _take_json(message, to, bags))
        batch = _queries(body, options)
        return gathering.each(batch, lambda query, to: _take_query(query, to, bags, mapping))


def _queries(body: bytes, options: DecodeOptions) -> Batch[str]:
    options.check_bytes(len(body))
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise FormatError("no text in UTF-8", hint="Send the query string, or JSON.") from error
    lines = [line.strip().lstrip("/?") for line in text.split("\n") if line.strip()]
    if not lines:
        raise FormatError("the body is empty", hint="Send the query string, or JSON.")
    return Batch(lines, body, options.name, is_lines=len(lines) > 1)


def _take_query(query: str, gathering: Gathering, bags: Bags, mapping: MessageMapping) -> None:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise FormatError(f"no query string: {error}") from error
    fields = dict(pairs)
    serial = fields.get("id") or fields.get("deviceid")
    if not serial:
        raise FormatError("no device", hint="The query has `id` or `deviceid`.")
    source = gathering.source(serial)
    at_ms = _query_time(fields.get("timestamp", ""), gathering.instants)
    _locate_query(fields, source, at_ms, mapping.metres_a_second("kn"))
    battery = _number("batt", fields.get("batt", ""))
    if battery is not None and battery >= 0:
        source.take(_BATTERY, at_ms, battery)
    bags.take(source, at_ms, {name: _typed(text) for name, text in fields.items() if name not in _OWN})
    take_alarms(source, at_ms, fields.get("alarm"))


def _query_time(text: str, instants: Instants) -> int:
    text = text.strip()
    if not text:
        return instants.arrival("The message has no time")
    if text.isascii() and text.isdigit():
        return instants.seconds_or_ms(int(text[:20]))
    if "T" in text:
        return instants.iso(text)
    try:
        local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007  # put into its zone below
    except ValueError as error:
        raise FormatError(f"{text[:40]!r} is no timestamp", hint="Seconds, milliseconds, or ISO 8601.") from error
    return instants.checked(to_unix_ms(instants.placed(local)))


def _locate_query(fields: Mapping[str, str], source: Source, at_ms: int, metres_a_second: float) -> None:
    latitude, longitude = fields.get("lat", ""), fields.get("lon", "")
    if not latitude and "location" in fields:
        latitude, _, longitude = fields["location"].partition(",")
    lat, lon = _number("lat", latitude), _number("lon", longitude)
    if lat is None or lon is None:
        return
    if fields.get("valid", "true").lower() not in _TRUE:
        source.tell("no-fix", "The device says that its position is not valid: it is not taken.")
        return
    speed = _number("speed", fields.get("speed", ""))
    source.locate(
        at_ms,
        lat,
        lon,
        accuracy_m=_number("accuracy", fields.get("accuracy", "")),
        method="gnss",
        speed_m_s=None if speed is None else speed * metres_a_second,
        course_deg=_number("bearing", fields.get("bearing") or fields.get("heading") or ""),
    )


def _number(name: str, text: str) -> float | None:
    """Return a number of the query; None where it is empty.

    Raises:
        FormatError: it is none, or not finite.
    """
    if not text:
        return None
    found = _typed(text)
    if isinstance(found, bool) or not isinstance(found, float):
        raise FormatError(f"{name} is {text[:40]!r}, not a number")
    return found


def _typed(text: str) -> str | bool | float | None:
    """Return what the text of an attribute is: a number, a truth, or a text."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    try:
        return float(msgspec.json.decode(text.strip(), type=float))
    except (msgspec.MsgspecError, ValueError):
        return text


def _take_json(message: _Message, gathering: Gathering, bags: Bags) -> None:
    if message.device_id is None:
        raise FormatError("no device", hint="The message has `device_id`.")
    source = gathering.source(str(message.device_id))
    if message.location is None:
        raise FormatError("no `location`", hint="The message has `location` with `timestamp`, `coords` and more.")
    for one in message.location if isinstance(message.location, list) else [message.location]:
        at_ms = _json_time(one.timestamp, gathering.instants)
        coords = one.coords
        if coords is not None and coords.latitude is not None and coords.longitude is not None:
            source.locate(
                at_ms,
                coords.latitude,
                coords.longitude,
                accuracy_m=coords.accuracy,
                method="gnss",
                speed_m_s=coords.speed,
                course_deg=coords.heading,
                is_mock=one.mock is True,
            )
        if one.battery is not None and one.battery.level is not None and one.battery.level >= 0:
            source.take(_BATTERY, at_ms, one.battery.level * 100)
        if one.extras is not None:
            bags.take(source, at_ms, one.extras)
        take_alarms(source, at_ms, one.alarm)


def _json_time(timestamp: str | float | None, instants: Instants) -> int:
    if timestamp is None:
        return instants.arrival("The message has no time")
    return instants.iso(timestamp) if isinstance(timestamp, str) else instants.seconds_or_ms(int(timestamp))


_BODIES: Final = Bodies(_Message)
FORMAT: Final[MessageFormat] = OsmandFormat()
