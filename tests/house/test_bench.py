"""What the runner of the benchmarks promises: no failure loses another workload's rows, and no aim is lost."""

from pathlib import Path

import pytest
from benchmarks import __main__ as runner
from benchmarks.aims import AIMS, at_least, below, not_shown, times, told
from benchmarks.kept import Result, forget, keep, kept, measure
from benchmarks.row import Row, row, without_figure


def fails() -> list[Row]:
    raise OSError("no broker\nat all")


def works() -> list[Row]:
    return [row("fast", 10.0, "per s", "slow", 4.0)]


def test_a_failure_is_a_row_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    result = measure("broken", fails)
    assert result["is_failed"]
    (found,) = result["rows"]
    assert (found["name"], found["value"], found["note"]) == ("broken", None, "failed: OSError: no broker")
    assert "no broker" in capsys.readouterr().err


def test_rows_are_kept_by_workload_and_measured_again_alone(tmp_path: Path) -> None:
    keep(measure("one", works), tmp_path)
    keep(measure("two", lambda: [row("other", 1.0, "s")]), tmp_path)
    keep(measure("one", lambda: [row("fast", 20.0, "per s", "slow", 4.0)]), tmp_path)
    assert [[one["value"] for one in result["rows"]] for result in kept(["two", "one", "none"], tmp_path)] == [
        [1.0],
        [20.0],
    ]
    forget(tmp_path)
    assert kept(["one", "two"], tmp_path) == []


def test_a_run_goes_on_where_it_was_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, Result] = {"judge": measure("judge", works)}
    ran: list[str] = []

    def measured(name: str) -> list[Row]:
        ran.append(name)
        return works()

    monkeypatch.setattr(runner, "kept", lambda names: [known[name] for name in names if name in known])
    monkeypatch.setattr(runner, "keep", lambda result: known.update({result["workload"]: result}))
    monkeypatch.setattr(runner, "rows_of", measured)
    assert runner.run(["judge", "log_verify"], is_resumed=True)
    assert ran == ["log_verify"]
    assert runner.run(["judge"], is_resumed=False)
    assert ran == ["log_verify", "judge"]


def test_a_failed_workload_is_tried_again_and_the_run_is_not_sound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known: dict[str, Result] = {"judge": measure("judge", fails)}
    monkeypatch.setattr(runner, "kept", lambda names: [known[name] for name in names if name in known])
    monkeypatch.setattr(runner, "keep", lambda result: known.update({result["workload"]: result}))
    monkeypatch.setattr(runner, "rows_of", lambda name: {"judge": fails, "log_verify": works}[name]())
    assert not runner.run(["judge", "log_verify"], is_resumed=True)
    assert [known[name]["is_failed"] for name in ("judge", "log_verify")] == [True, False]
    monkeypatch.setattr(runner, "rows_of", lambda name: works() if name == "judge" else fails())
    assert runner.run(["judge", "log_verify"], is_resumed=True)


def test_aims_hold_on_their_bounds() -> None:
    assert times(2.5).is_met(row("a", 10, "s", "b", 4))
    assert not times(2.6).is_met(row("a", 10, "s", "b", 4))
    assert at_least(10).is_met(row("a", 10, "s"))
    assert not below(10).is_met(row("a", 10, "s"))
    assert not below(10).is_met(without_figure("a", "not run: no broker"))
    assert [str(one) for one in (times(4), at_least(50_000), below(1))] == ["≥ 4×", "≥ 50,000", "< 1"]


def test_the_table_says_whether_an_aim_was_met_and_which_has_no_row() -> None:
    name = "tower_ingest_batches"
    assert told(row(name, 49_999, "readings/s")) == "≥ 50,000, missed"
    assert told(row(name, 50_000, "readings/s")) == "≥ 50,000, met"
    assert told(without_figure(name, "failed: it did")) == "≥ 50,000, not shown"
    assert told(row("judge", 1, "s")) == ""
    assert not_shown([row(name, 1, "readings/s")]) == sorted(AIMS.keys() - {name})


def test_the_page_has_every_row_with_its_load_and_what_was_not_run() -> None:
    results = [measure("one", works), measure("two", lambda: [without_figure("sse_1000_p99", "not run: no | port")])]
    page = runner.markdown(results)
    assert "| fast | 10 | per s | slow | 4 | 2.50 |  | " in page
    assert "| sse_1000_p99 |  | not run: no \\| port |  |  |  | < 500, not shown | " in page
    assert "tower_late_2000 (< 50)" in page


def test_every_workload_has_a_run() -> None:
    for name in runner.workloads():
        source = (runner.HERE / f"{name}.py").read_text(encoding="utf-8")
        assert "def run() -> list[Row]:" in source, name
