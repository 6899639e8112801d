"""`doseway plan` as a planner calls it."""

import csv
import json
import os
import signal
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.plan.conftest import chain_rows

from doseway.app.planning import keep, kept
from doseway.cli.planning.options import How, Stop, ended, trying
from doseway.model.errors import DataError, Unavailable
from doseway.plan.questions.answering import rows_of
from doseway.plan.questions.cheapest import cheapest
from doseway.plan.seeing.workbook import network_workbook
from doseway.plan.tables import from_rows

DATA = 3


def write(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Path:
    folder.mkdir()
    for name, table in rows.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            head = list(dict.fromkeys(key for row in table for key in row))
            writer = csv.DictWriter(file, head)
            writer.writeheader()
            writer.writerows(table)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write(tmp_path / "small", chain_rows())


def test_init_writes_an_example_that_is_sound_and_never_overwrites(run: Run) -> None:
    assert run("plan", "init", "net").out.startswith("Wrote 17 tables")
    assert run("plan", "check", "net", "--strict").out == "The tables are sound.\n"
    again = run("plan", "init", "net")
    assert again.code == 4
    assert "already holds" in again.err


def test_the_example_as_a_workbook_is_the_same_network(run: Run) -> None:
    assert run("plan", "init", "net.xlsx").code == 0
    assert run("plan", "check", "net.xlsx", "--strict").code == 0
    assert run("plan", "init", "net.xlsx").code == 4


def test_solve_prints_words_to_stdout_and_talk_to_stderr(run: Run, small: Path) -> None:
    ran = run("plan", "solve", small, "--out", "plan.json", "--svg", "map.svg", "--html", "p.html", "--xlsx", "p.xlsx")
    assert ran.code == 0
    assert ran.out.startswith("The plan earns USD")
    assert "Kept plan.json." in ran.err
    assert kept(Path("plan.json")).status == "optimal"
    assert Path("map.svg").read_text(encoding="utf-8").startswith("<svg")
    assert b"default-src" in Path("p.html").read_bytes()
    assert zipfile.is_zipfile("p.xlsx")


def test_json_is_one_object_with_words_and_data(run: Run, small: Path) -> None:
    ran = run("plan", "solve", small, "--json")
    answer = json.loads(ran.out)
    assert answer["words"][0].startswith("The plan earns")
    assert answer["answer"]["plan"]["status"] == "optimal"
    assert ran.out.count("\n") == 1


def test_a_shortage_is_a_finding(run: Run, tmp_path: Path) -> None:
    rows = chain_rows()
    rows["lines"] = [{**row, "capacity": 10} if row["line"] == "f1" else row for row in rows["lines"]]
    folder = write(tmp_path / "short", rows)
    assert run("plan", "solve", folder).code == 1
    why = run("plan", "why", folder)
    assert why.code == 1
    assert "hours of f1 for vial: 180,000 vial" in why.out


def test_every_question_answers_in_words_and_tables(run: Run, small: Path) -> None:
    for arguments in (
        ("capacity",), ("resource", "--share", "0.5"), ("export",), ("buffer", "--scenarios", "2", "--try", "1"),
        ("uncertain", "--scenarios", "2", "--quick"), ("frontier", "--share", "1", "--share", "0.6", "--svg", "f.svg"),
        ("roadmap",), ("why",),
    ):  # fmt: skip
        ran = run("plan", arguments[0], small, *arguments[1:], "--tables")
        assert ran.code == 0, (arguments, ran.err)
        assert ran.out
    hurt = run("plan", "failures", small, "--scope", "countries", "--html", "f.html")
    assert hurt.code == 1
    assert "failures looked at" in hurt.out


def test_a_report_has_its_chapters_and_refuses_another_networks_plan(run: Run, small: Path, tmp_path: Path) -> None:
    run("plan", "solve", small, "--out", "plan.json")
    ran = run("plan", "report", small, "--plan", "plan.json", "--against", "plan.json", "--frontier", "--out", "r.html")
    assert ran.code == 0, ran.err
    page = Path("r.html").read_text(encoding="utf-8")
    for chapter in ("What to decide when", "Which failures hurt", "What resilience costs", "What it rests on"):
        assert chapter in page
    other = write(tmp_path / "other", {**chain_rows(), "scope": [{"name": "other"}]})
    refused = run("plan", "report", other, "--plan", "plan.json", "--out", "x.html")
    assert refused.code == 2
    assert "other tables" in refused.err


def test_compare_reads_two_plans(run: Run, small: Path) -> None:
    run("plan", "solve", small, "--out", "a.json")
    assert "The two are the same." in run("plan", "compare", "a.json", "a.json").out
    Path("broken.json").write_text("{")
    assert run("plan", "compare", "a.json", "broken.json").code == DATA
    assert run("plan", "compare", "a.json", "none.json").code == 2


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("recipes", {"cost": "1,5"}, "recipes.csv, line 2, column 4"),
        ("lines", {"capacity": "-1"}, "lines.csv, line 2, column 3"),
        ("demand", {"unit": "litre"}, "does not convert"),
        ("demand", {"currency": "XXX"}, "XXX"),
        ("lanes", {"from_node": "Nowhere"}, "lanes.csv, line 2, column 2"),
        ("boms", {"yield": "80 %"}, "Write 5 % as 0.05"),
    ],
)
def test_bad_cells_are_named_by_file_line_and_column(
    run: Run, tmp_path: Path, table: str, change: dict[str, str], said: str
) -> None:
    rows = chain_rows()
    rows[table] = [{**rows[table][0], **change}, *rows[table][1:]]
    ran = run("plan", "solve", write(tmp_path / "bad", rows))
    assert ran.code == DATA
    assert said in ran.err


def test_duplicates_and_orphan_lanes_are_found(run: Run, tmp_path: Path) -> None:
    rows = chain_rows()
    rows["sites"] = [*rows["sites"], {"site": "Lonely", "country": "US"}]
    rows["lanes"] = [*rows["lanes"], {"lane": "odd", "from_node": "Lonely", "to_node": "Depot"}]
    folder = write(tmp_path / "orphan", rows)
    assert run("plan", "check", folder).code == 1
    assert "orphan-lane" in run("plan", "check", folder, "--json").out
    assert run("plan", "check", folder, "--strict").code == DATA
    assert run("plan", "solve", folder, "--strict").code == DATA
    assert "warning: " in run("plan", "solve", folder).err
    rows["lines"] = [*rows["lines"], rows["lines"][0]]
    double = run("plan", "check", write(tmp_path / "double", rows))
    assert double.code == DATA
    assert "twice" in double.out


def test_workbooks_that_are_bombs_or_no_workbooks_are_refused(run: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile("bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 32 * 1024 * 1024)
    bomb = run("plan", "check", "bomb.xlsx")
    assert bomb.code == DATA
    assert "zip bombs" in bomb.err
    (tmp_path / "no.xlsx").write_bytes(b"PK\x03\x04nonsense")
    assert run("plan", "check", "no.xlsx").code == DATA
    assert run("plan", "check", "none.xlsx").code == 2


def test_a_terminal_escape_in_a_name_does_not_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    rows = chain_rows()
    rows["lines"] = [{**r, "line": "f\x1b[31m1" if r["line"] == "f1" else r["line"]} for r in rows["lines"]]
    rows["recipes"] = [{**r, "line": "f\x1b[31m1" if r["line"] == "f1" else r["line"]} for r in rows["recipes"]]
    ran = run("plan", "capacity", write(tmp_path / "escape", rows), "--tables")
    assert "\x1b[31m" not in ran.out
    assert "\\x1b[31m" in ran.out


def test_schema_describes_and_gives_templates(run: Run) -> None:
    assert "lanes.cost [money/unit]: nonnegative; default 0; Freight" in run("plan", "schema", "lanes").out
    assert run("plan", "schema", "scope", "--template").out.startswith("name,currency,")
    assert run("plan", "schema", "nothing").code == 2
    assert run("plan", "schema", "--template").code == 2
    assert json.loads(run("plan", "schema", "scope", "--json").out.splitlines()[0])["name"] == "name"


HOW = How(gap=0.01, seconds=10, tier_first=False, strict=False, as_json=False, tables=False, html=None, xlsx=None)


def test_ctrl_c_ends_the_solve_and_keeps_the_best(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with trying(HOW, "Trying") as (effort, stop):
        assert effort.watch is not None
        assert effort.watch(None)  # type: ignore[arg-type]  # without a terminal nobody looks at the progress
        os.kill(os.getpid(), signal.SIGINT)
        assert not effort.watch(None)  # type: ignore[arg-type]  # same
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    assert ended(stop) == 130
    assert "best so far" in capsys.readouterr().err
    assert ended(Stop(), 1) == 1


def test_a_plan_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    network = from_rows(**chain_rows())
    plan = cheapest(network).plan
    keep(tmp_path / "plan.json", plan)
    assert kept(tmp_path / "plan.json") == plan
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]
    with pytest.raises(Unavailable):
        keep(tmp_path / "no folder" / "plan.json", plan)
    (tmp_path / "half.json").write_bytes((tmp_path / "plan.json").read_bytes()[:1000])
    with pytest.raises(DataError, match="not a plan"):
        kept(tmp_path / "half.json")


def test_the_kit_writes_what_the_model_reads(tmp_path: Path) -> None:
    network = from_rows(**chain_rows())
    assert rows_of(network["scope"]) == []
    assert network_workbook(network)[:2] == b"PK"
