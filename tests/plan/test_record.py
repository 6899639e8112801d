"""A kept plan is read back as it was, and says for which tables it was made."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.errors import DataError
from doseway.plan.questions.answering import rows_of
from doseway.plan.questions.cheapest import cheapest
from doseway.plan.record import MODEL_VERSION, from_bytes, network_hash, to_bytes
from doseway.plan.tables import Network, from_rows


def test_a_plan_comes_back_as_it_was_and_its_bytes_are_canonical(network: Network) -> None:
    plan = cheapest(network).plan
    data = to_bytes(plan)
    assert from_bytes(data) == plan
    assert to_bytes(from_bytes(data)) == data
    assert rfc8785.dumps(json.loads(data)) + b"\n" == data


def test_the_hash_is_of_the_cells_and_not_of_their_order(
    rows: dict[str, list[dict[str, Any]]], changed: Callable[..., Network]
) -> None:
    one = from_rows(**rows)
    turned = from_rows(**{name: table[::-1] for name, table in rows.items()})
    other = changed(lines=[{**row, "capacity": 23} for row in rows["lines"]])
    assert network_hash(one) == network_hash(turned)
    assert network_hash(one) != network_hash(other)


def test_rows_written_again_are_the_same_network(network: Network) -> None:
    again = network.replace(**{name: rows_of(table) for name, table in network.tables.items()})
    assert network_hash(again) == network_hash(network)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_plan_are_refused(data: bytes) -> None:
    with pytest.raises(DataError, match="not a plan"):
        from_bytes(data, "x.json")


def test_a_plan_of_a_later_model_is_refused(network: Network) -> None:
    data = to_bytes(cheapest(network).plan).replace(b'"model":%d' % MODEL_VERSION, b'"model":%d' % (MODEL_VERSION + 1))
    with pytest.raises(DataError, match="model version"):
        from_bytes(data)


def test_flows_and_hours_of_the_record_balance(network: Network) -> None:
    """What is made reaches the markets, and no line runs longer than it may."""
    plan = cheapest(network).plan
    made = sum(make.quantity for make in plan.makes if make.product == "vial")
    assert made == pytest.approx(sum(need.served for need in plan.needs))
    assert all(load.used <= load.available * (1 + 1e-6) for load in plan.loads)
    assert sum(plan.costs.values()) == pytest.approx(plan.cost)
