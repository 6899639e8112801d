"""Tables: what is detected, what is declared, what is refused; every guess is a note."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.model.clock import to_unix_ms
from doseway.model.errors import DataError, FormatError, UnitError, UsageError
from doseway.model.readings import Quantity, Recording, SignatureStatus
from doseway.model.units import INVALID, decimal_text

Decode = Callable[..., Recording]
NOON = to_unix_ms(datetime(2026, 3, 15, 12, 0, tzinfo=UTC))


def codes(recording: Recording) -> set[str]:
    return {note.code for note in recording.notes}


def values(recording: Recording) -> list[list[int]]:
    return [list(series.value_milli) for series in recording.series]


@pytest.mark.parametrize(
    "header",
    [
        "Time,Temperature (°C)",
        "Date/Time;Temp [°C]",
        "Zeitstempel;Temperatur in °C",
        "Horodatage;Température (°C)",
        "Fecha y hora;Temperatura (ºC)",
        "Data e ora;Temperatura [°C]",
        "Data/Hora;Temperatura °C",
        "Tijdstip;Temperatuur (°C)",
        "timestamp\tprobe_temp_c",
        "recorded|Celsius",
        "time,T (C)",
    ],
)
def test_headers_in_seven_languages(decode: Decode, header: str) -> None:
    sign = next(one for one in ",;\t|" if one in header)
    recording = decode(f"{header}\n2026-03-15 12:00{sign}4.5\n2026-03-15 12:05{sign}-0.25\n", "t.csv", zone="UTC")
    assert values(recording) == [[4500, -250]]
    assert recording.series[0].quantity is Quantity.TEMPERATURE
    assert recording.series[0].observed_at_ms[0] == NOON
    assert recording.signature.status is SignatureStatus.UNSIGNED
    assert "columns-detected" in codes(recording)


@pytest.mark.parametrize(
    ("header", "quantity"),
    [
        ("Luftfeuchte [% rF]", Quantity.HUMIDITY),
        ("Humidité relative %", Quantity.HUMIDITY),
        ("Humedad (%HR)", Quantity.HUMIDITY),
        ("Umidità %", Quantity.HUMIDITY),
        ("Vochtigheid", Quantity.HUMIDITY),
        ("Luftdruck hPa", Quantity.PRESSURE),
        ("Light (lux)", Quantity.LIGHT),
        ("Batteria %", Quantity.BATTERY),
    ],
)
def test_other_quantities_by_their_words(decode: Decode, header: str, quantity: Quantity) -> None:
    recording = decode(f"Time;Temp °C;{header}\n2026-03-15 12:00;4,5;45,5\n", "t.csv")
    assert [series.quantity for series in recording.series] == [Quantity.TEMPERATURE, quantity]
    assert values(recording) == [[4500], [45_500]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(decode: Decode, encoding: str, end: str) -> None:
    text = end.join(["Datum;Uhrzeit;Fühler 1 [°C]", "15.03.2026;12:00;4,5", "15.03.2026;12:05;4,6", ""])
    recording = decode(text.encode(encoding), "t.csv", zone="UTC")
    assert recording.series[0].sensor == "Fühler 1"
    assert values(recording) == [[4500, 4600]]
    assert recording.series[0].observed_at_ms[0] == NOON
    assert ("encoding-guessed" in codes(recording)) is (encoding == "cp1252")


@pytest.mark.parametrize(
    ("text", "offset_ms"),
    [
        ("2026-03-15T12:00:00Z", 0),
        ("2026-03-15T12:00:00.250+01:00", -3_600_000 + 250),
        ("2026-03-15 12:00:00 +0530", -19_800_000),
        ("2026/03/15 12:00", 0),
        ("15.03.2026 12:00:30", 30_000),
        ("15/03/2026 12:00", 0),
        ("03/15/2026 12:00 PM", 0),
        ("03/15/2026 12:00 AM", -12 * 3_600_000),
        ("3/15/26 1:05 pm", 65 * 60_000),
        ("15-Mar-2026 12:00", 0),
        ("15 März 2026 12:00", 0),
        ("Mar 15, 2026 12:00", 0),
        ("15 mai 2026 12:00", 61 * 86_400_000),
        ("1773576000", 0),
        ("1773576000.5", 500),
        ("1773576000123", 123),
    ],
)
def test_times_as_people_and_programs_write_them(decode: Decode, text: str, offset_ms: int) -> None:
    recording = decode(f"Time;Temp °C\n{text};4,5\n", "t.csv", zone="UTC")
    assert recording.series[0].observed_at_ms[0] == NOON + offset_ms


def test_dates_that_may_be_read_both_ways_are_refused(decode: Decode) -> None:
    text = "Time,Temp °C\n01/02/2026 12:00,4.5\n02/02/2026 12:00,4.5\n"
    with pytest.raises(FormatError, match=r"line 2.*'01/02/2026' may be day first or month first.*`date_order`"):
        decode(text, "t.csv")
    for order, day in (
        ("day-first", datetime(2026, 2, 1, 12, tzinfo=UTC)),
        ("month-first", datetime(2026, 1, 2, 12, tzinfo=UTC)),
    ):
        recording = decode(text, "t.csv", mapping={"date_order": order})
        assert recording.series[0].observed_at_ms[0] == to_unix_ms(day)


def test_one_late_date_tells_the_order_of_all(decode: Decode) -> None:
    rows = "".join(f"01/{day:02d}/2026 12:00,4.5\n" for day in range(1, 14))
    recording = decode(f"Time,Temp °C\n{rows}", "t.csv")
    assert len({at // 86_400_000 for at in recording.series[0].observed_at_ms}) == 13
    assert any("month-first" in note.text for note in recording.notes if note.code == "date-order")


def test_dates_that_contradict_each_other_are_refused(decode: Decode) -> None:
    with pytest.raises(FormatError, match=r"line 3.*not a time when dates are read day-first"):
        decode("Time,Temp °C\n13/01/2026 12:00,4.5\n01/14/2026 12:00,4.5\n", "t.csv")


def test_fahrenheit_and_kelvin_by_header_or_cell(decode: Decode) -> None:
    assert values(decode("Time,Temp (°F)\n2026-03-15 12:00,41\n", "t.csv")) == [[5000]]
    assert values(decode("Time,temp_f\n2026-03-15 12:00,14\n", "t.csv")) == [[-10_000]]
    assert values(decode("Time,Temp\n2026-03-15 12:00,41 °F\n", "t.csv")) == [[5000]]
    assert values(decode("Time,Temp [K]\n2026-03-15 12:00,278.15\n", "t.csv")) == [[5000]]
    assert values(decode("Time,Temperature\n,°F\n2026-03-15 12:00,41\n", "t.csv")) == [[5000]]


def test_a_missing_unit_is_an_error_with_a_way_out(decode: Decode) -> None:
    text = "Time,Temperature\n2026-03-15 12:00,4.5\n"
    with pytest.raises(UnitError, match=r"'Temperature' does not say its unit.*`unit` in the table mapping"):
        decode(text, "t.csv")
    assert values(decode(text, "t.csv", mapping={"unit": "°F"})) == [[-15_278]]


def test_a_cell_in_another_unit_than_its_column_is_refused(decode: Decode) -> None:
    with pytest.raises(UnitError, match=r"line 3, column 18.*the cell says '°F', its column says C"):
        decode("Time,Temp (°C)\n2026-03-15 12:00,4.5\n2026-03-15 12:05,40 °F\n", "t.csv")


def test_signs_for_no_reading_are_unknown_and_counted(decode: Decode) -> None:
    rows = "".join(
        f"2026-03-15 12:{index:02d},{cell}\n"
        for index, cell in enumerate(["4.5", "--", "", "n/a", "NaN", "Err", "327.67", "-127", "-127.0", "85", "85.0"])
    )
    recording = decode(f"Time,Temp °C\n{rows}", "t.csv")
    assert values(recording) == [[4500, *[INVALID] * 8, 85_000, 85_000]]
    texts = {note.code: note.text for note in recording.notes}
    assert texts["no-valid-reading"].startswith("5 cells")
    assert sum(note.code == "sentinel" for note in recording.notes) == 2
    assert "one-wire sensors: 2." in texts["power-on-value"]


def test_several_sensors_by_column_and_by_row(decode: Decode) -> None:
    wide = decode("Time,Probe 1 (°C),Probe 2 (°C),Temp (°C),Temp (°C)\n2026-03-15 12:00,1,2,3,4\n", "t.csv")
    assert [series.sensor for series in wide.series] == ["Probe 1", "Probe 2", "Temp (column 4)", "Temp (column 5)"]
    long = decode("Time,Device,Temp °C,RH %\n2026-03-15 12:00,a,1,40\n2026-03-15 12:00,b,2,50\n", "t.csv")
    assert [(series.sensor, series.quantity.value) for series in long.series] == [
        ("a Temp", "temperature"), ("a RH", "humidity"), ("b Temp", "temperature"), ("b RH", "humidity"),
    ]  # fmt: skip
    assert "sensor-column" in codes(long)


def test_limits_averages_and_counters_are_no_readings(decode: Decode) -> None:
    header = "No.,Time,Temp (°C),High alarm limit (°C),Average temp (°C),Dew point °C,Battery (V)"
    text = f"{header}\n1,2026-03-15 12:00,4.5,8,4.4,1,3.6\n"
    recording = decode(text, "t.csv")
    assert values(recording) == [[4500]]
    assert any("High alarm limit" in note.text for note in recording.notes if note.code == "columns-ignored")


def test_preamble_serial_number_and_footer(decode: Decode) -> None:
    head = "Report of 2026-03-16\nSerial Number: AB-123\nStart time,2026-03-15 12:00\n\nTime,Temp °C\n"
    text = f"{head}2026-03-15 12:00,4.5\n\nAverage,4.5\nEnd of report\n"
    recording = decode(text, "t.csv")
    assert recording.device.serial == "AB-123"
    assert values(recording) == [[4500]]
    assert any("left out: 8, 9" in note.text for note in recording.notes if note.code == "footer")


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("2026-03-15 12:05,4.5x", "'4.5x' is not a number"),
        ("2026-03-15 12:05,4,5", "a row of 3 cells in a table of 2 columns"),
        ("2026-13-15 12:05,4.5", "'2026-13-15 12:05' is not a time"),
        ("2026-03-15 25:05,4.5", "is not a time"),
        ("oops,4.5", "'oops' is not a time"),
        ("2026-03-15 12:05,99999999", "is not a value that a sensor can have"),
        ("2026-03-15 12:05+01:00,4.5", "some times state their offset"),
    ],
)
def test_a_damaged_row_between_good_ones_is_refused_with_its_line(decode: Decode, row: str, what: str) -> None:
    text = f"Time,Temp °C\n2026-03-15 12:00,4.5\n{row}\n2026-03-15 12:10,4.5\n"
    with pytest.raises(DataError) as caught:
        decode(text, "t.csv")
    assert what in str(caught.value)
    assert "line 3" in str(caught.value)


def test_mixed_decimal_signs_are_refused(decode: Decode) -> None:
    with pytest.raises(FormatError, match="another decimal sign"):
        decode("Time;Temp °C\n2026-03-15 12:00;4,5\n2026-03-15 12:05;4.5\n", "t.csv")


def test_a_comma_that_may_group_thousands_is_refused(decode: Decode) -> None:
    text = "Time;Pressure hPa\n2026-03-15 12:00;1,013\n"
    with pytest.raises(FormatError, match="may be a fraction or thousands"):
        decode(text, "t.csv")
    assert values(decode(text, "t.csv", mapping={"decimal": ","})) == [[1013]]


@pytest.mark.parametrize(
    ("header", "zone", "label"),
    [
        ("Time (UTC+2)", None, "+02:00"),
        ("Zeit [GMT+01:00]", None, "+01:00"),
        ("Time UTC", None, "UTC"),
        ("Time (UTC+2)", "+05:00", "+05:00"),
        ("Time", None, "undeclared"),
    ],
)
def test_the_zone_of_the_header_counts_unless_declared(
    decode: Decode, header: str, zone: str | None, label: str
) -> None:
    assert decode(f"{header};Temp °C\n2026-03-15 12:00;4,5\n", "t.csv", zone=zone).zone == label


def test_a_declared_mapping_overrides_everything(decode: Decode) -> None:
    text = "junk;x\nA;B;C;D\n15/03/2026;12:00;41,0;ignored\n"
    mapping: dict[str, Any] = {
        "date": "A", "clock": 2, "zone": "-01:00", "decimal": ",", "delimiter": ";",
        "values": [{"column": "C", "unit": "F", "sensor": "core"}],
    }  # fmt: skip
    recording = decode(text, "t.csv", mapping=mapping)
    assert recording.series[0].sensor == "core"
    assert values(recording) == [[5000]]
    assert recording.series[0].observed_at_ms[0] == NOON + 3_600_000
    assert "columns-detected" not in codes(recording)


@pytest.mark.parametrize(
    ("mapping", "what"),
    [
        ({"colour": 1}, "unknown field `colour`"),
        ({"values": [{"column": "Nope", "unit": "C"}]}, "has the columns 'Nope'"),
        ({"values": [{"column": 9, "unit": "C"}]}, "no column 9"),
        ({"values": [{"column": "Temp", "unit": "parsec"}]}, "'parsec' is no unit of temperature"),
        ({"sensor": 17}, "no column 17"),
        ({"header_line": 99}, "no line 99"),
        ({"delimiter": "ab"}, "one sign"),
        ({"encoding": "klingon"}, "no encoding"),
        ({"zone": "Mars"}, "no time zone"),
        ({"date_order": "random"}, "table mapping is wrong"),
    ],
)
def test_a_wrong_mapping_is_named(decode: Decode, mapping: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError) as caught:
        decode("Time,Temp\n2026-03-15 12:00,4.5\n", "t.csv", mapping={"unit": "C", **mapping})
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Time,Temp °C\n", "no row has a date, a time of day and a number"),
        ("a,b\nc,d\n", "no row has a date"),
        ("x,Time,y\n1.5,2026-03-15 12:00,2.5\n", "not clear which column"),
        ('Time,Temp °C\n2026-03-15 12:00,4.5\n"2026-03-15 12:05,4.5\n' + "a\n" * 40, "quotation mark is not closed"),
    ],
)
def test_what_is_no_table_of_readings_is_refused(decode: Decode, text: str, what: str) -> None:
    with pytest.raises(FormatError) as caught:
        decode(text, "t.csv")
    assert what in str(caught.value)


def test_a_header_with_line_breaks_in_quotes(decode: Decode) -> None:
    recording = decode(
        '"Date\nTime","Temp\n(°C)"\n2026-03-15 12:00,4.5\n2026-03-15 12:05,oops\n'.replace("oops", "4.6"), "t.csv"
    )
    assert values(recording) == [[4500, 4600]]


CELLS = st.integers(min_value=-99_999, max_value=99_999).filter(lambda value: value not in {-127_000, 85_000})


@given(
    rows=st.lists(CELLS, min_size=1, max_size=25),
    start=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001  # naive on purpose
    delimiter=st.sampled_from([";", "\t", ",", "|"]),
    decimal=st.sampled_from([".", ","]),
)
@settings(deadline=None, max_examples=80)
def test_what_is_written_is_what_is_read(
    decode: Decode, rows: list[int], start: datetime, delimiter: str, decimal: str
) -> None:
    """Any readings in any of the delimiters and decimal signs come back exactly."""
    base = start.replace(microsecond=start.microsecond // 1000 * 1000, tzinfo=UTC)
    times = [base + timedelta(seconds=300 * index) for index in range(len(rows))]
    cells = [decimal_text(value).replace(".", decimal) for value in rows]
    quoted = [f'"{cell}"' if delimiter == decimal else cell for cell in cells]
    lines = [
        f"{time.isoformat(sep=' ', timespec='milliseconds')[:23]}{delimiter}{cell}"
        for time, cell in zip(times, quoted, strict=True)
    ]
    recording = decode(f"Time{delimiter}Temp °C\n" + "\n".join(lines), "t.csv", zone="UTC")
    assert values(recording) == [rows]
    assert list(recording.series[0].observed_at_ms) == [to_unix_ms(time) for time in times]
