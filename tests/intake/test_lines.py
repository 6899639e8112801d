"""Lines with their place, and the caps on them."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.intake.lines import Lines
from doseway.intake.port import DecodeOptions
from doseway.model.errors import FormatError


@given(st.binary(max_size=300))
def test_lines_put_together_are_the_input(content: bytes) -> None:
    assert b"".join(Lines(BytesIO(content), DecodeOptions())) == content


@given(st.lists(st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b".") + b"\n"), max_size=20))
def test_number_and_byte_point_at_the_line(parts: list[bytes]) -> None:
    content = b"".join(parts)
    lines = Lines(BytesIO(content), DecodeOptions(name="f"))
    for number, line in enumerate(lines, start=1):
        assert lines.number == number
        assert content[lines.byte : lines.byte + len(line)] == line
        assert str(lines.place(3)) == f"f, line {number}, column 3, byte {lines.byte + 2}"


def test_a_line_at_the_cap_is_read_and_one_beyond_is_refused() -> None:
    options = DecodeOptions(max_line_bytes=8)
    assert list(Lines(BytesIO(b"1234567\nab"), options)) == [b"1234567\n", b"ab"]
    with pytest.raises(FormatError, match=r"line 2, byte 2: a line of more than 8 bytes"):
        list(Lines(BytesIO(b"a\n123456789\n"), options))


def test_an_input_beyond_the_cap_is_refused_and_not_cut() -> None:
    with pytest.raises(FormatError, match="larger than 10 bytes"):
        list(Lines(BytesIO(b"abcd\n" * 3), DecodeOptions(max_bytes=10)))
