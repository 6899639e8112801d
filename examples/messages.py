"""Messages as the vendors document them: names and types are theirs, values are examples."""

import copy
import json
from typing import Any

from nacl.signing import SigningKey

from doseway.intake.cose.record import Cell, Gnss
from doseway.intake.cose.sender import Sender
from doseway.model.readings import Quantity

RECEIVED_MS = 1_790_000_000_000  # 2026-09-21T14:13:20Z
ISO = "2026-09-21T14:13:00.000Z"
ISO_MS = RECEIVED_MS - 20_000
KEY = SigningKey(bytes(range(32)))
PUBLIC_HEX = bytes(KEY.verify_key).hex()

TIVE: dict[str, Any] = {
    "EntityName": "VD0001",
    "EntryTimeEpoch": ISO_MS,
    "EntryTimeUtc": "2026-09-21T14:13:00.0000000",
    "Cellular": {"SignalStrength": "Good", "Dbm": -73},
    "Temperature": {"Celsius": 23, "Fahrenheit": 73.4000015258789},
    "ProbeTemperature": {"Celsius": 4.25, "Fahrenheit": 39.650001525878906},
    "Pressure": {"Psi": 14.5, "Atmospheric": 0.986666},
    "Humidity": {"Percentage": 33.29999923706055},
    "Weather": {"Temperature": {"Celsius": 0, "Fahrenheit": 32}, "Wind": None},
    "Accelerometer": {"G": 4.1158, "X": 1.1, "Y": 2.2, "Z": 3.3},
    "Light": {"Lux": 133.26},
    "MinLight": {"Lux": 5.22},
    "MaxLight": {"Lux": 300},
    "Battery": {"Percentage": 55, "Estimation": "Weeks", "IsCharging": False},
    "Shock": {"G": 10.6569, "X": -10.23, "Y": 0.19, "Z": -2.98},
    "ShockTime": "1970-01-01T00:00:00Z",
    "Shipment": {
        "Id": "Public Shipment Id",
        "WebhookIds": [],
        "DeviceId": "860000000000001",
        "ShipFrom": {"Name": None, "Latitude": None, "Address": {"Street": "1 Example Street", "Country": "USA"}},
    },
    "AccountId": 478,
    "DeviceId": "860000000000001",
    "DeviceName": "A000001",
    "Location": {
        "Latitude": 40.81,
        "Longitude": -73.88,
        "FormattedAddress": "text",
        "LocationMethod": "wifi",
        "Accuracy": {"Meters": 23, "Kilometers": 0.023, "Miles": 0.01429},
        "WifiAccessPointUsedCount": 5,
    },
}

TIVE_ALERT: dict[str, Any] = {
    "DeviceId": "860000000000001",
    "ShipmentId": "Public Shipment Id",
    "Trigger": {"Type": "TemperatureMax", "Name": "too warm"},
    "Details": [
        {
            "Type": "TemperatureMax",
            "Value": 9.5,
            "DateTime": ISO,
            "Reason": "Created",
            "Location": {"Latitude": 40.81, "Longitude": -73.88, "Accuracy": {"Meters": 500}, "LocationMethod": "cell"},
        }
    ],
}

CHIRPSTACK: dict[str, Any] = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2026-09-21T14:13:00.775023242+00:00",
    "deviceInfo": {
        "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
        "deviceProfileName": "p",
        "deviceName": "d",
        "devEui": "0101010101010101",
        "tags": {"key": "value"},
    },
    "devAddr": "00189440",
    "dr": 1,
    "fPort": 1,
    "data": "qg==",
    "object": {"temperature": 4.2, "humidity": 51.5},
    "rxInfo": [{"gatewayId": "0016c001f153a14c", "time": None, "rssi": -36, "snr": 10.5}],
    "txInfo": {"frequency": 867100000, "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 11}}},
}

TTS: dict[str, Any] = {
    "end_device_ids": {
        "device_id": "test-device",
        "application_ids": {"application_id": "test-app"},
        "dev_eui": "70B3D57ED0000001",
    },
    "received_at": "2026-09-21T14:13:01.954236764Z",
    "uplink_message": {
        "f_port": 1,
        "f_cnt": 15,
        "frm_payload": "AIVpAyE=",
        "decoded_payload": {"latitude": 37.4219, "longitude": -122.084, "humidity_0": 60.5, "temperature_0": 30.1},
        "rx_metadata": [
            {
                "gateway_ids": {"gateway_id": "gw-1"},
                "rssi": -58,
                "location": {"latitude": 52.0, "longitude": 5.0, "source": "SOURCE_REGISTRY"},
            }
        ],
        "received_at": "2026-09-21T14:13:01.744Z",
    },
}

TRACCAR: dict[str, Any] = {
    "position": {
        "id": 7,
        "deviceId": 3,
        "protocol": "osmand",
        "serverTime": "2026-09-21T14:13:06.000+0000",
        "deviceTime": "2026-09-21T14:13:00.000+0000",
        "fixTime": "2026-09-21T14:13:00.000+00:00",
        "valid": True,
        "latitude": 42.06288,
        "longitude": -88.23412,
        "altitude": 224.0,
        "speed": 21.6,
        "course": 90.0,
        "accuracy": 12.0,
        "attributes": {
            "temp1": 4.6,
            "humidity": 51.0,
            "batteryLevel": 87,
            "battery": 3.9,
            "door": False,
            "archive": True,
            "alarm": "tampering,lowBattery",
            "totalDistance": 10423.7,
        },
    },
    "device": {"id": 3, "name": "reefer 3", "uniqueId": "861001000719969", "model": None, "attributes": {}},
}

OSMAND: dict[str, Any] = {
    "device_id": "48241179",
    "location": {
        "timestamp": ISO,
        "coords": {"latitude": 37.42, "longitude": -122.08, "speed": 3, "heading": -1, "accuracy": 5, "altitude": 5},
        "event": "motionchange",
        "mock": False,
        "battery": {"level": 0.55, "is_charging": False},
        "alarm": "sos",
        "extras": {"temp1": 4.6},
    },
}
QUERY = (
    b"/?id=861001000719969&timestamp=1789999980&lat=40.7233&lon=-74.0061&speed=40&bearing=7.2&altitude=350"
    b"&hdop=1.1&accuracy=12&batt=87&temp1=4.6"
)

CARGO = "https://onerecord.iata.org/ns/cargo#"
ONE_RECORD: dict[str, Any] = {
    "@context": {"cargo": CARGO, "api": "https://onerecord.iata.org/ns/api#"},
    "@id": "http://1r.example.com/logistics-objects/device-1",
    "@type": "cargo:IotDevice",
    "cargo:serialNumber": "TPX14",
    "cargo:deviceModel": "TPx14",
    "cargo:connectedSensors": [
        {
            "@id": "http://1r.example.com/logistics-objects/sensor-1",
            "@type": "cargo:Sensor",
            "api:hasRevision": 1,
            "cargo:name": "TPx14-a",
            "cargo:serialNumber": "142NL",
            "cargo:sensorType": {"@id": CARGO + "THERMOMETER"},
            "cargo:measurements": [
                {
                    "@type": "cargo:Measurement",
                    "cargo:measurementTimestamp": {
                        "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
                        "@value": ISO,
                    },
                    "cargo:measurementValue": {
                        "@type": "cargo:Value",
                        "cargo:numericalValue": {
                            "@type": "http://www.w3.org/2001/XMLSchema#double",
                            "@value": "4.5",
                        },
                        "cargo:unit": {"@id": "https://onerecord.iata.org/ns/code-lists/MeasurementUnitCode#CEL"},
                    },
                    "cargo:recordedGeolocation": {
                        "@type": "cargo:Geolocation",
                        "cargo:latitude": 50.03,
                        "cargo:longitude": 8.57,
                    },
                }
            ],
        }
    ],
}

RECORDER: dict[str, Any] = {
    "logger": {"serial": "EN-7", "type": "LOG 1"},
    "samples": [
        {"ts": "2026-09-21T16:13:00", "t": [{"value": 39.2}], "rh": 51, "pos": {"lat": 47.4, "lon": 8.5}},
        {"ts": "2026-09-21T16:03:00", "t": [{"value": None}], "rh": 52},
    ],
}
MAPPING: dict[str, Any] = {
    "message": {
        "records": "samples",
        "device": "$.logger.serial",
        "model": "$.logger.type",
        "latitude": "pos.lat",
        "longitude": "pos.lon",
        "time": {"path": "ts", "format": "iso", "zone": "Europe/Zurich"},
        "values": [
            {"path": "t[0].value", "quantity": "temperature", "unit": "°F", "sensor": "probe"},
            {"path": "rh", "quantity": "humidity", "unit": "%"},
        ],
    }
}

SENML: list[dict[str, Any]] = [
    {"bn": "urn:dev:ow:10e2073a01080063:", "bt": ISO_MS / 1000, "bu": "Cel", "n": "probe", "v": 4.6},
    {"n": "humidity", "u": "%RH", "v": 51},
    {"u": "lat", "n": "lat", "v": 47.4},
    {"u": "lon", "n": "lon", "v": 8.5},
]


def sender(device: str = "dw-0001", key: SigningKey = KEY) -> Sender:
    """Return a device that begins to send."""
    return Sender(key, device, boot_id=bytes(8), boot_n=1)


def packet() -> bytes:
    """Return a signed packet with everything that a record can hold."""
    return sender().send(
        utc_ms=ISO_MS,
        mono_ms=600_000,
        readings=[("probe", Quantity.TEMPERATURE, -600_000, 4200), ("probe", Quantity.TEMPERATURE, 0, None)],
        tsrc="gnss",
        light=2_500,
        shock=1_200,
        tamper_sw=True,
        ext_power=False,
        gnss=Gnss(fix=3, lat=50_033_000, lon=8_570_000, hacc=4_200, nsv=9, cn0=(40, 41), jam=3, spf=1),
        cell=Cell(mcc=262, mnc=1, lac=2, cid=3, rsrp=-95),
        fw=bytes(32),
    )


JSON_SAMPLES: dict[str, Any] = {
    "tive": TIVE,
    "tive-alert": TIVE_ALERT,
    "chirpstack": CHIRPSTACK,
    "tts": TTS,
    "traccar": TRACCAR,
    "osmand": OSMAND,
    "onerecord": ONE_RECORD,
    "json": RECORDER,
    "senml": SENML,
}
"""One message of every JSON format."""


def bodies() -> dict[str, bytes]:
    """Return a body of every format."""
    return {name: json.dumps(one).encode() for name, one in JSON_SAMPLES.items()} | {"packet": packet()}


def mapping_for(format_id: str) -> dict[str, Any] | None:
    """Return the mapping that a format's sample needs."""
    return MAPPING if format_id == "json" else None


def changed(message: Any, **members: Any) -> Any:
    """Return a deep copy with members replaced; `a__b` goes into `a`; None stays null."""
    copied = copy.deepcopy(message)
    for path, value in members.items():
        *above, last = path.split("__")
        holder = copied
        for step in above:
            holder = holder[step]
        holder[last] = value
    return copied
