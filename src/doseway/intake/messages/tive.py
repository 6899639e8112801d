"""Tive device messages: the default JSON of the webhook streams `applyToAllTrackers` and `applyToAllShipments`.

    message = { ("DeviceId" | "DeviceName" | "EntityName"), ("EntryTimeEpoch" | "EntryTimeUtc"),
                ["Temperature" | "ProbeTemperature": { "Celsius", "Fahrenheit" }], ["Humidity": { "Percentage" }],
                ["Pressure": { "Psi", "Atmospheric" }], ["Light" | "MinLight" | "MaxLight": { "Lux" }],
                ["Shock": { "G", "X", "Y", "Z" }, "ShockTime"], ["Battery": { "Percentage" }],
                ["Cellular": { "Dbm" }], ["Location": { "Latitude", "Longitude", "LocationMethod",
                "Accuracy": { "Meters" } }], ["Shipment": { "DeviceId" }] }            any of it may be null

The device is the top-level `DeviceId` (IMEI): `Shipment.DeviceId` may name another, and then a note says so. The time
is the epoch in **milliseconds**; `EntryTimeUtc`, with or without `Z`, is UTC and read only where the epoch is missing.
`ShockTime` in 1970 means that there was no shock; a shock is a reading at its own time, not at that of the report.
Both °C and °F are sent: where they contradict each other, the unit is unknown and the message is refused. The weather
at the place and the accelerometer's resting vector are not the product's and are not taken.
"""

from typing import Final

import msgspec

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.bodies import Bodies
from doseway.intake.wire.channels import Channel
from doseway.intake.wire.gather import Gathering, Source
from doseway.intake.wire.instants import UNSET_BEFORE_MS, Instants
from doseway.model.errors import FormatError, UnitError
from doseway.model.readings import Quantity, Recording

_HPA_A_PSI: Final = 68.94757293168361
_HPA_AN_ATM: Final = 1013.25
_TOLERANCE_F: Final = 0.5  # two roundings to whole degrees of either scale are within it
_TEMPERATURE: Final = Channel("internal", Quantity.TEMPERATURE)
_PROBE: Final = Channel("probe", Quantity.TEMPERATURE)
_HUMIDITY: Final = Channel("internal", Quantity.HUMIDITY)
_PRESSURE: Final = Channel("internal", Quantity.PRESSURE)
_LIGHT: Final = Channel("light", Quantity.LIGHT)
_DARKEST: Final = Channel("light-min", Quantity.LIGHT)
_BRIGHTEST: Final = Channel("light-max", Quantity.LIGHT)
_SHOCK: Final = Channel("shock", Quantity.SHOCK)
_BATTERY: Final = Channel("battery", Quantity.BATTERY)
_RADIO: Final = Channel("cellular", Quantity.RADIO)


class _Degrees(msgspec.Struct, gc=False, rename="pascal"):
    celsius: float | None = None
    fahrenheit: float | None = None


class _Percentage(msgspec.Struct, gc=False, rename="pascal"):
    percentage: float | None = None


class _Pressure(msgspec.Struct, gc=False, rename="pascal"):
    psi: float | None = None
    atmospheric: float | None = None


class _Lux(msgspec.Struct, gc=False, rename="pascal"):
    lux: float | None = None


class _Shock(msgspec.Struct, gc=False):
    g: float | None = msgspec.field(name="G", default=None)


class _Radio(msgspec.Struct, gc=False, rename="pascal"):
    dbm: float | None = None


class _Metres(msgspec.Struct, gc=False, rename="pascal"):
    meters: float | None = None


class _Location(msgspec.Struct, gc=False, rename="pascal"):
    latitude: float | None = None
    longitude: float | None = None
    location_method: str | None = None
    accuracy: _Metres | None = None


class _Shipment(msgspec.Struct, gc=False, rename="pascal"):
    device_id: str | None = None


class _Message(msgspec.Struct, gc=False, rename="pascal"):
    device_id: str | None = None
    device_name: str | None = None
    entity_name: str | None = None
    entry_time_epoch: int | float | None = None
    entry_time_utc: str | None = None
    temperature: _Degrees | None = None
    probe_temperature: _Degrees | None = None
    humidity: _Percentage | None = None
    pressure: _Pressure | None = None
    light: _Lux | None = None
    min_light: _Lux | None = None
    max_light: _Lux | None = None
    shock: _Shock | None = None
    shock_time: str | None = None
    battery: _Percentage | None = None
    cellular: _Radio | None = None
    location: _Location | None = None
    shipment: _Shipment | None = None


class TiveFormat:
    """Tive device messages."""

    id = "tive"
    version = 1
    title = "Tive device message (webhook JSON)"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`."""
        return Gathering(self.id, self.version, options).each(_BODIES.read(body, options), _take)


def _take(message: _Message, gathering: Gathering) -> None:
    source = _source(message, gathering)
    at_ms = _time(message, gathering.instants)
    for channel, degrees in ((_TEMPERATURE, message.temperature), (_PROBE, message.probe_temperature)):
        if degrees is not None:
            _take_degrees(source, channel, at_ms, degrees)
    for channel, share in ((_HUMIDITY, message.humidity), (_BATTERY, message.battery)):
        if share is not None and share.percentage is not None:
            source.take(channel, at_ms, share.percentage)
    _take_surroundings(message, source, at_ms)
    if message.shock is not None and message.shock.g is not None:
        _take_shock(source, at_ms, message.shock.g, message.shock_time, gathering.instants)
    if message.location is not None:
        _take_location(source, at_ms, message.location)


def _source(message: _Message, gathering: Gathering) -> Source:
    serial = message.device_id or message.device_name or message.entity_name
    if not serial:
        raise FormatError("no device", hint="A Tive message has `DeviceId`, `DeviceName` or `EntityName`.")
    source = gathering.source(serial, "Tive")
    if message.device_id is None:
        source.tell("device-name", "The message has no `DeviceId`: the device is known by its name only.")
    elif message.shipment is not None and message.shipment.device_id not in {None, serial}:
        other = f"{message.shipment.device_id}"[:40]
        source.tell("two-device-ids", f"`Shipment.DeviceId` names another device, {other}: the message is {serial}'s.")
    return source


def _time(message: _Message, instants: Instants) -> int:
    if message.entry_time_epoch is not None:
        return instants.checked(int(message.entry_time_epoch))
    if message.entry_time_utc:
        text = message.entry_time_utc
        return instants.checked(instants.utc(text))
    return instants.arrival("The message has no time")


def _take_degrees(source: Source, channel: Channel, at_ms: int, degrees: _Degrees) -> None:
    celsius, fahrenheit = degrees.celsius, degrees.fahrenheit
    if celsius is None:
        if fahrenheit is not None:
            source.take(channel, at_ms, (fahrenheit - 32) * 5 / 9)
        return
    if fahrenheit is not None and not -_TOLERANCE_F <= celsius * 1.8 + 32 - fahrenheit <= _TOLERANCE_F:
        raise UnitError(
            f"{channel.sensor} is {celsius:g} °C and {fahrenheit:g} °F at once, which is not the same temperature",
            hint="One of them has another unit than it says: correct the webhook's template.",
        )
    source.take(channel, at_ms, celsius)


def _take_surroundings(message: _Message, source: Source, at_ms: int) -> None:
    for channel, lux in ((_LIGHT, message.light), (_DARKEST, message.min_light), (_BRIGHTEST, message.max_light)):
        if lux is not None and lux.lux is not None:
            source.take(channel, at_ms, lux.lux)
    if message.pressure is not None:
        _take_pressure(source, at_ms, message.pressure)
    if message.cellular is not None and message.cellular.dbm is not None:
        source.take(_RADIO, at_ms, message.cellular.dbm)


def _take_pressure(source: Source, at_ms: int, pressure: _Pressure) -> None:
    if pressure.psi is not None:
        source.take(_PRESSURE, at_ms, pressure.psi * _HPA_A_PSI)
    elif pressure.atmospheric is not None:
        source.take(_PRESSURE, at_ms, pressure.atmospheric * _HPA_AN_ATM)


def _take_shock(source: Source, at_ms: int, peak_g: float, time: str | None, instants: Instants) -> None:
    """Take a shock at its own time; 1970 says that there was none."""
    if time is None:
        if peak_g:
            source.tell("shock-time", "A shock has no time of its own: that of the report is taken.")
            source.take(_SHOCK, at_ms, peak_g)
        return
    if time.startswith("1970"):
        return
    shock_ms = instants.utc(time)
    if shock_ms >= UNSET_BEFORE_MS:
        source.take(_SHOCK, instants.checked(shock_ms), peak_g)


def _take_location(source: Source, at_ms: int, location: _Location) -> None:
    if location.latitude is None or location.longitude is None:
        return
    source.locate(
        at_ms,
        location.latitude,
        location.longitude,
        accuracy_m=None if location.accuracy is None else location.accuracy.meters,
        method=location.location_method,
    )


_BODIES: Final = Bodies(_Message)
FORMAT: Final[MessageFormat] = TiveFormat()
