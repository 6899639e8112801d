"""biovoice recordings: nibbles, signs, units, and what the device counted."""

from collections.abc import Callable
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.model.errors import FormatError
from doseway.model.readings import Quantity, Recording, SignatureStatus

Decode = Callable[..., Recording]
START_S = 1_767_225_600
UNIT_AT, POINTS_AT = 60, 409


def nibbles(number: int, size: int) -> bytes:
    return bytes(number >> 4 * place & 15 for place in range(size))


def recording_bytes(
    temperatures: list[int], humidity: list[int] | None = None, *, interval_s: int = 600, unit: int = 12
) -> bytes:
    head = bytearray(POINTS_AT)
    stop_s = START_S + interval_s * (len(temperatures) - 1)
    for at, number in ((8, 42), (28, START_S), (36, stop_s), (52, interval_s), (401, len(temperatures))):
        head[at : at + 8] = nibbles(number, 8)
    head[UNIT_AT] = unit
    head[253:257] = b"LOG1"
    points = [nibbles(value, 4) for value in temperatures]
    if humidity is not None:
        points = [point + nibbles(value, 4) for point, value in zip(points, humidity, strict=True)]
    return bytes(head) + b"".join(points) + b"dataend"


TENTHS = st.integers(min_value=-(2**15), max_value=2**15 - 1)


@given(st.lists(TENTHS, min_size=1, max_size=40))
@settings(deadline=None)
def test_signed_tenths_come_back_exactly(decode: Decode, temperatures: list[int]) -> None:
    recording = decode(recording_bytes(temperatures), "a.bv")
    (series,) = recording.series
    assert list(series.value_milli) == [value * 100 for value in temperatures]
    assert list(series.observed_at_ms) == [(START_S + 600 * index) * 1000 for index in range(len(temperatures))]
    assert recording.signature.status is SignatureStatus.UNSIGNED


def test_points_of_eight_bytes_are_temperature_and_humidity(decode: Decode) -> None:
    """A reader that steps by four bytes would mix them."""
    recording = decode(recording_bytes([-5, 40, 85], [450, 460, 470]), "a.bv")
    temperature, humidity = recording.series
    assert list(temperature.value_milli) == [-500, 4000, 8500]
    assert humidity.quantity is Quantity.HUMIDITY
    assert list(humidity.value_milli) == [45_000, 46_000, 47_000]
    assert temperature.observed_at_ms == humidity.observed_at_ms


def test_many_points_cross_the_chunks(decode: Decode) -> None:
    temperatures = [index % 200 - 100 for index in range(20_000)]
    (series,) = decode(recording_bytes(temperatures), "a.bv").series
    assert list(series.value_milli) == [value * 100 for value in temperatures]


def test_fahrenheit_is_converted_and_told(decode: Decode) -> None:
    recording = decode(recording_bytes([320, 410, -400], unit=15), "a.bv")
    assert list(recording.series[0].value_milli) == [0, 5000, -40_000]
    assert "unit-converted" in {note.code for note in recording.notes}


def test_the_example_claims_what_its_readings_say(decode: Decode, maker: ModuleType) -> None:
    recording = decode(maker.unsigned()["pharmacy.bv"])
    assert recording.claims is not None
    assert recording.claims.rounding == "rounded"
    assert recording.claims.time_in_band_s["2-8"] == len(recording.series[0]) * 600
    assert sum(recording.claims.time_in_band_s.values()) == len(recording.series[0]) * 600
    assert (recording.device.model, recording.device.serial, recording.interval_s) == ("BV-TH example", "20260042", 600)
    assert (recording.zone, recording.offset_minutes) == ("+01:00", 60)


def patched(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def test_contradictory_counters_are_told(decode: Decode) -> None:
    content = patched(recording_bytes([40] * 10), 221, nibbles(7200, 8))
    content = patched(content, 36, nibbles(START_S, 8))
    assert {"counters-disagree", "points-disagree"} <= {note.code for note in decode(content, "a.bv").notes}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "ends after 0 of 409"),
        (recording_bytes([40])[:300], "ends after 300 of 409"),
        (recording_bytes([40] * 9)[:-8], "`dataend` is not where 9 points end"),
        (patched(recording_bytes([40] * 9), UNIT_AT, b"\x03"), "temperature unit 3"),
        (patched(recording_bytes([40] * 9), 413, b"\x10"), "byte 413: byte 0x10 where a nibble"),
        (patched(recording_bytes([40] * 9), 29, b"\xff"), "byte 29: byte 0xff where a nibble"),
        (patched(recording_bytes([40] * 9), 52, nibbles(0, 8)), "interval of 0 s"),
        (patched(recording_bytes([40] * 9), 401, nibbles(2**32 - 1, 8)), "more than 20,000,000 readings"),
        (patched(recording_bytes([40] * 9), 28, b"\x0f" * 8) + b"", None),
    ],
)
def test_damage_is_refused_with_its_place(decode: Decode, content: bytes, what: str | None) -> None:
    if what is None:  # the year 2106 is odd, and readable
        assert decode(content, "a.bv").readings == 9
        return
    with pytest.raises(FormatError) as caught:
        decode(content, "a.bv")
    assert what in str(caught.value)


def test_both_series_count_against_the_cap(decode: Decode) -> None:
    content = recording_bytes([40] * 10, [500] * 10)
    assert decode(content, "a.bv", max_readings=20).readings == 20
    with pytest.raises(FormatError, match="more than 19 readings"):
        decode(content, "a.bv", max_readings=19)
