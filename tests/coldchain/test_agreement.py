"""The device's figures beside ours: real files agree, files that were edited contradict themselves."""

from pathlib import Path

import msgspec
import pytest
from tests.coldchain.readings_kit import every

from doseway.coldchain import agreement
from doseway.coldchain.agreement import Agreement
from doseway.coldchain.judge import judge
from doseway.coldchain.profile import from_device, without_limits
from doseway.intake import registry
from doseway.intake.port import DecodeOptions
from doseway.model.readings import DeviceClaims, Quantity, Recording, Series, SignatureCheck, SignatureStatus

SIGNATURE = SignatureCheck(status=SignatureStatus.UNSIGNED)


def read(path: Path) -> Recording:
    with path.open("rb") as stream:
        return registry.detect_stream(stream, path.name).decode(stream, DecodeOptions(name=path.name))


def compare(recording: Recording) -> dict[str, Agreement]:
    profile = from_device(recording) or without_limits()
    interval = None if recording.interval_s is None else recording.interval_s * 1000
    found = agreement.compare(recording, judge(recording.series, profile, interval, recording.offset_minutes))
    return {f"{number} {one.what}": one for number, one in enumerate(found)}


def test_the_q_tag_agrees_with_its_log(data: Path) -> None:
    found = compare(read(data / "berlinger" / "RCPJ00010_02_202211090128.txt"))
    assert len(found) == 10
    assert [name for name, one in found.items() if not one.agrees] == []
    told = {name.split(" ", 1)[1]: (one.device, one.ours) for name, one in found.items()}
    assert told["MKT at 83 kJ/mol"] == ("10.5 °C", "10.5 °C (10.584)")
    assert told["Average"] == ("5.4 °C", "5.4 °C (5.461)")
    assert told["Alarm 2: time above 8.0 °C in all"] == ("3 h 39 min", "3 h 30 min")
    assert told["Alarm 4: time below 2.0 °C in all"] == ("9 h 58 min", "9 h 40 min")


def test_the_fridge_tag_agrees_with_its_log(data: Path) -> None:
    found = list(compare(read(data / "berlinger" / "130500109088_202206081014.txt")).values())
    assert all(one.agrees for one in found)
    assert [(one.device, one.ours) for one in found] == [
        ("13,830 min", "13,825 min"),
        ("16,150 min", "16,145 min"),
        ("30 alarms in 72", "72 of 72 the same"),
        ("36 days", "35 of 36 the same"),
    ]


@pytest.mark.parametrize(
    "name", ["RCPJ00010_02_202211090128.txt", "130500109088_202206081014.txt", "130400191542_202302140605.txt"]
)
def test_genuine_files_do_not_contradict_themselves(data: Path, name: str) -> None:
    assert agreement.contradictions(read(data / "berlinger" / name)) == ()


def test_rows_deleted_by_hand_contradict_the_daily_records(data: Path) -> None:
    (told,) = agreement.contradictions(read(data / "berlinger" / "test.txt"))
    assert "36 full days within the log, but on 36 of them" in told
    assert "rows were deleted" in told


def test_generated_files_agree_and_the_altered_one_contradicts_itself(examples: Path) -> None:
    for path in sorted(examples.glob("*.txt")):
        recording = read(path)
        if "altered" in path.stem:
            assert "both cannot be true" in agreement.contradictions(recording)[0]
        else:
            assert agreement.contradictions(recording) == ()
            assert [one.what for one in compare(recording).values() if not one.agrees] == []


def recording(series: Series, claims: DeviceClaims | None) -> Recording:
    device = Recording(format="f", format_version=1, device=msgspec.UNSET, series=(series,), signature=SIGNATURE)  # type: ignore[arg-type]  # not looked at
    return msgspec.structs.replace(device, claims=claims, interval_s=600)


def test_a_device_that_computed_nothing_is_not_compared() -> None:
    assert compare(recording(every(10, [5, 5]), None)) == {}


def test_a_log_without_readings_is_not_compared() -> None:
    silent = recording(every(10, [None, None]), DeviceClaims(max_milli=9000))
    assert compare(silent) == {}
    assert agreement.contradictions(silent) == ()


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        (DeviceClaims(max_milli=6000), "goes up to 9.0 °C"),
        (DeviceClaims(min_milli=6000), "goes down to 5.0 °C"),
        (DeviceClaims(mkt_milli=9000), "says an MKT of 9.0 °C, but its log gives"),
    ],
)
def test_a_log_beyond_the_devices_own_extremes_is_told(claims: DeviceClaims, told: str) -> None:
    (sentence,) = agreement.contradictions(recording(every(10, [5, 9, 5]), claims))
    assert told in sentence


@pytest.mark.parametrize(("claimed", "agrees"), [(1200, True), (2400, True), (2401, False)])
def test_time_in_a_band_agrees_within_two_intervals(claimed: int, agrees: bool) -> None:
    claims = DeviceClaims(time_in_band_s={"2-8": claimed, "high-a": 5})
    (one,) = compare(recording(every(10, [8.0, 2.0, 8.1, 1.9]), claims)).values()
    assert (one.ours, one.agrees) == ("20 min", agrees)


def test_rounded_figures_have_a_wider_tolerance() -> None:
    for mean, agrees in ((5150, True), (5151, False)):
        claims = DeviceClaims(mean_milli=mean, rounding="rounded")
        (one,) = compare(recording(every(10, [5.0, 5.0]), claims)).values()
        assert one.agrees is agrees


def test_below_zero_figures_are_cut_towards_zero() -> None:
    claims = DeviceClaims(mean_milli=-200)
    (one,) = compare(recording(every(10, [-0.25, -0.25]), claims)).values()
    assert (one.ours, one.agrees) == ("−0.2 °C (−0.25)", True)


def test_humidity_is_not_compared_with_temperatures() -> None:
    humid = Series("h", Quantity.HUMIDITY)
    humid.add(0, 60_000)
    assert compare(recording(humid, DeviceClaims(max_milli=9000))) == {}
