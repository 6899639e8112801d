"""The canonical readings CSV: one text for one recording."""

import csv
import hashlib
import io
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from doseway.evidence.readings_csv import HEADER, chunks, readings_sha256
from doseway.model.clock import to_unix_ms
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus
from doseway.model.units import INVALID, milli

RECORDS = st.lists(st.tuples(st.integers(0, 4_102_444_800_000), st.integers(-200_000, 200_000) | st.just(INVALID)))


def recording(*series: Series) -> Recording:
    check = SignatureCheck(status=SignatureStatus.UNSIGNED)
    return Recording(format="test", format_version=1, device=Device(), series=series, signature=check)


def filled(sensor: str, records: list[tuple[int, int]], quantity: Quantity = Quantity.TEMPERATURE) -> Series:
    series = Series(sensor, quantity)
    for at, value in records:
        series.add(at, value)
    return series


def test_the_text_is_the_documented_one() -> None:
    one = filled("internal", [(1_667_882_940_000, 19_500), (1_667_883_540_000, INVALID), (1_667_883_540_001, -500)])
    two = filled('probe "A", top', [(0, 0)], Quantity.HUMIDITY)
    assert b"".join(chunks(recording(one, two))).decode() == (
        "sensor,quantity,observed_at,value\n"
        "internal,temperature,2022-11-08T04:49:00.000Z,19.5\n"
        "internal,temperature,2022-11-08T04:59:00.000Z,\n"
        "internal,temperature,2022-11-08T04:59:00.001Z,-0.5\n"
        '"probe ""A"", top",humidity,1970-01-01T00:00:00.000Z,0\n'
    )


@given(RECORDS, st.text(max_size=12))
def test_a_csv_reader_gets_every_record_back_exactly(records: list[tuple[int, int]], sensor: str) -> None:
    text = b"".join(chunks(recording(filled(sensor, records)))).decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    read = [
        (to_unix_ms(datetime.fromisoformat(at).astimezone(UTC)), milli(value) if value else INVALID)
        for _, _, at, value in rows
    ]
    assert read == records


@given(RECORDS, st.text(max_size=12))
def test_a_record_is_always_one_line(records: list[tuple[int, int]], sensor: str) -> None:
    text = b"".join(chunks(recording(filled(sensor, records))))
    assert text.count(b"\n") == len(records) + 1
    assert text.endswith(b"\n")


def test_the_hash_is_that_of_the_text_however_it_is_cut_into_chunks() -> None:
    series = filled("internal", [(index * 60_000, index) for index in range(10_000)])
    pieces = list(chunks(recording(series)))
    assert len(pieces) > 2
    assert max(map(len, pieces)) < 400_000
    assert readings_sha256(recording(series)) == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_a_recording_without_readings_is_the_header() -> None:
    assert b"".join(chunks(recording())) == HEADER
