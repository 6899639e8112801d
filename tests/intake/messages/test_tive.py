"""Tive device messages: the documented message, and each of its traps."""

import json
from typing import Any

import pytest
from examples.messages import ISO_MS, RECEIVED_MS, TIVE, changed
from tests.intake.messages.conftest import Decode
from tests.intake.messages.recordings_kit import codes, times, values

from doseway.model.errors import FormatError, UnitError
from doseway.model.readings import Quantity
from doseway.model.units import DAY_MS


def test_the_documented_message(decode: Decode) -> None:
    (recording,) = decode("tive", TIVE)
    assert (recording.device.serial, recording.device.model, recording.format) == ("860000000000001", "Tive", "tive")
    assert values(recording, "internal") == [23_000]
    assert values(recording, "probe") == [4_250]
    assert values(recording, "internal", Quantity.PRESSURE) == [999_740]
    assert values(recording, "light", Quantity.LIGHT) == [133_260]
    assert values(recording, "light-min", Quantity.LIGHT) == [5_220]
    assert values(recording, "light-max", Quantity.LIGHT) == [300_000]
    assert values(recording, "battery", Quantity.BATTERY) == [55_000]
    assert values(recording, "cellular", Quantity.RADIO) == [-73_000]
    (fix,) = recording.fixes
    assert (fix.latitude_udeg, fix.longitude_udeg, fix.accuracy_mm, fix.method) == (
        40_810_000,
        -73_880_000,
        23_000,
        "wifi",
    )
    assert {at for series in recording.series for at in series.observed_at_ms} == {ISO_MS}
    assert recording.notes == ()


def test_the_epoch_is_the_time_and_is_in_milliseconds(decode: Decode) -> None:
    (recording,) = decode("tive", changed(TIVE, EntryTimeUtc="1999-01-01T00:00:00"))
    assert times(recording, "probe") == [ISO_MS]


@pytest.mark.parametrize(
    "text", ["2026-09-21T14:13:00.8229403", "2026-09-21T14:13:00.822Z", "2026-09-21T10:13:00.822-04:00"]
)
def test_without_the_epoch_the_text_is_utc_with_and_without_a_zone(decode: Decode, text: str) -> None:
    (recording,) = decode("tive", changed(TIVE, EntryTimeEpoch=None, EntryTimeUtc=text), zone="Asia/Tokyo")
    assert times(recording, "probe") == [ISO_MS + 822]


def test_float32_noise_goes(decode: Decode) -> None:
    (recording,) = decode("tive", TIVE)
    assert values(recording, "internal", Quantity.HUMIDITY) == [33_300]


def test_a_shock_time_of_1970_is_no_shock(decode: Decode) -> None:
    (recording,) = decode("tive", TIVE)
    assert values(recording, "shock", Quantity.SHOCK) == []


def test_a_shock_is_a_reading_at_its_own_time(decode: Decode) -> None:
    (recording,) = decode("tive", changed(TIVE, ShockTime="2026-09-21T14:10:30Z"))
    assert values(recording, "shock", Quantity.SHOCK) == [10_657]
    assert times(recording, "shock", Quantity.SHOCK) == [ISO_MS - 150_000]


def test_a_shock_without_a_time_is_at_that_of_the_report_and_said_so(decode: Decode) -> None:
    (recording,) = decode("tive", changed(TIVE, ShockTime=None))
    assert times(recording, "shock", Quantity.SHOCK) == [ISO_MS]
    assert "shock-time" in codes(recording)


def test_everything_may_be_null(decode: Decode) -> None:
    names = set(TIVE) - {"DeviceId", "EntryTimeEpoch"}
    (recording,) = decode("tive", TIVE | dict.fromkeys(names))
    assert (recording.series, recording.fixes, recording.signals) == ((), (), ())
    (recording,) = decode("tive", changed(TIVE, Location__Accuracy=None, Location__LocationMethod=None))
    assert (recording.fixes[0].accuracy_mm, recording.fixes[0].method) == (None, "unknown")


def test_the_least_message(decode: Decode) -> None:
    least = {
        "EntryTimeEpoch": ISO_MS,
        "DeviceName": "A000001",
        "Temperature": {"Celsius": 5},
        "Location": {"Latitude": 1.5, "Longitude": 2.5},
    }
    (recording,) = decode("tive", least)
    assert recording.device.serial == "A000001"
    assert values(recording, "internal") == [5_000]
    assert codes(recording) == ["device-name"]


def test_two_device_ids_the_top_one_counts_and_a_note_says_so(decode: Decode) -> None:
    (recording,) = decode("tive", changed(TIVE, Shipment__DeviceId="860000000000999"))
    assert recording.device.serial == "860000000000001"
    assert "two-device-ids" in codes(recording)
    assert "860000000000999" in recording.notes[0].text


def test_no_device_is_refused(decode: Decode) -> None:
    with pytest.raises(FormatError, match=r"no device.*DeviceId"):
        decode("tive", TIVE | dict.fromkeys(("DeviceId", "DeviceName", "EntityName")))


@pytest.mark.parametrize(("latitude", "longitude"), [(90.01, 0), (-91, 10), (10, 180.5), (10, -1e300)])
def test_no_place_on_the_earth_is_refused_with_its_line(decode: Decode, latitude: float, longitude: float) -> None:
    wrong = changed(TIVE, Location__Latitude=latitude, Location__Longitude=longitude)
    with pytest.raises(FormatError, match="no place on the Earth") as caught:
        decode("tive", lines(TIVE, TIVE, wrong))
    assert str(caught.value).startswith("body, line 3: message 3: latitude")


def test_latitude_0_longitude_0_is_no_fix(decode: Decode) -> None:
    (recording,) = decode("tive", changed(TIVE, Location__Latitude=0, Location__Longitude=0))
    assert recording.fixes == ()
    assert "no-fix" in codes(recording)


@pytest.mark.parametrize(("shift_ms", "code"), [(121_000, "time-ahead"), (-91 * DAY_MS, "time-behind")])
def test_a_time_far_from_the_arrival_is_kept_and_flagged(decode: Decode, shift_ms: int, code: str) -> None:
    (recording,) = decode("tive", changed(TIVE, EntryTimeEpoch=RECEIVED_MS + shift_ms))
    assert codes(recording) == [code]
    assert times(recording, "probe") == [RECEIVED_MS + shift_ms]


@pytest.mark.parametrize("shift_ms", [119_000, 0, -89 * DAY_MS])
def test_a_time_near_the_arrival_or_of_a_buffer_is_not_flagged(decode: Decode, shift_ms: int) -> None:
    (recording,) = decode("tive", changed(TIVE, EntryTimeEpoch=RECEIVED_MS + shift_ms))
    assert codes(recording) == []


def test_the_time_of_a_clock_that_was_never_set_is_the_arrival(decode: Decode) -> None:
    (recording,) = decode("tive", changed(TIVE, EntryTimeEpoch=86_400_000))
    assert times(recording, "probe") == [RECEIVED_MS]
    assert codes(recording) == ["arrival-time"]
    with pytest.raises(FormatError, match=r"never set.*arrival is not known"):
        decode("tive", changed(TIVE, EntryTimeEpoch=86_400_000), received_at_ms=None)


@pytest.mark.parametrize("epoch", [-1, 7_258_118_400_000, 1e300])
def test_what_is_no_time_is_refused(decode: Decode, epoch: float) -> None:
    with pytest.raises(FormatError, match="no time of a reading"):
        decode("tive", changed(TIVE, EntryTimeEpoch=epoch))


@pytest.mark.parametrize("celsius", [327.67, -127, 85])
def test_a_sentinel_is_no_reading_and_is_kept_and_noted(decode: Decode, celsius: float) -> None:
    (recording,) = decode("tive", changed(TIVE, ProbeTemperature={"Celsius": celsius}))
    assert values(recording, "probe") == [None]
    assert codes(recording) == ["no-reading"]


@pytest.mark.parametrize("celsius", [-273.16, 300.5, 1e308, -1e308])
def test_what_no_sensor_can_measure_is_no_reading(decode: Decode, celsius: float) -> None:
    (recording,) = decode("tive", changed(TIVE, ProbeTemperature={"Celsius": celsius}))
    assert values(recording, "probe") == [None]
    assert "outside of what temperature can be" in recording.notes[0].text


def test_fahrenheit_alone_is_converted(decode: Decode) -> None:
    (recording,) = decode("tive", changed(TIVE, ProbeTemperature={"Celsius": None, "Fahrenheit": 39.2}))
    assert values(recording, "probe") == [4_000]


def test_two_units_that_contradict_each_other_are_refused(decode: Decode) -> None:
    with pytest.raises(UnitError, match=r"39\.2 °C and 39\.2 °F at once"):
        decode("tive", changed(TIVE, ProbeTemperature={"Celsius": 39.2, "Fahrenheit": 39.2}))
    (recording,) = decode("tive", changed(TIVE, ProbeTemperature={"Celsius": 4, "Fahrenheit": 39.0}))
    assert values(recording, "probe") == [4_000]  # both rounded


def test_the_weather_is_not_the_products(decode: Decode) -> None:
    (recording,) = decode("tive", changed(TIVE, Weather__Temperature={"Celsius": 45}))
    assert 45_000 not in [value for series in recording.series for value in series.value_milli]


def test_many_messages_are_one_recording_for_each_device(decode: Decode) -> None:
    other = changed(TIVE, DeviceId="860000000000002", Shipment=None)
    later = changed(TIVE, EntryTimeEpoch=ISO_MS + 1000)
    for body in ([TIVE, other, later], lines(TIVE, other, later)):
        one, two = decode("tive", body)
        assert (one.device.serial, two.device.serial) == ("860000000000001", "860000000000002")
        assert times(one, "probe") == [ISO_MS, ISO_MS + 1000]
        assert times(two, "probe") == [ISO_MS]


def lines(*messages: Any) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in messages)
