"""`doseway rule`: list, explain, lint, try, on files and on a log."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.app.test_shipment_packing import senml
from tests.app.tower.tower_kit import START_MS, TEN, HandClock, journey, plan

from doseway.app.books import SORTS
from doseway.app.settings import Settings
from doseway.app.tower.opening import open_tower
from doseway.intake.door import Incoming
from doseway.model.documents import DeviceCard

Run = Callable[..., Any]
RULES = [(kind, name) for kind, sort in SORTS.items() for name in sort.rule_names()]
PAPERS = """
[shipment]
id = "shp-1"
profile = "usp-cct"
legs = "road plant clinic 2026-03-09T04:00Z 2026-03-11T14:00Z"
promised_at_ms = "2026-03-11T13:00Z"
[[site]]
id = "plant"
area = "47.5596 7.5886 1500"
[[site]]
id = "clinic"
area = "46.2044 6.1432 500"
[[device]]
id = "990400100002"
interval_s = 300
measures = ["temperature"]
has_positions = false
"""


def test_every_rule_is_listed_and_can_be_explained(run: Run) -> None:
    told = [json.loads(line) for line in run("rule", "list", "--json").out.splitlines()]
    assert [(one["kind"], one["rule"]) for one in told] == RULES
    for _, name in RULES:
        one = json.loads(run("rule", "explain", name, "--json").out)
        assert one["text"]
        assert one["source"] or one["kind"] == "profile"
        assert all(each["text"] for each in one["parameters"]), name


def test_an_entry_is_explained_with_its_limit_and_clause(run: Run) -> None:
    told = run("rule", "explain", "usp-cct/below-2")
    assert told.code == 0
    assert "limit                  2 °C" in told.out
    assert "USP <659>: 2 to 8 °C; a low excursion has no MKT" in told.out
    near = run("rule", "explain", "excursoin")
    assert (near.code, "'excursion'" in near.err) == (2, True)


def test_a_limit_is_tuned_on_a_file(run: Run, examples: Path) -> None:
    name = examples / "tarmac-excursion.txt"
    ran = run("rule", "try", "usp-cct/above-8", "--set", "limit_c=7.5", "--json", name)
    trial = json.loads(ran.out)
    (fired,) = trial["fired"]
    assert (ran.code, fired["compared"], fired["limits"]["limit_milli"]) == (1, "changed", 7_500)
    assert fired["was"]["start_ms"] > fired["finding"]["start_ms"]
    none = run("rule", "try", "usp-cct/above-8", "--set", "limit_c=20", name)
    assert (none.code, "fired, and would not have" in none.out) == (0, True)
    quiet = run("rule", "try", "usp-cct", "--quiet", name)
    assert (quiet.code, quiet.out) == (1, "")
    span = run("rule", "try", "usp-cct/above-8", "--until", "2026-03-09T00:00Z", name)
    assert span.code == 0


def test_an_own_file_is_compared_with_the_devices_alarms_and_knows_the_phases_of_its_papers(
    run: Run, examples: Path, tmp_path: Path
) -> None:
    (tmp_path / "papers.toml").write_text(PAPERS, encoding="utf-8")
    rule = '[[rules]]\nrule = "excursion"\nid = "x"\nside = "high"\nlimit_c = 8\nraise_after_s = 3600\n'
    (tmp_path / "own.toml").write_text(f'id = "own"\n{rule}', encoding="utf-8")
    ran = run("rule", "try", "own.toml", examples / "tarmac-excursion.txt", "--json")
    assert [one["compared"] for one in json.loads(ran.out)["fired"]] == ["same"], "the device's own alarm: 60 min"
    silent = '[[rules]]\nrule = "no_signal"\nphases = ["delivered"]\n'
    (tmp_path / "w.toml").write_text(f'id = "w"\n{silent}', encoding="utf-8")
    with_papers = run("rule", "try", "w.toml", examples / "tarmac-excursion.txt", "--papers", "papers.toml")
    assert with_papers.code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("usp-cct",), 2, "which history"),
        (("usp-ccd", "FILE"), 2, "usp-cct"),
        (("usp-cct", "FILE", "--set", "limit_c"), 2, "--set limit_c=7.5"),
        (("usp-cct", "FILE", "--set", "limt_c=7"), 2, "limit_c"),
        (("usp-cct", "FILE", "--set", "limit_c=warm"), 3, "limit_c"),
        (("usp-cct", "FILE", "--shipment", "s1"), 2, "as one shipment"),
        (("usp-cct", "FILE", "--message", "tive"), 3, "tarmac"),
        (("usp-cct", "FILE", "--message", "morse"), 2, "tive"),
        (("nowhere.toml", "FILE"), 2, "cannot be read"),
        (("usp-cct", "--shipment", "s1"), 4, "no log"),
        (("usp-cct", "--from", "yesterday", "FILE"), 3, "no time"),
    ],
)
def test_what_cannot_be_tried_is_said(
    run: Run, examples: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    told = [str(examples / "tarmac-excursion.txt") if one == "FILE" else one for one in arguments]
    ran = run("rule", "try", *told)
    assert (ran.code, words in ran.err) == (code, True), ran.err


def test_papers_are_linted_and_what_is_wrong_in_them_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "papers.toml").write_text(PAPERS, encoding="utf-8")
    ran = run("rule", "lint", "papers.toml", "--json")
    notes = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert ("planned-late", "watch") in {(one["code"], one["where"]) for one in notes}
    assert {one["rule"] for one in notes if one["code"] == "never-fires"} >= {"light", "shock", "battery"}
    for old, new, words in (
        ("interval_s", "intervall_s", "interval_s"),
        ("[[device]]", "[[divice]]", "device"),
        ('id = "shp-1"', 'id = "SHP 1"', "64"),
    ):
        (tmp_path / "papers.toml").write_text(PAPERS.replace(old, new), encoding="utf-8")
        wrong = run("rule", "lint", "papers.toml")
        assert (wrong.code, words in wrong.err) == (3, True), wrong.err


def test_papers_are_of_one_shipment(run: Run, tmp_path: Path) -> None:
    (tmp_path / "papers.toml").write_text('[[device]]\nid = "d"\n', encoding="utf-8")
    wrong = run("rule", "lint", "papers.toml")
    assert (wrong.code, "papers are of one [shipment]" in wrong.err) == (3, True)


def test_a_towers_log_is_tried_and_linted_without_the_tower(run: Run, tmp_path: Path) -> None:
    with open_tower(Settings(store=tmp_path / "data"), clock=HandClock(START_MS + 60 * TEN)) as tower:
        plan(tower)
        body = senml("d1", journey(range(20, 30), value=9_000))
        incoming = Incoming(door="http", format="senml", body=body, by="key:t", received_at_ms=START_MS + 60 * TEN)
        assert tower.admit(incoming).result(timeout=10).error == ""
        tower.desk.put(DeviceCard(id="d1", interval_s=900), replaces=1, by="user:q")
        tower.settle()
    same = json.loads(run("rule", "try", "usp-cct", "--shipment", "s1", "--store", "data", "--json").out)
    assert {one["compared"] for one in same["fired"]} == {"same"}
    assert same["gone"] == []
    ran = run("rule", "try", "usp-cct/above-8", "--set", "limit_c=9", "--device", "d1", "--store", "data")
    assert (ran.code, "above-8: fired, and would not have" in ran.out) == (0, True)
    span = run("rule", "try", "light", "--from", "2025-11-01T00:00Z", "--store", "data")
    assert (span.code, "s1: would not have fired" in span.out) == (0, True)
    lint = run("rule", "lint", "s1", "--store", "data")
    assert (lint.code, "s1: 2 to check" in lint.out, "(no-way)" in lint.out) == (1, True, True), lint.out
    assert run("rule", "lint", "s9", "--store", "data").code == 3
