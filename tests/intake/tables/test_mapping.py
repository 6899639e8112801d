"""The declared mapping: its TOML is the one that its documentation shows."""

import textwrap

import pytest

from doseway.intake.tables import mapping
from doseway.intake.tables.mapping import TableMapping, from_plain, from_toml
from doseway.model.errors import UsageError
from doseway.model.readings import Quantity


def test_the_documented_example_is_read() -> None:
    example = textwrap.dedent((mapping.__doc__ or "").split("\n\n", 1)[1])
    found = from_toml(example.encode(), "mapping.toml")
    assert (found.time, found.date_order, found.decimal, found.zone) == ("Zeitstempel", "day-first", ",", "+01:00")
    (value,) = found.values
    assert (value.column, value.unit, value.sensor, value.quantity) == ("Fühler 1", "°C", "probe", Quantity.TEMPERATURE)


def test_nothing_declared_is_an_empty_mapping() -> None:
    assert from_plain(None) == TableMapping()


@pytest.mark.parametrize("data", [b"a = ", b"\xff", b"[table]\ncolour = 1\n", b"table = 3\n"])
def test_a_mapping_that_cannot_be_read_is_a_usage_error(data: bytes) -> None:
    with pytest.raises(UsageError):
        from_toml(data, "mapping.toml")
