"""Berlinger exports: real devices' files decoded to the digit, our own, and broken ones."""

import math
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.model.clock import to_unix_ms
from doseway.model.errors import DosewayError, FormatError, UnitError
from doseway.model.readings import AlarmSetting, Quantity, Recording, SignatureStatus
from doseway.model.units import INVALID

Decode = Callable[..., Recording]

FRIDGE_TAG_2 = "130400191542_202302140605.txt"
FRIDGE_TAG_2_L = "130500109088_202206081014.txt"
Q_TAG = "RCPJ00010_02_202211090128.txt"
EDITED = "test.txt"


def real(data: Path, name: str) -> bytes:
    return (data / "berlinger" / name).read_bytes()


def local(text: str) -> int:
    return to_unix_ms(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC))


@pytest.mark.parametrize("name", [FRIDGE_TAG_2, FRIDGE_TAG_2_L, Q_TAG])
def test_real_exports_are_genuine(data: Path, decode: Decode, name: str) -> None:
    check = decode(real(data, name), name).signature
    assert check.status is SignatureStatus.GENUINE
    assert check.issuer_key_source == "built-in, inferred"
    assert "inferred from public exports, not published by the vendor" in check.note


def test_the_export_that_was_edited_by_hand_is_altered(data: Path, decode: Decode) -> None:
    recording = decode(real(data, EDITED), EDITED)
    assert recording.signature.status is SignatureStatus.ALTERED
    assert recording.signature.is_body_valid is False
    assert recording.signature.is_certificate_valid is True
    assert recording.readings == 53
    assert recording.claims is not None
    assert len(recording.claims.days) == 38
    assert [note.code for note in recording.notes if note.code == "time-goes-back"] == []


def spared_by_flips(content: bytes, decode: Decode, rounds: int) -> list[int]:
    """Flip random single bits before the certificate; return those after which the file still passes for genuine."""
    spared = []
    for position in random.Random(rounds).sample(range(content.index(b"Cert:") * 8), rounds):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        try:
            if decode(bytes(flipped)).signature.status is SignatureStatus.GENUINE:
                spared.append(position)
        except DosewayError:
            continue  # refused: noticed, too
    return spared


@pytest.mark.parametrize(("name", "rounds"), [(FRIDGE_TAG_2, 200), (Q_TAG, 200), (FRIDGE_TAG_2_L, 25)])
def test_a_flipped_bit_before_the_certificate_is_noticed(data: Path, decode: Decode, name: str, rounds: int) -> None:
    assert spared_by_flips(real(data, name), decode, rounds) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [FRIDGE_TAG_2, Q_TAG, FRIDGE_TAG_2_L])
def test_2100_flipped_bits_before_the_certificate_are_noticed(data: Path, decode: Decode, name: str) -> None:
    assert spared_by_flips(real(data, name), decode, 700) == []


def test_the_real_q_tag_to_the_digit(data: Path, decode: Decode) -> None:
    recording = decode(real(data, Q_TAG), Q_TAG, zone="+00:00")
    (series,) = recording.series
    assert (series.sensor, series.quantity, len(series)) == ("internal", Quantity.TEMPERATURE, 124)
    assert series.observed_at_ms[0] == local("2022-11-08 04:49")
    assert series.observed_at_ms[-1] == local("2022-11-09 01:19")
    assert (min(series.value_milli), max(series.value_milli)) == (900, 24_300)
    assert (recording.interval_s, recording.zone, recording.start_delay_s) == (600, "UTC", 0)
    assert "start-delay-over" in {note.code for note in recording.notes}
    assert (recording.device.model, recording.device.serial) == ("Q-tag CLm doc LR", "RCPJ00010")
    assert (recording.device.firmware, recording.device.lot) == ("4.7.04o", "26102012")
    assert recording.settings == (
        AlarmSetting(slot="1", side="high", counting="consecutive", limit_milli=8000, after_s=1800),
        AlarmSetting(slot="2", side="high", counting="cumulative", limit_milli=8000, after_s=3600),
        AlarmSetting(slot="4", side="low", counting="cumulative", limit_milli=2000, after_s=3600),
        AlarmSetting(slot="5", side="low", counting="consecutive", limit_milli=2000, after_s=1800),
    )


def test_what_the_real_q_tag_claims(data: Path, decode: Decode) -> None:
    claims = decode(real(data, Q_TAG), Q_TAG, zone="UTC").claims
    assert claims is not None
    assert (claims.min_milli, claims.max_milli, claims.mean_milli, claims.mkt_milli) == (900, 24_300, 5400, 10_500)
    assert claims.activation_energy_kj_mol == 83.0
    assert [(one.slot, one.accumulated_s // 60) for one in claims.alarms] == [
        ("1", 219), ("2", 219), ("4", 598), ("5", 145), ("5", 32), ("5", 31),
    ]  # fmt: skip
    hot, cold = claims.alarms[0], claims.alarms[3]
    assert (hot.started_at_ms, hot.ended_at_ms, hot.peak_milli) == (local("2022-11-08 21:50"), None, 24_500)
    assert (cold.raised_at_ms, cold.ended_at_ms) == (local("2022-11-08 12:46"), local("2022-11-08 14:41"))
    assert claims.alarms[1].peak_milli is None


def test_the_real_fridge_tag_to_the_digit(data: Path, decode: Decode) -> None:
    recording = decode(real(data, FRIDGE_TAG_2_L), FRIDGE_TAG_2_L)
    (series,) = recording.series
    assert len(series) == recording.readings == 10_653
    assert (min(series.value_milli), max(series.value_milli)) == (-8400, 30_200)
    assert math.isclose(sum(series.value_milli) / len(series) / 1000, 6.5807, abs_tol=5e-5)
    assert (recording.interval_s, recording.start_delay_s) == (300, 600)
    assert recording.claims is not None
    days = recording.claims.days
    assert (len(days), days[0].date, days[-1].date) == (38, "2022-05-02", "2022-06-08")
    assert sum(day.alarms[0].raised_at_ms is not None for day in days) == 11
    assert sum(day.alarms[1].raised_at_ms is not None for day in days) == 19
    assert days[-2].alarms[1].raised_at_ms == local("2022-06-07 14:55")
    assert sum(day.alarms[1].accumulated_s for day in days) == 16_150 * 60
    assert sum(day.alarms[0].accumulated_s for day in days) == 13_830 * 60


def test_daily_records_without_a_log_decode_to_claims(data: Path, decode: Decode) -> None:
    recording = decode(real(data, FRIDGE_TAG_2), FRIDGE_TAG_2)
    assert (recording.readings, recording.series, recording.interval_s) == (0, (), None)
    assert recording.claims is not None
    assert len(recording.claims.days) == 60
    assert {"no-log", "device-errors"} <= {note.code for note in recording.notes}
    assert recording.settings[1].after_s == 600 * 60


@pytest.mark.parametrize("name", [FRIDGE_TAG_2_L, Q_TAG])
def test_the_device_marks_values_strictly_beyond_its_limits(data: Path, decode: Decode, name: str) -> None:
    content = real(data, name)
    recording = decode(content, name)
    low = max(one.limit_milli for one in recording.settings if one.side == "low")
    high = min(one.limit_milli for one in recording.settings if one.side == "high")
    marks = [
        line.rstrip(b"\r\n").endswith(b"\tx") for line in content.split(b"Data:")[1].split(b"\n") if b"\t20" in line
    ]
    assert marks == [not low <= value <= high for value in recording.series[0].value_milli]
    assert any(marks)
    assert any(value in {low, high} for value in recording.series[0].value_milli)  # at the limit, not marked
    assert "flags-disagree" not in {note.code for note in recording.notes}


def test_ten_thousand_readings_decode_within_a_quarter_second(data: Path, decode: Decode) -> None:
    content = real(data, FRIDGE_TAG_2_L)
    decode(content, FRIDGE_TAG_2_L)
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        decode(content, FRIDGE_TAG_2_L)
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.25


@pytest.mark.parametrize("minutes", [-210, 0, 345])
def test_the_zone_shifts_readings_and_claims_alike(export: bytes, decode: Decode, minutes: int) -> None:
    plain = decode(export)
    sign = "-" if minutes < 0 else "+"
    moved = decode(export, zone=f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}")
    shift = minutes * 60_000
    assert plain.zone == "undeclared"
    assert moved.offset_minutes == minutes
    assert [at - shift for at in plain.series[0].observed_at_ms] == list(moved.series[0].observed_at_ms)
    assert plain.claims is not None
    assert moved.claims is not None
    started = [one.started_at_ms for one in plain.claims.alarms if one.started_at_ms is not None]
    assert [at - shift for at in started] == [one.started_at_ms for one in moved.claims.alarms]


def test_all_signed_examples_decode_and_their_marks_agree(
    decode: Decode, maker: ModuleType, example_issuer: dict[str, str]
) -> None:
    for name, content in maker.signed().items():
        recording = decode(content, name, issuers=example_issuer)
        altered = name.endswith("-altered.txt")
        wanted = SignatureStatus.ALTERED if altered else SignatureStatus.GENUINE
        assert (name, recording.signature.status) == (name, wanted)
        assert (name, [note for note in recording.notes if note.code == "flags-disagree"]) == (name, [])


def test_an_unplugged_probe_is_unknown_and_told(decode: Decode, maker: ModuleType) -> None:
    recording = decode(maker.signed()["gap-and-unplugged-probe.txt"])
    assert list(recording.series[0].value_milli).count(INVALID) == 46
    assert any(note.code == "no-valid-reading" and "46 rows" in note.text for note in recording.notes)


def test_an_external_probe_is_called_so(decode: Decode, maker: ModuleType) -> None:
    assert decode(maker.signed()["ultra-low.txt"]).series[0].sensor == "external"


def rows_replaced(export: bytes, rows: bytes) -> bytes:
    start = export.index(b"Out of limits\r\n") + len(b"Out of limits\r\n")
    return export[:start] + rows + export[export.index(b"Cert:") :]


@pytest.mark.parametrize(
    ("row", "column", "what"),
    [
        (b"\t2026-05-18 4:49\t4.4\t", 2, "not a time"),
        (b"\t2026-05-18 24:49\t4.4\t", 2, "not a time"),
        (b"\t2026-02-30 04:49\t4.4\t", 2, "no day of the calendar"),
        (b"\t2026-05-18 04:49\t4,4\t", 19, "not a temperature"),
        (b"\t2026-05-18 04:49\t\t", 19, "not a temperature"),
        (b"\t2026-05-18 04:49\t4.4\ty", 23, "not the mark x"),
        (b"\t2026-05-18 04:49\t4.4\tx\tx", 1, "a row of 4 cells"),
        (b"\t2026-05-18 04:49", 1, "a row of 1 cells"),
        (b"\t2026-05-18 04:49\t99999.9\t", 19, "not a temperature"),
    ],
)
def test_a_damaged_row_is_refused_with_its_place(
    export: bytes, decode: Decode, row: bytes, column: int, what: str
) -> None:
    good = b"\t2026-05-18 04:39\t4.4\t\r\n"
    content = rows_replaced(export, good + row + b"\r\n")
    line = content[: content.index(row)].count(b"\n") + 1
    byte = content.index(row) + column - 1
    with pytest.raises(FormatError) as caught:
        decode(content, "f.txt")
    assert what in str(caught.value)
    assert str(caught.value.where) == f"f.txt, line {line}, column {column}, byte {byte}"


def test_a_damaged_row_is_refused_even_under_a_valid_signature(
    decode: Decode, writer: ModuleType, export: bytes, example_issuer: dict[str, str]
) -> None:
    lines = export[: export.index(b"Cert:")].decode().split("\r\n")[:-1]
    lines[-1] = lines[-1].replace(".", ",")
    content = writer.sealed(lines, "LOT")
    with pytest.raises(FormatError, match="not a temperature"):
        decode(content, issuers=example_issuer)


def test_rows_out_of_order_and_wrong_marks_are_told_and_kept(export: bytes, decode: Decode) -> None:
    rows = b"\t2026-05-18 04:49\t4.4\tx\r\n\t2026-05-18 04:39\t9.0\t\r\n\t2026-05-18 04:59\t--.-\tx\r\n"
    recording = decode(rows_replaced(export, rows))
    codes = {note.code: note.text for note in recording.notes}
    assert codes["time-goes-back"].startswith("1 rows")
    assert codes["flags-disagree"].startswith("2 rows")
    assert list(recording.series[0].value_milli) == [4400, 9000, INVALID]
    assert recording.signature.status is SignatureStatus.ALTERED


def test_rows_after_the_signature_are_not_the_devices(export: bytes, decode: Decode) -> None:
    plain = decode(export)
    longer = decode(export + b"\t2026-05-19 04:49\t4.4\t\r\n" * 5)
    assert longer.series == plain.series
    assert longer.signature.status is SignatureStatus.ALTERED


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"Type: 2, T AL: 8.0", b"Type: 2, T AL: warm", "T AL is 'warm', not a number"),
        (b"Logging Interval: 10", b"Logging Interval: ten", "not a whole number"),
        (b"Out of limits\r\n", b"Out of limits\tT2\r\n", "This layout is not known"),
        (b"Marker:", b"Other:", "outside of `Data:` and `Marker:`"),
    ],
)
def test_a_damaged_header_is_refused(export: bytes, decode: Decode, old: bytes, new: bytes, what: str) -> None:
    assert old in export
    with pytest.raises(FormatError) as caught:
        decode(export.replace(old, new, 1))
    assert what in str(caught.value)


def test_a_file_that_ends_in_the_header_is_refused(export: bytes, decode: Decode) -> None:
    with pytest.raises(FormatError, match="before any log"):
        decode(export[: export.index(b"\nRes:") + 1])


def test_a_device_set_to_another_unit_is_refused(decode: Decode, maker: ModuleType) -> None:
    content = maker.signed()["good-shipment.txt"].replace(b"Temp unit: C", b"Temp unit: F")
    with pytest.raises(UnitError, match=r"column 13.*set to the unit 'F'"):
        decode(content)


def test_an_unknown_kind_of_alarm_is_told_and_not_applied(export: bytes, decode: Decode) -> None:
    recording = decode(export.replace(b"Type: 2, T AL: 8.0", b"Type: 9, T AL: 8.0", 1))
    assert [one.slot for one in recording.settings] == ["2", "4", "5"]
    assert any(note.code == "alarm-unknown" and "type 9" in note.text for note in recording.notes)


def test_markers_are_told(export: bytes, decode: Decode) -> None:
    mark = b"yyyy-MM-dd hh:mm\t\r\n"
    recording = decode(export.replace(mark, mark + b"\t1\t4.2\t2026-05-18 06:00\t\r\n", 1))
    assert any(note.code == "markers" and "1 4.2 2026-05-18 06:00" in note.text for note in recording.notes)


def test_more_readings_than_allowed_are_refused(export: bytes, decode: Decode) -> None:
    count = decode(export).readings
    assert decode(export, max_readings=count).readings == count
    with pytest.raises(FormatError, match=f"more than {count - 1} readings"):
        decode(export, max_readings=count - 1)


ROW = st.tuples(
    st.integers(min_value=0, max_value=2_000_000),
    st.one_of(st.none(), st.integers(min_value=-2000, max_value=2000)),
)


@given(rows=st.lists(ROW, min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_what_a_device_writes_is_what_is_read(
    rows: list[tuple[int, int | None]], writer: ModuleType, decode: Decode
) -> None:
    """Any readings written in the layout come back exactly, signed and genuine."""
    base = local("2026-01-01 00:00")
    readings = [
        writer.Reading(base + minute * 60_000, tenths) for minute, tenths in sorted(rows, key=lambda row: row[0])
    ]
    alarms = (writer.Alarm("1", "high", 80, 30),)
    lines = [*writer._q_tag_head(writer.Export("Q-tag", "S1", "LOT", 10, alarms))]
    lines += ["Res:", *writer._log(writer.Export("Q-tag", "S1", "LOT", 10, alarms), readings, has_trailing_tab=True)]
    issuer = {writer.public_hex(writer.private_key("issuer")): "test"}
    recording: Recording = decode(writer.sealed(lines, "LOT"), issuers=issuer, zone="UTC")
    assert list(recording.series[0].observed_at_ms) == [one.at_ms for one in readings]
    assert list(recording.series[0].value_milli) == [
        INVALID if one.tenths is None else one.tenths * 100 for one in readings
    ]
    assert recording.signature.status is SignatureStatus.GENUINE
