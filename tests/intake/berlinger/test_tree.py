"""The tree of `Key: value` lines: grammar, and every way to break it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.intake.berlinger.tree import MAX_LINES, Block, TreeReader, day_ms, minute_of_day, split_pairs, value_of
from doseway.model.errors import DosewayError, FormatError, Place
from doseway.model.units import INVALID


def tree(text: str) -> Block:
    reader = TreeReader("f")
    byte = 0
    for number, line in enumerate(text.encode("latin-1").splitlines(keepends=True), start=1):
        reader.feed(line, Place("f", number, None, byte))
        byte += len(line)
    return reader.root


EXPORT = "Device: X\r\nConf:\r\n Serial: 42\r\n Alarm:\r\n  0:\r\n   T AL: +2.0, t AL: 60\r\n  1:\r\n   T AL: -0.5\r\n"


def test_blocks_nest_by_indent() -> None:
    root = tree(EXPORT)
    alarms = root.block("Conf").block("Alarm")
    assert root.text("Device") == "X"
    assert list(alarms.blocks) == ["0", "1"]
    assert alarms.block("0").row("t AL").whole("t AL") == 60
    assert alarms.block("1").row("T AL").milli("T AL") == -500
    assert alarms.block("7").rows == []


@pytest.mark.parametrize(
    ("line", "pairs"),
    [
        ("T AL: +8.0, t AL: 60", {"T AL": "+8.0", "t AL": "60"}),
        ("TS A: 2022-11-08 22:20, TS E:, T M: 24.5", {"TS A": "2022-11-08 22:20", "TS E": "", "T M": "24.5"}),
        ("Issuer: Berlinger & Co. AG, Serial: 1", {"Issuer": "Berlinger & Co. AG, Serial: 1"}),
        ("User String 1: a, T AL: 9", {"User String 1": "a, T AL: 9"}),
        ("Remark: one, two", {"Remark": "one, two"}),
        ("TS S: 2022-11-08 21:50", {"TS S": "2022-11-08 21:50"}),
    ],
)
def test_pairs_split_at_the_first_colon_and_free_text_never(line: str, pairs: dict[str, str]) -> None:
    assert split_pairs(line) == pairs


def test_several_events_of_one_alarm_are_kept_apart() -> None:
    root = tree("Alarm:\n 5:\n  TS S: 2022-11-08 12:16, t A: 145\n  TS S: 2022-11-08 14:52, t A: 32\n")
    assert [row.whole("t A") for row in root.block("Alarm").block("5").rows] == [145, 32]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("Conf:\n   Serial: 1\n", "line 2, column 2", "indented deeper"),
        ("Conf:\n Serial\n", "line 2, column 2, byte 7", "no `Key: value`"),
        ("Conf:\n Serial: 1\nConf:\n", "line 3", "Conf is given twice, first on line 1"),
    ],
)
def test_a_line_out_of_the_grammar_is_refused_with_its_place(text: str, where: str, what: str) -> None:
    with pytest.raises(FormatError) as caught:
        tree(text)
    assert where in str(caught.value)
    assert what in str(caught.value)


def test_a_value_given_twice_is_refused_when_it_is_asked_for() -> None:
    root = tree("Conf:\n Serial: 1\n Serial: 2\n")
    with pytest.raises(FormatError, match=r"line 3, column 10, byte 26: Serial is given twice, first on line 2"):
        root.block("Conf").text("Serial")


@pytest.mark.parametrize("text", ["6O", "-1", "1.5", "²", "9999999999", "0x10"])
def test_a_count_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="not a whole number"):
        tree(f"t AL: {text}\n").row("t AL").whole("t AL")


@pytest.mark.parametrize("text", ["2,0", "warm", "1e3", "NaN", "+-2.0", "99999999.0"])
def test_a_temperature_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="not a number"):
        tree(f"T AL: {text}\n").row("T AL").milli("T AL")


@pytest.mark.parametrize(
    "text", ["2022-13-01 00:00", "2022-11-08 24:00", "2022-11-08", "8.11.2022 04:49", "1850-01-01 00:00"]
)
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="not a time"):
        tree(f"TS S: {text}\n").row("TS S").local_ms("TS S")


def test_no_value_is_none_and_a_disconnected_probe_is_invalid() -> None:
    row = tree("Min T: --.-, TS Min T:\n").row("Min T")
    assert (row.milli("Min T"), row.local_ms("TS Min T"), row.whole("absent")) == (None, None, None)
    assert value_of("--.-") == INVALID
    assert value_of("-0.5") == -500


def test_calendar_and_clock() -> None:
    assert day_ms("1970-01-02") == 86_400_000
    assert day_ms("2024-02-29") == day_ms("2024-02-28") + 86_400_000  # type: ignore[operator]  # both are days
    assert day_ms("2023-02-29") is None
    assert minute_of_day("23:59") == 1439
    assert minute_of_day("7:05") is None


def test_a_header_without_end_is_refused() -> None:
    reader = TreeReader("f")
    for number in range(MAX_LINES):
        reader.feed(b"User String: x\n", Place("f", number))
    with pytest.raises(FormatError, match="more than 20,000 lines"):
        reader.feed(b"User String: x\n", Place("f", MAX_LINES))


def test_a_header_line_without_end_is_refused() -> None:
    with pytest.raises(FormatError, match="more than 4,096 bytes"):
        TreeReader("f").feed(b"A: " + b"x" * 5000, Place("f", 1))


@given(st.lists(st.text(alphabet=" :,ab1\r-\xff", max_size=12), max_size=12))
def test_any_lines_give_a_tree_or_an_error_of_ours(lines: list[str]) -> None:
    try:
        tree("".join(f"{line}\n" for line in lines))
    except DosewayError as error:
        assert error.where is not None  # noqa: PT017  # either outcome is right
