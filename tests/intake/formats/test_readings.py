"""Canonical readings read back to exactly what was written."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.evidence import readings_csv
from doseway.intake.formats.readings import FORMAT, HEADER
from doseway.intake.port import DecodeOptions
from doseway.intake.registry import detect
from doseway.model.errors import FormatError
from doseway.model.readings import Device, Quantity, Recording, Series, SignatureCheck, SignatureStatus
from doseway.model.units import INVALID

RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["d1/probe", 'a,"b"', "ü"]),
        st.sampled_from([Quantity.TEMPERATURE, Quantity.LIGHT]),
        st.integers(0, 7_258_118_399_999),
        st.one_of(st.just(INVALID), st.integers(-(1 << 31) + 1, (1 << 31) - 1)),
    ),
    max_size=30,
)


def recording(records: list[tuple[str, Quantity, int, int]]) -> Recording:
    series: dict[tuple[str, Quantity], Series] = {}
    for sensor, quantity, at_ms, value in records:
        series.setdefault((sensor, quantity), Series(sensor, quantity)).add(at_ms, value)
    unsigned = SignatureCheck(status=SignatureStatus.UNSIGNED)
    return Recording(format="t", format_version=1, device=Device(), series=tuple(series.values()), signature=unsigned)


def decode(data: bytes, **more: Any) -> Recording:
    return FORMAT.decode(io.BytesIO(data), DecodeOptions(name="x.csv", **more))


@settings(deadline=None)
@given(RECORDS)
def test_what_was_written_is_read(records: list[tuple[str, Quantity, int, int]]) -> None:
    written = recording(records)
    data = b"".join(readings_csv.chunks(written))
    read = decode(data)
    assert read.series == written.series
    assert readings_csv.readings_sha256(read) == readings_csv.readings_sha256(written)
    assert detect(data, "x.csv") is FORMAT


def test_the_header_is_that_of_the_packs() -> None:
    assert HEADER == readings_csv.HEADER


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"a,temperature,2022-11-08T04:49:00.000Z\n", "4 fields"),
        (b"a,temperature,2022-11-08T04:49:00.000Z,1", "and an end"),
        (b"a,warmth,2022-11-08T04:49:00.000Z,1\n", "no quantity"),
        (b"a,temperature,2022-11-08T04:49:00.000,1\n", "no time"),
        (b"a,temperature,2022-13-08T04:49:00.000Z,1\n", "no time"),
        (b"a,temperature,2201-11-08T04:49:00.000Z,1\n", "1970 to 2200"),
        (b"a,temperature,2022-11-08T04:49:00.000Z,warm\n", "not a number"),
        (b"\xff,temperature,2022-11-08T04:49:00.000Z,1\n", "no line of readings"),
        (b'"a,temperature\n', "no line of readings"),
        (b"\n", "this one 0"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(line: bytes, what: str) -> None:
    with pytest.raises(FormatError, match=what) as caught:
        decode(HEADER + b"a,temperature,2022-11-08T04:49:00.000Z,4.2\n" + line)
    assert caught.value.where is not None
    assert caught.value.where.line == 3


def test_caps_hold() -> None:
    line = b"a,temperature,2022-11-08T04:49:00.000Z,4.2\n"
    with pytest.raises(FormatError, match="more than 2 readings"):
        decode(HEADER + 3 * line, max_readings=2)
    with pytest.raises(FormatError, match="longer than"):
        decode(HEADER + b"x" * 200, max_line_bytes=100)
    with pytest.raises(FormatError, match="larger than"):
        decode(HEADER + 9 * line, max_bytes=100)
    with pytest.raises(FormatError, match="empty"):
        decode(b"")
