"""Hostile messages: whatever the bytes, recordings or an error of ours; in bounded time and memory.

The suite takes every registered message format, so a new one is attacked as soon as it has a sample.
"""

import json
import random
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from examples.messages import MAPPING, QUERY, RECEIVED_MS, bodies, mapping_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doseway.intake.message_registry import all_formats, by_id, names
from doseway.intake.port import DecodeOptions
from doseway.model.errors import DataError, FormatError, UsageError
from doseway.model.readings import Recording

SAMPLES = [*bodies().items(), ("osmand", QUERY)]
SLOWEST_S = 5.0  # of the processor: other work on the machine does not count


def attempt(format_id: str, body: bytes, **caps: Any) -> tuple[Recording, ...] | None:
    """Decode; an error of ours is an answer, anything else is a crash."""
    mapping = mapping_for(format_id)
    options = DecodeOptions(name="hostile", received_at_ms=RECEIVED_MS, mapping=mapping, **caps)
    try:
        return by_id(format_id).decode(body, options)
    except DataError:
        return None


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return the content with one of the damages that networks, gateways and attackers do."""
    raw = bytearray(content)
    at = rng.randrange(len(raw))
    match rng.randrange(7):
        case 0:
            raw[at] ^= 1 << rng.randrange(8)
        case 1:
            raw[at] = rng.randrange(256)
        case 2:
            del raw[at:]
        case 3:
            del raw[at : at + rng.randrange(1, 60)]
        case 4:
            raw[at:at] = raw[at : at + rng.randrange(1, 60)]
        case 5:
            hostile = [
                b"\x00",
                b'"',
                b"\n",
                b"[",
                b"{",
                b"9" * 400,
                b"1e308",
                b"-",
                b"null",
                b"NaN",
                b"true",
                b"{}",
                b"[]",
            ]
            raw[at:at] = rng.choice(hostile)
        case _:
            raw[at : at + 8] = rng.randbytes(8)
    return bytes(raw)


def attack(format_id: str, body: bytes, rounds: int) -> None:
    rng = random.Random(f"{format_id} {rounds}")
    for _ in range(rounds):
        broken = body
        for _ in range(rng.randrange(1, 4)):
            broken = damaged(broken or b"x", rng)
        start = time.process_time()
        attempt(format_id, broken)
        assert time.process_time() - start < SLOWEST_S, broken


@pytest.mark.parametrize(("format_id", "body"), SAMPLES)
def test_damaged_messages_are_read_or_refused(format_id: str, body: bytes) -> None:
    attack(format_id, body, 800)


@pytest.mark.slow
@pytest.mark.parametrize(("format_id", "body"), SAMPLES)
def test_damaged_messages_are_read_or_refused_for_long(format_id: str, body: bytes) -> None:
    attack(format_id, body, 5_000)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "now", "2026-09-21T14:13:00", "0000-00-00", "9999-12-31T23:59:59-14:00", "CEL", "\x00", "🌡"])
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to everything in a message."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, one in inner for found in leaves(one, (*path, name)))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copied = value.copy()
    copied[path[0]] = replaced(value[path[0]], path[1:], by)
    return copied


JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner))


@pytest.mark.parametrize("format_id", sorted(set(names()) - {"packet"}))
@given(data=st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_value_anywhere_is_read_or_refused(format_id: str, data: st.DataObject) -> None:
    message = json.loads(bodies()[format_id])
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(leaves(message)))
        message = replaced(message, path, data.draw(JSON))
    attempt(format_id, json.dumps(message).encode())


@given(st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_read_or_refused_by_every_format(body: bytes) -> None:
    for name in names():
        attempt(name, body)


def test_every_format_decodes_its_sample_with_the_id_and_version_that_it_has() -> None:
    assert {name for name, _ in SAMPLES} == set(names())
    for name, body in SAMPLES:
        found = attempt(name, body)
        assert found
        assert {(one.format, one.format_version) for one in found} == {(by_id(name).id, by_id(name).version)}


@pytest.mark.parametrize("format_id", sorted(set(names()) - {"packet"}))
def test_single_array_and_lines_say_the_same(format_id: str) -> None:
    body = bodies()[format_id]
    single = attempt(format_id, body)
    assert single is not None
    pretty = json.dumps(json.loads(body), indent=2).encode()
    assert attempt(format_id, pretty) == single
    assert attempt(format_id, b"\xef\xbb\xbf" + body) == single or format_id in {"osmand", "senml"}
    bodies_of_two = [b"\n" + body + b"\r\n\n" + body + b"\n"]
    if format_id != "senml":  # a pack is itself an array
        bodies_of_two.append(b"[" + body + b"," + body + b"]")
    doubled = [attempt(format_id, two) for two in bodies_of_two]
    assert all(one is not None for one in doubled)
    assert len({repr(one) for one in doubled}) == 1
    assert {one.device.serial for one in doubled[0] or ()} == {one.device.serial for one in single}


def test_decoding_is_a_function_of_the_body() -> None:
    """No state of one body leaks into the next."""
    first = [attempt(name, body) for name, body in SAMPLES]
    for name, body in SAMPLES:
        attempt(name, body[:-1])
    assert [attempt(name, body) for name, body in SAMPLES] == first


Bomb = Callable[[], bytes]
DEEP: dict[str, Bomb] = {
    "deep arrays": lambda: b"[" * 500_000,
    "deep objects": lambda: b'{"a":' * 300_000,
    "deep in a member": lambda: b'{"object":' + b'{"a":' * 300_000 + b"1" + b"}" * 300_001,
    "deep in what is ignored": lambda: b'{"zzz":' + b"[" * 300_000 + b"]" * 300_000 + b"}",
    "deep and closed": lambda: b"[" * 300_000 + b"]" * 300_000,
    "a long number": lambda: b'{"DeviceId":"1","EntryTimeEpoch":' + b"9" * 1_000_000 + b"}",
    "a long text": lambda: b'{"DeviceId":"' + b"9" * 3_000_000 + b'"}',
    "newlines": lambda: b"\n" * 1_000_000 + b"{}" + b"\n" * 1_000_000,
    "braces in lines": lambda: b"}\n{" * 300_000,
    "empty objects": lambda: b"[" + b"{}," * 200_000 + b"{}]",
    "empty lines of objects": lambda: b"{}\n" * 200_000,
    "closing": lambda: b"]}" * 500_000,
    "spaces before a brace": lambda: b"}" + b" \n" * 500_000,
    "ampersands": lambda: b"&" * 1_000_000,
    "tagged": lambda: b"\xd2" * 500_000,
    "long lengths": lambda: b"\xd2\x84\x5b" + b"\x7f" * 8 + b"x" * 100_000,
}


@pytest.mark.parametrize("what", DEEP)
def test_what_is_deep_or_long_neither_crashes_nor_takes_long(what: str) -> None:
    body = DEEP[what]()
    for name in names():
        start = time.process_time()
        attempt(name, body)
        assert (name, time.process_time() - start < SLOWEST_S) == (name, True)


def test_names_without_end_are_refused() -> None:
    many = {f"v{index}": 1.5 for index in range(5_000)}
    event = {"deviceInfo": {"devEui": "a"}, "time": "2026-09-21T14:13:00Z", "object": many}
    with pytest.raises(FormatError, match="different names"):
        by_id("chirpstack").decode(json.dumps(event).encode(), DecodeOptions())
    devices = b"\n".join(b'{"DeviceId":"%d","EntryTimeEpoch":1790000000000}' % index for index in range(10_001))
    with pytest.raises(FormatError, match="10,000 devices"):
        by_id("tive").decode(devices, DecodeOptions())


def test_contexts_without_end_are_refused() -> None:
    terms = {f"t{index}": "http://example.com/" for index in range(3_000)}
    node = {"@context": terms, "@type": "Sensor"}
    with pytest.raises(FormatError, match="contexts are too large"):
        by_id("onerecord").decode(json.dumps(node).encode(), DecodeOptions())


def test_the_caps_hold() -> None:
    for name, body in SAMPLES:
        assert attempt(name, body, max_bytes=len(body)) is not None
        with pytest.raises(FormatError, match="larger than"):
            by_id(name).decode(body, DecodeOptions(max_bytes=len(body) - 1, mapping=mapping_for(name)))
    one = b'{"DeviceId":"1","EntryTimeEpoch":1790000000000,"Temperature":{"Celsius":5}}'
    assert attempt("tive", b"\n".join([one] * 10), max_readings=10)
    assert attempt("tive", b"\n".join([one] * 11), max_readings=10) is None


def test_memory_grows_with_the_body_and_no_faster() -> None:
    """Ten times the messages of one device take about ten times the memory, within 60 times the body's size."""
    for count in (1_000, 10_000):
        body = b"\n".join(
            b'{"DeviceId":"1","EntryTimeEpoch":%d,"Temperature":{"Celsius":5.5}}' % (RECEIVED_MS - index)
            for index in range(count)
        )
        tracemalloc.start()
        try:
            attempt("tive", body)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 60 * len(body)


def test_a_wrong_zone_is_refused_by_every_format_that_reads_times() -> None:
    for name in set(names()) - {"packet"}:
        with pytest.raises(UsageError, match="no time zone"):
            by_id(name).decode(bodies()[name], DecodeOptions(zone="Europe/Zurch", mapping=mapping_for(name)))


def test_the_registry_knows_all() -> None:
    assert [one.id for one in all_formats()] == list(names())
    assert set(names()) >= {
        "tive",
        "tive-alert",
        "chirpstack",
        "tts",
        "traccar",
        "osmand",
        "onerecord",
        "json",
        "senml",
    }
    with pytest.raises(UsageError, match=r"no message format 'acme'.*traccar"):
        by_id("acme")
    assert MAPPING["message"]["values"]
