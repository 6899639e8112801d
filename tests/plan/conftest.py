"""Small networks that the tests of the room share."""

from collections.abc import Callable
from typing import Any

import pytest

from doseway.plan.tables import Network, from_rows

Rows = dict[str, list[dict[str, Any]]]


def chain_rows() -> Rows:
    """An antibiotic: key starting material from China, API from India or an idle US plant, vials made in the US."""
    return {
        "periods": [
            {"period": "Q1", "start": "2027-01-01", "days": 90},
            {"period": "Q2", "start": "2027-04-01", "days": 90},
        ],
        "products": [
            {"product": "ksm", "kind": "ksm", "unit": "kg"},
            {"product": "api", "kind": "api", "unit": "kg", "hs": "294110", "value": 100},
            {"product": "vial", "unit": "vial", "hs": "300410", "value": 5, "holding_cost": 0.001},
        ],
        "boms": [
            {"product": "api", "input": "ksm", "quantity": 2, "yield": 0.8},
            {"product": "vial", "input": "api", "quantity": 0.01},
        ],
        "sites": [
            {"site": "Karst", "country": "CN"},
            {"site": "Ankle", "country": "IN", "region": "Gujarat"},
            {"site": "Bend", "country": "US"},
            {"site": "Fill", "country": "US", "region": "Gulf"},
            {"site": "Depot", "country": "US"},
        ],
        "lines": [
            {"line": "k1", "site": "Karst", "capacity": 24},
            {"line": "a1", "site": "Ankle", "capacity": 24},
            {"line": "b1", "site": "Bend", "capacity": 24, "idle": 1, "activation_cost": 100_000},
            {"line": "f1", "site": "Fill", "capacity": 24},
        ],
        "recipes": [
            {"line": "k1", "product": "ksm", "hours": 0.1, "cost": 1},
            {"line": "a1", "product": "api", "hours": 0.5, "cost": 10},
            {"line": "b1", "product": "api", "hours": 0.5, "cost": 25},
            {"line": "f1", "product": "vial", "hours": 0.01, "cost": 0.5},
        ],
        "lanes": [
            {"lane": "k-a", "from_node": "Karst", "to_node": "Ankle", "cost": 0.1, "days": 30, "mode": "sea"},
            {"lane": "k-b", "from_node": "Karst", "to_node": "Bend", "cost": 0.2, "days": 30, "mode": "sea"},
            {"lane": "a-f", "from_node": "Ankle", "to_node": "Fill", "cost": 1, "days": 20, "mode": "sea"},
            {"lane": "b-f", "from_node": "Bend", "to_node": "Fill", "cost": 0.5, "days": 3, "mode": "road"},
            {"lane": "f-d", "from_node": "Fill", "to_node": "Depot", "cost": 0.02, "days": 2, "mode": "road"},
            {"lane": "d-h", "from_node": "Depot", "to_node": "Home", "cost": 0.01, "days": 1, "mode": "road"},
            {"lane": "d-x", "from_node": "Depot", "to_node": "Abroad", "cost": 0.05, "days": 5, "mode": "air"},
        ],
        "markets": [
            {"market": "Home", "country": "US"},
            {"market": "Abroad", "country": "CA", "domestic": "no"},
        ],
        "demand": [
            {"market": "Home", "product": "vial", "quantity": 100_000, "price": 10, "shortage_cost": 50},
            {"market": "Abroad", "product": "vial", "quantity": 50_000, "price": 3, "required": "no"},
        ],
    }


@pytest.fixture
def rows() -> Rows:
    return chain_rows()


@pytest.fixture
def network(rows: Rows) -> Network:
    return from_rows(**rows)


@pytest.fixture
def changed(rows: Rows) -> Callable[..., Network]:
    """Make the network with whole tables replaced or added."""

    def make(**tables: list[dict[str, Any]]) -> Network:
        return from_rows(**{**rows, **tables})

    return make
