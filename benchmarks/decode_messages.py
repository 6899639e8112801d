"""Decoding live messages into recordings, beside the standard library's JSON with the same values taken out."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from examples.messages import PUBLIC_HEX, RECEIVED_MS, TIVE, TRACCAR, changed, sender

from benchmarks.row import Row, row, seconds
from doseway.intake.message_registry import by_id
from doseway.intake.port import DecodeOptions

MESSAGES = 2_000
DEVICES = 50
PEER = "json.loads and the same values into lists"
OPTIONS = DecodeOptions(name="benchmark", received_at_ms=RECEIVED_MS)


def run() -> list[Row]:
    """Measure singles and batches."""
    return list(_rows())


def _rows() -> Iterator[Row]:
    tive = [_tive(number) for number in range(MESSAGES)]
    yield _measure("tive, NDJSON of 1.8 kB messages of 50 devices", "tive", [b"\n".join(tive)], tive, _peer_tive)
    yield _measure("tive, one message a body", "tive", tive, tive, _peer_tive)
    traccar = [_traccar(number) for number in range(MESSAGES)]
    yield _measure("traccar, one message a body", "traccar", traccar, traccar, _peer_traccar)
    signed = _signed()
    (took,) = seconds(lambda: _decode("packet", signed, OPTIONS_SIGNED))
    yield row("packet, signature checked, one a body", len(signed) / took, "packets/s")


def _measure(
    name: str, format_id: str, bodies: Sequence[bytes], messages: Sequence[bytes], peer: Callable[[Any, Any], None]
) -> Row:
    ours, theirs = seconds(lambda: _decode(format_id, bodies, OPTIONS), lambda: _peer(messages, peer))
    return row(name, len(messages) / ours, "messages/s", PEER, len(messages) / theirs)


def _decode(format_id: str, bodies: Sequence[bytes], options: DecodeOptions) -> None:
    decode = by_id(format_id).decode
    for body in bodies:
        decode(body, options)


def _peer(messages: Sequence[bytes], take: Callable[[Any, Any], None]) -> None:
    devices: dict[str, dict[str, list[Any]]] = {}
    for message in messages:
        take(json.loads(message), devices)


def _peer_tive(message: Any, devices: dict[str, dict[str, list[Any]]]) -> None:
    columns = devices.setdefault(message["DeviceId"], {})
    at_ms = message["EntryTimeEpoch"]
    for name, member in (
        *(("Temperature", "Celsius"), ("ProbeTemperature", "Celsius"), ("Humidity", "Percentage")),
        *(("Battery", "Percentage"), ("Light", "Lux"), ("MinLight", "Lux"), ("MaxLight", "Lux")),
        *(("Pressure", "Psi"), ("Cellular", "Dbm")),
    ):
        columns.setdefault(name, []).append((at_ms, round(message[name][member] * 1000)))
    place = message["Location"]
    fix = (at_ms, round(place["Latitude"] * 1e6), round(place["Longitude"] * 1e6), place["Accuracy"]["Meters"])
    columns.setdefault("fixes", []).append(fix)


def _peer_traccar(message: Any, devices: dict[str, dict[str, list[Any]]]) -> None:
    columns = devices.setdefault(message["device"]["uniqueId"], {})
    position = message["position"]
    for name in ("temp1", "humidity", "batteryLevel", "door"):
        value = round(position["attributes"][name] * 1000)
        columns.setdefault(name, []).append((position["deviceTime"], value))
    fix = (position["fixTime"], position["latitude"], position["longitude"], position["accuracy"], position["speed"])
    columns.setdefault("fixes", []).append(fix)


def _tive(number: int) -> bytes:
    device = f"8600000000000{number % DEVICES:02d}"
    message = changed(TIVE, DeviceId=device, Shipment__DeviceId=device, EntryTimeEpoch=RECEIVED_MS - number * 1000)
    return json.dumps(message).encode()


def _traccar(number: int) -> bytes:
    return json.dumps(changed(TRACCAR, device__uniqueId=f"8610010007199{number % DEVICES:02d}")).encode()


def _signed() -> list[bytes]:
    device = sender()
    return [device.send(utc_ms=RECEIVED_MS - 1000, mono_ms=number, readings=[]) for number in range(MESSAGES)]


OPTIONS_SIGNED = DecodeOptions(name="benchmark", received_at_ms=RECEIVED_MS, issuers={PUBLIC_HEX: "device:dw-0001"})
