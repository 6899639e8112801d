"""What devices say: one sample as each kind of tracker, network or platform writes it on the wire."""

import base64
import hashlib
import json
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from nacl.signing import SigningKey

from doseway.app.traffic.places import Position
from doseway.intake.cose.record import Gnss
from doseway.intake.cose.sender import Sender
from doseway.model.clock import iso_utc
from doseway.model.readings import Quantity
from doseway.model.units import SECOND_MS

KNOT_KMH: Final = 1.852
_ACCURACY_M: Final = 12


class Sample(NamedTuple):
    """What a device measured at an instant.

    Attributes:
        temperature_milli: None for a device without a sensor. humidity: %. light: lux.
        position: None where it has no fix. is_late: it was kept, and is sent later.
    """

    at_ms: int
    temperature_milli: int | None
    humidity: float
    light: float
    battery: int
    position: Position | None
    speed_kmh: float
    is_late: bool = False
    is_mock: bool = False


def tive(device: str, sample: Sample) -> bytes:
    """Write a Tive device message."""
    celsius = (sample.temperature_milli or 0) / 1000
    position = sample.position
    location: dict[str, Any] | None = position and {
        "Latitude": round(position[0], 6),
        "Longitude": round(position[1], 6),
        "FormattedAddress": None,
        "LocationMethod": "gps",
        "Accuracy": {"Meters": _ACCURACY_M, "Kilometers": _ACCURACY_M / 1000, "Miles": 0.0075},
    }
    return _json(
        {
            "EntityName": device[-6:],
            "EntryTimeEpoch": sample.at_ms,
            "EntryTimeUtc": iso_utc(sample.at_ms).rstrip("Z"),
            "Cellular": {"SignalStrength": "Good", "Dbm": -81},
            "Temperature": {"Celsius": celsius, "Fahrenheit": round(celsius * 9 / 5 + 32, 4)},
            "ProbeTemperature": None,
            "Humidity": {"Percentage": sample.humidity},
            "Light": {"Lux": sample.light},
            "Battery": {"Percentage": sample.battery, "Estimation": "Weeks", "IsCharging": False},
            "Shock": {"G": 0, "X": 0, "Y": 0, "Z": 0},
            "ShockTime": "1970-01-01T00:00:00Z",
            "Shipment": None,
            "DeviceId": device,
            "DeviceName": f"A{device[-6:]}",
            "Location": location,
        }
    )


def traccar(device: str, sample: Sample) -> bytes:
    """Write a position as Traccar forwards it."""
    stamp = iso_utc(sample.at_ms).replace("Z", "+0000")
    position: dict[str, Any] = {
        "id": sample.at_ms // SECOND_MS,
        "deviceId": int(device[-4:]),
        "protocol": "teltonika",
        "deviceTime": stamp,
        "fixTime": stamp,
        "valid": True,
        "altitude": 0.0,
        "speed": round(sample.speed_kmh / KNOT_KMH, 2),
        "course": 0.0,
        "accuracy": float(_ACCURACY_M),
        "attributes": {"humidity": sample.humidity, "door": False, "power": 12.4, "archive": sample.is_late},
    }
    if sample.temperature_milli is not None:
        position["attributes"]["temp1"] = sample.temperature_milli / 1000
    if sample.position is not None:
        position |= {"latitude": round(sample.position[0], 6), "longitude": round(sample.position[1], 6)}
    return _json({"position": position, "device": {"id": int(device[-4:]), "name": "reefer", "uniqueId": device}})


def chirpstack(device: str, sample: Sample, number: int) -> bytes:
    """Write an uplink as ChirpStack publishes it."""
    key = hashlib.sha256(f"{device} {sample.at_ms}".encode()).hexdigest()
    celsius = (sample.temperature_milli or 0) / 1000
    return _json(
        {
            "deduplicationId": f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:32]}",
            "time": iso_utc(sample.at_ms).replace("Z", "+00:00"),
            "deviceInfo": {"devEui": device, "deviceName": "box sensor", "deviceProfileName": "temperature, humidity"},
            "fCnt": number,
            "fPort": 2,
            "data": base64.b64encode(key[:8].encode()).decode(),
            "object": {"temperature": celsius, "humidity": sample.humidity},
            "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -71, "snr": 9.5}],
        }
    )


def osmand(device: str, sample: Sample) -> bytes:
    """Write the driver's phone: the query form, or JSON where software sets the position."""
    assert sample.position is not None
    latitude, longitude = (round(value, 6) for value in sample.position)
    if not sample.is_mock:
        fields = {"id": device, "timestamp": sample.at_ms // SECOND_MS, "lat": latitude, "lon": longitude}
        fields |= {"speed": round(sample.speed_kmh / KNOT_KMH, 2), "accuracy": _ACCURACY_M, "batt": sample.battery}
        return urlencode(fields).encode()
    coords = {"latitude": latitude, "longitude": longitude, "speed": round(sample.speed_kmh / 3.6, 2), "heading": -1}
    location = {
        "timestamp": iso_utc(sample.at_ms),
        "coords": {**coords, "accuracy": _ACCURACY_M, "altitude": 0},
        "mock": True,
        "battery": {"level": sample.battery / 100, "is_charging": True},
    }
    return _json({"device_id": device, "location": location})


def signing_key(device: str) -> SigningKey:
    """Return a demonstration device's key: anybody can derive it, so it protects nothing."""
    return SigningKey(hashlib.sha256(f"doseway demonstration device {device}".encode()).digest())


def signed(sender: Sender, sample: Sample, boot_ms: int) -> bytes:
    """Write the next packet of a device that signs."""
    position = sample.position
    gnss = Gnss(fix=0)
    if position is not None:
        latitude, longitude = (round(value * 1_000_000) for value in position)
        gnss = Gnss(fix=3, lat=latitude, lon=longitude, hacc=_ACCURACY_M * 1000, nsv=9)
    return sender.send(
        utc_ms=sample.at_ms,
        mono_ms=sample.at_ms - boot_ms,
        readings=[("probe", Quantity.TEMPERATURE, 0, sample.temperature_milli)],
        tsrc="gnss" if position is not None else "rtc",
        tunc_ms=20 if position is not None else 400,
        light=round(sample.light * 1000),
        gnss=gnss,
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
