"""What the message formats share: rounding, units, times, mappings, names, bodies."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.intake.message_registry import GROUP, by_id
from doseway.intake.message_registry import _points as points
from doseway.intake.port import DecodeOptions
from doseway.intake.wire.bodies import Bodies
from doseway.intake.wire.channels import Channel, converter
from doseway.intake.wire.gather import Source
from doseway.intake.wire.instants import AHEAD_MS, BEHIND_MS, UNSET_BEFORE_MS, Instants
from doseway.intake.wire.mapping import from_plain, look_up, path_of
from doseway.intake.wire.names import door_of, kind_of, quantity_of
from doseway.model.errors import FormatError, UnitError, UsageError
from doseway.model.readings import Quantity
from doseway.model.units import INVALID, milli, milli_from_fahrenheit

NOW_MS = 1_790_000_000_000
PROBE = Channel("probe", Quantity.TEMPERATURE)


def taken(value: float, channel: Channel = PROBE) -> int:
    source = Source("d", "")
    source.take(channel, NOW_MS, value)
    return source.series[channel].value_milli[0]


@given(st.decimals(-250, 299, places=3).filter(lambda value: value not in {Decimal(-127), Decimal(85)}))
def test_what_has_three_places_is_exact(value: Decimal) -> None:
    assert taken(float(value)) == milli(value)


@given(st.floats(-250, 299, width=32).filter(lambda value: round(value, 3) not in {-127.0, 85.0}))
def test_float32_noise_is_rounded_to_the_nearest_thousandth(value: float) -> None:
    assert abs(Decimal(taken(value)) - Decimal(value) * 1000) <= Decimal("0.5000001")


def test_ties_go_to_the_even_thousandth() -> None:
    assert (taken(0.0625), taken(0.1875), taken(-0.0625)) == (62, 188, -62)
    exact = (Decimal("0.0625") * 1000).to_integral_value(ROUND_HALF_EVEN)
    assert exact == 62


@given(st.floats(-200, 500))
def test_fahrenheit_agrees_with_exact_arithmetic(value: float) -> None:
    celsius = converter("°F", Quantity.TEMPERATURE)(value)
    assert abs(round(celsius * 1000) - milli_from_fahrenheit(Decimal(value))) <= 1


@pytest.mark.parametrize("value", [-273.15, 300, 299.999, -126.999, 84.999, 327.66])
def test_the_edges_of_what_can_be(value: float) -> None:
    assert (taken(value) == INVALID) == (value > 300)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), 1e308, -127.0, 85.0, 327.67, -273.151])
def test_what_is_no_measurement_is_unknown_and_never_a_number(value: float) -> None:
    assert taken(value) == INVALID


@pytest.mark.parametrize("unit", ["°C", "degC", "Celsius", "C"])
def test_units_as_people_write_them(unit: str) -> None:
    assert converter(unit, Quantity.TEMPERATURE)(4.5) == 4.5


@pytest.mark.parametrize(
    ("unit", "quantity"),
    [("", Quantity.TEMPERATURE), ("%", Quantity.TEMPERATURE), ("°C", Quantity.HUMIDITY), ("furlong", Quantity.LIGHT)],
)
def test_wrong_units_are_refused_with_the_right_ones(unit: str, quantity: Quantity) -> None:
    with pytest.raises(UnitError, match=f"Units of {quantity.value}"):
        converter(unit, quantity)


def instants(**options: str | int | None) -> tuple[Instants, list[str]]:
    told: list[str] = []
    given_ = {"received_at_ms": NOW_MS, **options}
    return Instants(DecodeOptions(**given_), lambda code, _: told.append(code)), told  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at_ms", "codes"),
    [
        (NOW_MS + AHEAD_MS, []),
        (NOW_MS + AHEAD_MS + 1, ["time-ahead"]),
        (NOW_MS - BEHIND_MS, []),
        (NOW_MS - BEHIND_MS - 1, ["time-behind"]),
        (UNSET_BEFORE_MS, ["time-behind"]),
    ],
)
def test_times_at_their_limits_are_kept(at_ms: int, codes: list[str]) -> None:
    reader, told = instants()
    assert (reader.checked(at_ms), told) == (at_ms, codes)


def test_a_time_before_2000_is_no_time() -> None:
    reader, told = instants()
    assert (reader.checked(UNSET_BEFORE_MS - 1), told) == (NOW_MS, ["arrival-time"])


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_a_time_with_its_offset_is_an_instant(local: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    reader, _ = instants(received_at_ms=None)
    at_ms = reader.iso(f"{local.isoformat()}{sign}{hours:02}:{rest:02}")
    assert at_ms == int(local.replace(tzinfo=UTC, microsecond=0).timestamp()) * 1000 + local.microsecond // 1000 - (
        minutes * 60_000
    )


def test_a_zone_of_a_name_follows_its_daylight_saving() -> None:
    reader, told = instants(zone="Europe/Zurich", received_at_ms=None)
    winter, summer = (reader.exact(f"2026-{month}-15T12:00:00") for month in ("01", "07"))
    assert [datetime.fromtimestamp(at_ms / 1000, UTC).hour for at_ms in (winter, summer)] == [11, 10]
    assert told == []
    reader.exact("2026-10-25T02:30:00")
    reader.exact("2026-03-29T02:30:00")
    assert told == ["zone-ambiguous", "zone-ambiguous"]


def test_each_time_without_a_zone_is_noted_for_its_own_device() -> None:
    reader, told = instants()
    reader.iso("2026-09-21T14:13:00")
    reader.iso("2026-09-21T14:13:00")
    assert told == ["zone-undeclared", "zone-undeclared"]


@pytest.mark.parametrize(
    ("path", "value"),
    [("a", {"b": [1, {"c": 2}]}), ("a.b[1].c", 2), ("a.b[0]", 1), ("a.b[7]", None), ("a.x.y", None), ("a[0]", None)],
)
def test_paths(path: str, value: object) -> None:
    assert look_up({"a": {"b": [1, {"c": 2}]}}, path_of(path)) == value


@pytest.mark.parametrize("path", ["a..b", ".a", "a[x]", "a[", "a]b", "a[-1]", "a."])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        path_of(path)
    with pytest.raises(UsageError, match="mapping is wrong"):
        from_plain({"device": path})


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        *((name, Quantity.TEMPERATURE) for name in ("temp1", "temperature", "TempC_SHT", "temperature_0")),
        ("air.temperature", Quantity.TEMPERATURE),
        *((name, Quantity.HUMIDITY) for name in ("humidity", "Hum_SHT", "relative_humidity", "humidity_2")),
        ("batteryLevel", Quantity.BATTERY),
        *((name, None) for name in ("BatV", "battery", "pressure", "template", "attempt", "coolantTemp", "", "7")),
    ],
)  # fmt: skip
def test_names_are_known_or_not_guessed(name: str, quantity: Quantity | None) -> None:
    assert quantity_of(name) is quantity


def test_doors_and_kinds() -> None:
    assert [door_of(value) for value in (True, 0, "open", "Closed", "ajar", 2, None, 0.5)] == [
        *(1.0, 0.0, 1.0, 0.0),
        *(None, None, None, None),
    ]
    assert [kind_of(name) for name in ("lowBattery", "TemperatureMax", "removing", "power cut")] == [
        *("low-battery", "temperature-max", "removed", "power-cut"),
    ]


class _One(msgspec.Struct):
    x: int = 0
    text: str = ""


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        (b'{"x":1}', [1]),
        (b'[{"x":1},{"x":2}]', [1, 2]),
        (b'{"x":1}\n{"x":2}', [1, 2]),
        (b'\r\n{"x":1}\r\n\r\n{"x":2}\r\n', [1, 2]),
        (b'{\n"x":\n1\n}\n', [1]),
        (b'[\n{"x":1},\n{"x":2}\n]', [1, 2]),
        (b'{"text":"}\\n{"}', [0]),
        (b"[]", []),
    ],
)
def test_three_forms_of_a_body(body: bytes, numbers: list[int]) -> None:
    assert [one.x for one in Bodies(_One).read(body, DecodeOptions()).messages] == numbers


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"x":1}\n\n{"x":"a"}', "b, line 3: no message of this format: message 2: Expected `int`"),
        (b'[{"x":1},{"x":"a"}]', "b: no message of this format: message 2: Expected `int`"),
        (b'{"x":}', "b, byte 5: no message of this format: JSON is malformed"),
        (b"", "b: no message"),
        (b"\xff\xfe{}", "b, byte 0: no message"),
        (b'{"x":1e999}', "b: no message"),
        (b'{"x":NaN}', "b, byte 5: no message"),
    ],
)
def test_an_error_says_where(body: bytes, text: str) -> None:
    with pytest.raises(FormatError) as caught:
        Bodies(_One).read(body, DecodeOptions(name="b"))
    assert str(caught.value).startswith(text)


def test_a_plug_in_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint  # noqa: PLC0415

    from doseway.intake import message_registry  # noqa: PLC0415

    broken = {"acme": EntryPoint("acme", "no_such_module_anywhere:FORMAT", GROUP), **points()}
    monkeypatch.setattr(message_registry, "_points", lambda: broken)
    assert "no_such_module_anywhere" in message_registry.broken()["acme"]
    assert "tive" in [one.id for one in message_registry.all_formats()]
    with pytest.raises(UsageError, match="cannot be loaded"):
        by_id("acme")
