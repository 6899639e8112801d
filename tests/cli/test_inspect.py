"""`doseway inspect`: verdict, signature, chart, JSON, reports, exit codes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
REQUIRED = {
    "file", "format", "signature", "readings", "observed", "coverage", "mean_c", "mkt_c", "min_c", "max_c", "episodes",
    "verdict", "reasons",
}  # fmt: skip


def test_a_good_shipment_is_within_label(run: Run, examples: Path, issuer: Path) -> None:
    ran = run("inspect", examples / "good-shipment.txt", "--issuer", issuer)
    assert (ran.code, ran.err) == (0, "")
    assert "Genuine" in ran.out
    assert "✓ Within label" in ran.out


def test_an_excursion_is_a_finding_with_its_reason(run: Run, examples: Path, issuer: Path) -> None:
    ran = run("inspect", examples / "tarmac-excursion.txt", "--issuer", issuer)
    assert ran.code == 1
    assert "! QA review" in ran.out
    assert "Above 8" in ran.out


def test_an_altered_file_is_told_whatever_its_readings_say(run: Run, examples: Path, issuer: Path) -> None:
    ran = run("inspect", examples / "tarmac-excursion-altered.txt", "--issuer", issuer, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["signature"]) == (1, "altered")
    assert "altered" in told["reasons"][0]


def test_a_signature_that_was_cut_off_raises_a_doubt(run: Run, examples: Path, tmp_path: Path) -> None:
    text = (examples / "good-shipment.txt").read_bytes()
    (tmp_path / "cut.txt").write_bytes(text[: text.index(b"Cert:")])
    ran = run("inspect", "cut.txt", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["signature"], told["verdict"]) == (1, "unsigned", "undecided")
    assert "signs its exports" in told["reasons"][0]


def test_without_the_issuers_key_the_issuer_is_unknown(run: Run, examples: Path) -> None:
    told = json.loads(run("inspect", examples / "good-shipment.txt", "--json").out)
    assert told["signature"] == "unknown-issuer"


def test_json_is_one_object_a_file_with_the_promised_members(run: Run, examples: Path, issuer: Path) -> None:
    files = [examples / "good-shipment.txt", examples / "tarmac-excursion.txt", examples / "pharmacy.bv"]
    ran = run("inspect", *files, "--issuer", issuer, "--json")
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert [one["file"] for one in told] == [str(file) for file in files]
    assert all(one.keys() >= REQUIRED for one in told)
    assert all(set(one["observed"]) == {"from", "to"} for one in told)


def test_the_chart_shows_limits_gaps_and_readings(run: Run, examples: Path, issuer: Path) -> None:
    out = run("inspect", examples / "gap-and-unplugged-probe.txt", "--issuer", issuer).out
    assert "░" in out
    assert "╌" in out
    assert any("\u2801" <= character <= "\u28ff" for character in out)


def test_time_without_observation_is_told_as_unknown(run: Run, examples: Path, issuer: Path) -> None:
    ran = run("inspect", examples / "gap-and-unplugged-probe.txt", "--issuer", issuer)
    assert "9 h 45 min unknown" in " ".join(ran.out.split())


def test_a_named_profile_replaces_the_limits_of_the_device(run: Run, examples: Path, issuer: Path) -> None:
    told = json.loads(run("inspect", examples / "good-shipment.txt", "--profile", "usp-crt", "--json").out)
    assert told["profile"] == "usp-crt"
    assert told["verdict"] != "within-label"


def test_without_any_limits_nothing_is_fine(run: Run, examples: Path) -> None:
    ran = run("inspect", examples / "box.senml", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["verdict"]) == (1, "undecided")
    assert "No limits" in told["reasons"][0]


def test_an_unknown_file_is_refused_with_what_where_and_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7 scanned")
    ran = run("inspect", "scan.pdf")
    assert (ran.code, ran.out) == (3, "")
    assert "scan.pdf" in ran.err
    assert "looks like a PDF" in ran.err
    assert "Doseway reads" in ran.err


def test_a_broken_line_is_named_by_line_and_column(run: Run, examples: Path, tmp_path: Path) -> None:
    text = (examples / "good-shipment.txt").read_bytes()
    (tmp_path / "torn.txt").write_bytes(text[: len(text) // 2])
    ran = run("inspect", "torn.txt")
    assert ran.code in {1, 3}
    (tmp_path / "bad.txt").write_bytes(text.replace(b"\t4.", b"\t4x", 1))
    ran = run("inspect", "bad.txt")
    assert ran.code == 3
    assert "line " in ran.err


def test_a_missing_file_and_a_misspelt_profile_are_usage_errors(run: Run, examples: Path) -> None:
    assert run("inspect", "nowhere.txt").code == 2
    ran = run("inspect", examples / "good-shipment.txt", "--profile", "usp-ctc")
    assert ran.code == 2
    assert "usp-cct" in ran.err
    assert run("inspect", examples / "good-shipment.txt", "--zone", "Europe/Zurch").code == 2


def test_reports_are_written_as_html_and_pdf(run: Run, examples: Path, issuer: Path, tmp_path: Path) -> None:
    ran = run("inspect", examples / "tarmac-excursion.txt", "--issuer", issuer, "--html", "r.html", "--pdf", "r.pdf")
    assert ran.code == 1
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "QA review" in page
    assert "<script" not in page
    assert "Log index" not in page
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")


def test_a_folder_of_many_files_gives_one_table(run: Run, examples: Path, issuer: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        shutil.copy(
            examples / ("good-shipment.txt" if number % 4 else "tarmac-excursion.txt"), folder / f"{number}.txt"
        )
    (folder / "noise.txt").write_bytes(b"\x00\x01\x02")
    ran = run("inspect", folder, "--issuer", issuer)
    assert ran.code == 3
    assert "41 files: 30 within label, 10 qa review, 1 unreadable" in ran.out
    assert ran.out.count("genuine") == 40


def test_quiet_says_nothing_and_the_exit_code_tells(run: Run, examples: Path, issuer: Path) -> None:
    assert run("inspect", examples / "tarmac-excursion.txt", "--issuer", issuer, "--quiet") == (1, "", "")


@pytest.mark.parametrize("content", ["", "00", "zz" * 64])
def test_a_key_that_is_none_is_refused(run: Run, examples: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "key.pub").write_text(content)
    ran = run("inspect", examples / "good-shipment.txt", "--issuer", "key.pub")
    assert ran.code == 2
    assert "128 hex digits" in ran.err


class TestRealFiles:
    """The logger exports that devices wrote, with what the devices themselves say."""

    @pytest.fixture
    def told(self, run: Run, data: Path) -> dict[str, Any]:
        ran = run("inspect", *sorted((data / "berlinger").glob("*.txt")), "--json")
        return {Path(one["file"]).name: one for one in map(json.loads, ran.out.splitlines())}

    def test_genuine_files_are_genuine_and_the_edited_one_is_altered(self, told: dict[str, Any]) -> None:
        assert {name: one["signature"] for name, one in told.items()} == {
            "130400191542_202302140605.txt": "genuine",
            "130500109088_202206081014.txt": "genuine",
            "RCPJ00010_02_202211090128.txt": "genuine",
            "test.txt": "altered",
        }

    def test_the_edited_file_contradicts_itself(self, told: dict[str, Any]) -> None:
        assert told["test.txt"]["contradictions"]
        assert told["test.txt"]["readings"] == 53

    def test_our_figures_agree_with_the_devices_own(self, told: dict[str, Any]) -> None:
        for name in ("130500109088_202206081014.txt", "RCPJ00010_02_202211090128.txt"):
            agreements = told[name]["agreements"]
            assert agreements
            assert [one for one in agreements if not one["agrees"]] == []

    def test_figures_to_the_digits_that_are_known(self, told: dict[str, Any]) -> None:
        long, q_tag = told["130500109088_202206081014.txt"], told["RCPJ00010_02_202211090128.txt"]
        assert (long["readings"], long["min_c"], long["max_c"]) == (10653, -8.4, 30.2)
        assert (round(long["mean_c"], 4), round(long["coverage"], 5)) == (6.581, 0.99353)
        assert (q_tag["readings"], q_tag["min_c"], q_tag["max_c"]) == (124, 0.9, 24.3)
        assert (int(q_tag["mean_c"] * 10) / 10, int(q_tag["mkt_c"] * 10) / 10) == (5.4, 10.5)

    def test_a_file_without_a_log_tells_the_devices_own_alarms(self, told: dict[str, Any]) -> None:
        one = told["130400191542_202302140605.txt"]
        assert (one["readings"], one["verdict"]) == (0, "qa-review")
        assert any("alarm" in reason for reason in one["reasons"])
