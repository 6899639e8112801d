"""SenML packs: the RFC's own examples, resolution, streaming, refusals."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.model.errors import FormatError, UnitError
from doseway.model.readings import Quantity, Recording

Decode = Callable[..., Recording]
T0 = 1_276_020_076


def pack(*records: dict[str, Any]) -> str:
    return json.dumps(records)


def test_the_rfcs_single_point(decode: Decode) -> None:
    """RFC 8428, 5.1.1, with a time."""
    recording = decode(pack({"n": "urn:dev:ow:10e2073a01080063", "u": "Cel", "v": 23.1, "t": T0}))
    (series,) = recording.series
    assert (series.sensor, series.quantity) == ("urn:dev:ow:10e2073a01080063", Quantity.TEMPERATURE)
    assert (list(series.observed_at_ms), list(series.value_milli)) == ([T0 * 1000], [23_100])


def test_the_rfcs_multiple_measurements(decode: Decode) -> None:
    """RFC 8428, 5.1.3 in the units that are judged: base fields, relative to a base time."""
    text = (
        '[{"bn":"urn:dev:ow:10e2073a0108006;","bt":1.320067464e+09,"bu":"%RH","v":20},'
        '{"u":"lon","v":24.30621},{"u":"lat","v":60.07965},{"t":60,"v":20.3},'
        '{"u":"%EL","t":150,"v":98},{"t":180,"v":21.2}]'
    )
    recording = decode(text)
    humidity, battery = recording.series
    assert [at - 1_320_067_464_000 for at in humidity.observed_at_ms] == [0, 60_000, 180_000]
    assert list(humidity.value_milli) == [20_000, 20_300, 21_200]
    assert (battery.quantity, list(battery.value_milli)) == (Quantity.BATTERY, [98_000])
    assert [note.text for note in recording.notes] == [
        "1 records were left out: unit 'lon' is not one that is judged.",
        "1 records were left out: unit 'lat' is not one that is judged.",
    ]


@pytest.mark.parametrize(
    ("unit", "value", "quantity", "milli"),
    [
        ("K", "273.15", Quantity.TEMPERATURE, 0),
        ("K", "280", Quantity.TEMPERATURE, 6850),
        ("Pa", "101325", Quantity.PRESSURE, 1_013_250),
        ("hPa", "760.5", Quantity.PRESSURE, 760_500),
        ("lx", "12", Quantity.LIGHT, 12_000),
        ("m/s2", "9.80665", Quantity.SHOCK, 1000),
        ("%RH", "45.25", Quantity.HUMIDITY, 45_250),
    ],
)
def test_units_are_converted_exactly(decode: Decode, unit: str, value: str, quantity: Quantity, milli: int) -> None:
    (series,) = decode(f'[{{"n":"a","u":"{unit}","v":{value},"t":{T0}}}]').series
    assert (series.quantity, series.value_milli[0]) == (quantity, milli)


def test_base_value_and_base_time_are_added(decode: Decode) -> None:
    text = f'[{{"bn":"x:","bt":{T0}.5,"bu":"Cel","bv":20}},{{"n":"a","v":-15.5}},{{"n":"a","v":1,"t":-0.25}}]'
    (series,) = decode(text).series
    assert list(series.value_milli) == [4500, 21_000]
    assert list(series.observed_at_ms) == [T0 * 1000 + 500, T0 * 1000 + 250]
    assert decode(text).device.serial == "x"


def test_a_relative_time_counts_from_the_arrival(decode: Decode) -> None:
    text = pack({"n": "a", "u": "Cel", "v": 4, "t": -30})
    assert decode(text, received_at_ms=T0 * 1000).series[0].observed_at_ms[0] == (T0 - 30) * 1000
    with pytest.raises(FormatError, match=r"record 1: the time is relative to the arrival"):
        decode(text)


def test_values_that_are_no_numbers_are_told_and_left_out(decode: Decode) -> None:
    recording = decode(pack({"n": "a", "u": "Cel", "v": 4, "t": T0}, {"n": "door", "vb": True}, {"n": "b", "vs": "x"}))
    assert recording.readings == 1
    assert "2 records were left out: a value that is no number." in {note.text for note in recording.notes}


RECORD = {"n": "a", "u": "Cel", "v": 4, "t": T0}


@pytest.mark.parametrize(
    ("text", "error", "what"),
    [
        (pack(RECORD, {"n": "a", "v": 4, "t": T0}), UnitError, "record 2: a value without a unit"),
        (pack(RECORD, {"n": "a", "u": "Cel", "t": T0}), FormatError, "record 2: no value"),
        (pack({"u": "Cel", "v": 4, "t": T0}), FormatError, "record 1: no name"),
        (pack(RECORD | {"v": "4"}), FormatError, "'v' is '4', not a number"),
        (pack(RECORD | {"n": 4}), FormatError, "not a text"),
        (pack(RECORD | {"bver": 12}), FormatError, "version 12 of SenML"),
        (pack(RECORD | {"secret_": 1}), FormatError, "must be understood"),
        (pack(RECORD | {"v": 1e300}), FormatError, "no value of a sensor"),
        (pack(RECORD | {"t": 1e300}), FormatError, "is no time"),
        (pack(RECORD | {"t": -1e12}), FormatError, "record 1"),
        ('[{"n":"a","u":"Cel","v":NaN,"t":1276020076}]', FormatError, "NaN is no JSON number"),
        ('[{"n":"a","n":"b","u":"Cel","v":1,"t":1276020076}]', FormatError, "given twice"),
        (
            '[{"n":"a","u":"Cel","v":1,"t":1276020076}',
            FormatError,
            "the end of the file where ']' belongs after record 1",
        ),
        ('[{"n":"a","u":"Cel","v":1,"t":1276020076}] x', FormatError, "text after the array"),
        ('[{"n":"a","u":"Cel","v":1,"t":1276020076},]', FormatError, "b']' where '{' belongs"),
        ('[{"n":"a","u":"Cel","v":{"x":1},"t":1276020076}]', FormatError, "record 1 is no flat object"),
        ('[{"n":"a","v":' + "[" * 30_000, FormatError, "record 1 is no flat object"),
        ('[{"n":"a","v":' + "[" * 30_000 + "}]", FormatError, "record 1: no JSON object"),
        ('[{"n":"' + "a" * 200_000 + '"}]', FormatError, "within 65,536 bytes"),
        ('[{"n":"a","u":"Cel","v":' + "9" * 5000 + ',"t":1276020076}]', FormatError, "no value of a sensor"),
        ('[{"n":"a","u":"Cel","v":1e99999999999999999999,"t":1276020076}]', FormatError, "record 1"),
    ],
)
def test_what_is_wrong_is_refused_with_the_number_of_the_record(
    decode: Decode, text: str, error: type[Exception], what: str
) -> None:
    with pytest.raises(error) as caught:
        decode(text, "p.senml", received_at_ms=T0 * 1000)
    assert what in str(caught.value)


def test_an_empty_pack_has_no_readings(decode: Decode) -> None:
    assert decode("[ ]", "p.senml").readings == 0


def test_a_pack_larger_than_any_chunk_streams(decode: Decode) -> None:
    records = [{"n": "a", "t": index, "v": index % 90 / 10} for index in range(20_000)]
    records[0] |= {"bt": T0, "bu": "Cel"}
    (series,) = decode(json.dumps(records, indent=1)).series
    assert len(series) == 20_000
    assert list(series.value_milli[:3]) == [0, 100, 200]
    with pytest.raises(FormatError, match="more than 19,999 readings"):
        decode(json.dumps(records), max_readings=19_999)


def test_the_place_of_a_record_is_its_byte(decode: Decode) -> None:
    text = '[ {"n":"a","u":"Cel","v":1,"t":1276020076},\n  {"n":"a","u":"Cel","v":"x"}]'
    with pytest.raises(FormatError) as caught:
        decode(text, "p.senml")
    assert caught.value.where is not None
    assert caught.value.where.byte == text.index('{"n":"a","u":"Cel","v":"x"')


@given(st.lists(st.integers(min_value=-100_000, max_value=100_000), min_size=1, max_size=30))
@settings(deadline=None)
def test_thousandths_come_back_exactly(decode: Decode, values: list[int]) -> None:
    records = ",".join(
        f'{{"n":"a","u":"Cel","t":{T0 + index},"v":{Decimal(value) / 1000}}}' for index, value in enumerate(values)
    )
    assert list(decode(f"[{records}]").series[0].value_milli) == values
