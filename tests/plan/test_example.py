"""The worked example runs, says where its figures come from, and marks what is assumed."""

from pathlib import Path

import pytest

from doseway.model.errors import ConflictError
from doseway.plan.chain import Chain
from doseway.plan.checks import check
from doseway.plan.example import worked_example, write_example
from doseway.plan.highs import Limits
from doseway.plan.quantities import in_plan_units
from doseway.plan.solving import plan
from doseway.plan.survive import every_outage, sweep
from doseway.plan.tables import Network, read_folder


def test_the_example_has_no_findings_and_is_written_as_it_is_read(tmp_path: Path) -> None:
    write_example(tmp_path / "plan")
    network = read_folder(tmp_path / "plan")
    assert check(network) == []
    assert network["demand"].texts == worked_example()["demand"].texts


def test_nothing_of_the_planners_is_overwritten(tmp_path: Path) -> None:
    write_example(tmp_path)
    with pytest.raises(ConflictError, match="already holds"):
        write_example(tmp_path)


def test_every_row_is_cited_or_marked_as_assumed() -> None:
    network = worked_example()
    for table in network.tables.values():
        for row in range(len(table)):
            assert bool(table.text("source")[row]) != bool(table.flag("assumed")[row]), table.where(row)


def test_the_first_year_of_the_example_is_planned_within_its_gap() -> None:
    answer = plan(first_year(worked_example()), Limits(gap=1e-3, seconds=60))
    assert answer.status == "optimal"
    assert answer.violations() == []
    assert answer.service()["1"] == pytest.approx(1, abs=1e-6)


def first_year(network: Network) -> Network:
    periods = network["periods"]
    rows = [
        {"period": name, "start": start, "days": days}
        for name, start, days in zip(
            periods.text("period")[:4],
            ("2027-01-01", "2027-04-01", "2027-07-01", "2027-10-01"),
            (90, 91, 92, 91),
            strict=True,
        )
    ]
    return network.replace(periods=rows)


def test_the_example_says_which_failures_hurt() -> None:
    chain = Chain(in_plan_units(worked_example()))
    found = sweep(chain, every_outage(chain))
    assert found[0].index == 1.0
    assert found[0].is_exposed
    assert [e.impact for e in found] == sorted((e.impact for e in found), reverse=True)


def test_every_figure_says_where_it_is_from_when_it_was_true_and_what_it_counts() -> None:
    figures = worked_example()["figures"]
    for row in range(len(figures)):
        for attribute in ("source", "as_of", "kind", "unit"):
            assert figures.text(attribute)[row], figures.where(row, attribute)
    assert len(set(figures.text("kind"))) > 4


def test_a_row_that_mixes_a_share_of_filings_with_a_share_of_volume_is_refused() -> None:
    network = worked_example()
    mixed = "figure:dmf_india and figure:essential_api_india"
    lines = [{"line": "x", "site": "API Gujarat", "capacity": 1, "source": mixed}]
    found = [finding for finding in check(network.replace(lines=lines, recipes=[])) if finding.code == "mixed-figures"]
    assert len(found) == 1
    assert "share_of_count, share_of_volume" in found[0].text
