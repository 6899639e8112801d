"""Data checks: each kind of bad table gives its finding, with its place; good tables give none."""

from collections.abc import Callable
from typing import Any

import pytest

from doseway.model.errors import DataError
from doseway.plan.checks import check
from doseway.plan.findings import require
from doseway.plan.tables import Network, from_rows

Rows = dict[str, list[dict[str, Any]]]
ORPHAN = {"lane": "z", "from_node": "Karst", "to_node": "Ankle", "product": "vial"}
EVENT = {"event": "e", "target_kind": "site", "target": "Bend", "probability": 0.1, "duration_days": 3}
TWICE = {"market": "Home", "product": "vial", "period": "Q1", "quantity": 1}
GALLONS = {"market": "Home", "product": "ksm", "quantity": 1, "unit": "gal"}
SHARE = {"policy": "p", "rule": "max_country_share", "value": 0.5}


def test_a_sound_network_has_no_findings(network: Network) -> None:
    assert check(network) == []


@pytest.mark.parametrize(
    ("table", "row", "code", "words"),
    [
        ("sites", {"site": "Bend", "country": "US"}, "duplicate", "sites has Bend twice"),
        ("lines", {"line": "z", "site": "Nowhere", "capacity": 1}, "unknown-name", "names 'Nowhere'"),
        ("markets", {"market": "Bend", "country": "US"}, "name-twice", "is a site and a market"),
        ("boms", {"product": "ksm", "input": "vial", "quantity": 1}, "cycle", "made from itself"),
        ("boms", {"product": "vial", "input": "ksm", "quantity": 1, "yield": 0.01}, "yield", "very low"),
        ("periods", {"period": "Q3", "start": "2027-07-01", "days": 90}, "calendar", "does not begin on the day after"),
        ("products", {"product": "x", "currency": "EUR", "value": 1}, "unknown-name", "names 'EUR'"),
        ("products", {"product": "x", "shelf_life": 30}, "shelf-life", "expires within a period"),
        ("demand", TWICE, "duplicate", "for this one again"),
        ("demand", GALLONS, "unit", "'gal' does not convert"),
        ("lanes", ORPHAN, "orphan-lane", "nothing can use the lane z"),
        ("storage", {"site": "Karst", "product": "vial", "closing": 5}, "unreachable", "must keep vial"),
        ("disruptions", {**EVENT, "target": "x"}, "unknown-target", "not in the network"),
        ("disruptions", {**EVENT, "duration": "lognormal", "duration_sd": 0}, "duration", "standard deviation"),
        ("policies", {"policy": "p", "rule": "max_country_share", "value": 30}, "policy", "between 0 and 1"),
        ("policies", {"policy": "p", "rule": "min_sites", "value": 1.5}, "policy", "whole number"),
        ("policies", {**SHARE, "rule": "min_country_share", "countries": " "}, "policy", "names no country"),
        ("policies", {**SHARE, "countries": "XX"}, "policy-country", "'XX'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_where_it_is(rows: Rows, table: str, row: dict[str, Any], code: str, words: str) -> None:
    found = check(from_rows(**{**rows, table: [*rows.get(table, []), row]}))
    [finding] = [f for f in found if f.code == code and words in f.text]
    assert finding.where.source == table
    assert finding.where.line is not None
    assert finding.where.column is not None


def test_two_ingredients_that_both_give_the_origin_contradict(rows: Rows) -> None:
    rows["boms"] = [{**r, "gives_origin": "yes"} for r in rows["boms"]]
    rows["boms"].append({"product": "vial", "input": "ksm", "quantity": 1, "gives_origin": "yes"})
    assert "duplicate-origin" in {f.code for f in check(from_rows(**rows))}


def test_demand_that_nothing_reaches_is_found(changed: Callable[..., Network]) -> None:
    found = check(changed(licences=[{"site": "Fill", "country": "CA"}]))
    [finding] = [f for f in found if f.code == "unreachable"]
    assert (finding.text, finding.where.source, finding.where.line) == ("no vial can reach Home", "demand", 1)
    demand = [{"market": "Home", "product": "vial", "quantity": 5}]
    found = check(changed(licences=[{"site": "Fill", "country": "CA"}], demand=demand))
    assert [f.severity for f in found if f.code == "unreachable"] == ["error"]


def test_a_ramp_that_is_missing_or_falls_is_found(rows: Rows) -> None:
    rows["lines"] = [{**r, "ramp": "slow"} for r in rows["lines"]]
    assert {f.text for f in check(from_rows(**rows))} == {"there is no ramp 'slow'"}
    rows["ramps"] = [{"ramp": "slow", "days": 0, "share": 0.5}, {"ramp": "slow", "days": 9, "share": 0.4}]
    assert {f.code for f in check(from_rows(**rows))} == {"ramp"}


def test_capacity_below_demand_is_a_warning(rows: Rows) -> None:
    rows["lines"] = [{**r, "capacity": 1} if r["line"] == "f1" else r for r in rows["lines"]]
    [finding] = check(from_rows(**rows))
    assert (finding.code, finding.severity) == ("capacity", "warning")


def test_empty_tables_are_named() -> None:
    assert {f.where.source for f in check(from_rows())} == {"periods", "products", "sites", "markets", "demand"}


def test_figures_of_different_kinds_do_not_mix(changed: Callable[..., Network]) -> None:
    figure = {"unit": "share", "as_of": "2025", "source": "https://example.org"}
    figures = [
        {**figure, "figure": "filings", "kind": "share_of_count", "value": 0.48},
        {**figure, "figure": "doses", "kind": "share_of_volume", "value": 0.29},
    ]
    demand = [{"market": "Home", "product": "vial", "quantity": 1, "source": "figure:filings figure:doses"}]
    assert [f.code for f in check(changed(figures=figures, demand=demand))] == ["mixed-figures"]
    demand[0]["source"] = "figure:filings figure:else"
    assert [f.code for f in check(changed(figures=figures, demand=demand))] == ["unknown-figure"]


def test_errors_stop_and_warnings_stop_only_where_strict(rows: Rows) -> None:
    rows["lanes"].append(ORPHAN)
    findings = check(from_rows(**rows))
    assert require(findings) == findings
    with pytest.raises(DataError, match="nothing can use the lane z"):
        require(findings, is_strict=True)
