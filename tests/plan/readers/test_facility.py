"""Readers of facility location: made files are read back, solved as networks, and compared with trying every choice."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from benchmarks.readers.facility import (
    Facilities,
    network,
    read_oliveira,
    read_orlib,
    read_simple,
    uncapacitated,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from doseway.model.errors import FormatError, UsageError
from doseway.plan.highs import Limits
from doseway.plan.solving import plan


def made(seed: int, plants: int = 3, customers: int = 4) -> Facilities:
    random = np.random.default_rng(seed)
    demand = random.integers(1, 9, customers).astype(float)
    capacity = np.full(plants, np.ceil(demand.sum() * 0.7))
    opening = random.integers(5, 60, plants).astype(float)
    return Facilities(capacity, opening, demand, random.integers(1, 90, (plants, customers)).astype(float))


def orlib(instance: Facilities) -> str:
    lines = [f" {len(instance.capacity)} {len(instance.demand)}"]
    lines += [f" {c:g} {f:g}." for c, f in zip(instance.capacity, instance.opening, strict=True)]
    for j, demand in enumerate(instance.demand):
        lines += [f" {demand:g}", " " + " ".join(f"{value:.5f}" for value in instance.cost[:, j])]
    return "\n".join(lines) + "\n"


def oliveira(instance: Facilities) -> str:
    lines = [f"{len(instance.capacity)} {len(instance.demand)}"]
    lines += [f"{c} {f}" for c, f in zip(instance.capacity, instance.opening, strict=True)]
    lines += [" ".join(map(str, instance.demand)), *(" ".join(map(str, row)) for row in instance.cost)]
    return "\n".join(lines) + "\n"


def simple(instance: Facilities) -> str:
    lines = ["FILE: made", f"{len(instance.opening)} {len(instance.demand)} 0"]
    for i, (opening, row) in enumerate(zip(instance.opening, instance.cost, strict=True), 1):
        lines.append(f"{i} {opening:g} {' '.join(f'{value:g}' for value in row)} ")
    return "\n".join(lines) + "\n"


def cheapest(instance: Facilities) -> float:
    """Try every set of plants; what they send is a transport problem of its own."""
    plants, customers = instance.cost.shape
    unit = instance.cost / instance.demand
    served = np.kron(np.ones(plants), np.eye(customers))
    sent = np.kron(np.eye(plants), np.ones(customers))
    best = np.inf
    for chosen in product([0.0, 1.0], repeat=plants):
        found = linprog(
            unit.ravel(), sent, instance.capacity * np.array(chosen), served, instance.demand, method="highs-ds"
        )
        if found.status == 0:
            best = min(best, float(found.fun + instance.opening @ np.array(chosen)))
    return best


def cheapest_from_one(instance: Facilities) -> float:
    """Try every assignment of customers to one plant each."""
    plants, customers = instance.cost.shape
    best = np.inf
    for assigned in product(range(plants), repeat=customers):
        load = np.bincount(assigned, instance.demand, plants)
        if (load <= instance.capacity).all():
            cost = instance.cost[list(assigned), range(customers)].sum() + instance.opening[load > 0].sum()
            best = min(best, float(cost))
    return best


def same(one: Facilities, other: Facilities) -> bool:
    return all(
        np.allclose(getattr(one, name), getattr(other, name)) for name in ("capacity", "opening", "demand", "cost")
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_an_instance_survives_both_formats_and_is_solved_to_its_optimum(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    instance, path = made(seed), tmp_path_factory.mktemp("made") / "made.txt"
    path.write_text(orlib(instance), encoding="ascii")
    read = read_orlib(path)
    assert same(read, instance)
    path.write_text(oliveira(instance), encoding="ascii")
    assert same(read_oliveira(path), instance)
    assert plan(network(read), Limits(gap=1e-9)).cost == pytest.approx(cheapest(instance))


@pytest.mark.parametrize("seed", range(4))
def test_a_customer_with_one_source_is_served_by_one_plant(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "p1.txt"
    path.write_text(oliveira(made(seed)), encoding="ascii")
    read = read_oliveira(path)
    single = Facilities(read.capacity, read.opening, read.demand, read.cost, is_single_source=True)
    assert plan(network(single), Limits(gap=1e-9)).cost == pytest.approx(cheapest_from_one(single))


@pytest.mark.parametrize("seed", range(4))
def test_without_capacities_each_customer_takes_the_nearest_open_plant(seed: int, tmp_path: Path) -> None:
    instance, path = made(seed), tmp_path / "B1"
    path.write_text(simple(instance), encoding="ascii")
    read = read_simple(path)
    best = min(
        instance.opening[list(chosen)].sum() + instance.cost[list(chosen)].min(axis=0).sum()
        for chosen in ([i for i in range(3) if mask >> i & 1] for mask in range(1, 8))
    )
    assert plan(network(read), Limits(gap=1e-9)).cost == pytest.approx(best)
    assert same(read, uncapacitated(instance))


def test_a_file_that_leaves_capacities_open_takes_the_one_given(tmp_path: Path) -> None:
    path = tmp_path / "capa.txt"
    path.write_text("1 1\n capacity 7.\n 3\n 9\n", encoding="ascii")
    assert read_orlib(path, 8000.0).capacity.tolist() == [8000.0]
    with pytest.raises(FormatError, match=r"capa.txt, line 2: this file leaves the capacities open"):
        read_orlib(path)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "line 1: the file ends where the number of plants"),
        ("2", "line 1: the file ends where the number of customers"),
        ("0 1\n", "line 1: the number of plants is 0, less than 1"),
        ("1.5 1\n", "line 1: the number of plants is 1.5, which is not whole"),
        ("1 1\n5 x\n", "line 2: a fixed cost is no number: 'x'"),
        ("1 1\n5 nan\n", "line 2: a fixed cost is no number: 'nan'"),
        ("1 1\n5 -2\n", "line 2: a fixed cost is -2, less than 0"),
        ("1 1\n5 2\n3\n", "line 3: the file ends where a cost"),
        ("1 1\n5 2\n3\n4\n\n9\n", "line 6: '9' and more is left over"),
        ("1 1\n5 2\n3\nµ\n", "line 4: this is no ASCII text"),
    ],
)
def test_a_wrong_file_says_where(text: str, error: str, tmp_path: Path) -> None:
    path = tmp_path / "cap.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=f"cap.txt, {error}"):
        read_orlib(path)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("NAME: x\n1 1 0\n", "line 1: the file does not begin with FILE:"),
        ("FILE: x\n1 1 0\n2 5 5\n", "line 3: plant 1 is called 2"),
        ("FILE: x\n1 2 0\n1 5 5\n", "line 3: the file ends where a cost"),
    ],
)
def test_a_wrong_simple_file_says_where(text: str, error: str, tmp_path: Path) -> None:
    path = tmp_path / "B1"
    path.write_text(text, encoding="ascii")
    with pytest.raises(FormatError, match=error):
        read_simple(path)


def test_a_cost_without_demand_is_refused() -> None:
    nobody = Facilities(np.ones(1), np.ones(1), np.zeros(1), np.ones((1, 1)))
    with pytest.raises(UsageError, match="without demand"):
        network(nobody)
