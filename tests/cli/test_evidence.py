"""`doseway evidence`, `witness` and `demo`: a pack that proves a judgement, and who saw the log."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def store(run: Run, examples: Path, issuer: Path, tmp_path: Path) -> Path:
    """A log with an excursion."""
    run("import", examples / "tarmac-excursion.txt", "--issuer", issuer, "--store", tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def witnessed(run: Run, store: Path, tmp_path: Path) -> Iterator[Path]:
    """The log with a witness in another process, required by the policy."""
    vkey = json.loads(run("log", "status", "--store", store, "--json").out)["vkey"]
    command = [sys.executable, "-m", "doseway", "witness", "serve", "--name", "w.example/a", "--log", vkey]
    command += ["--store", str(tmp_path / "witness")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        witness_vkey = process.stdout.readline().strip()
        url = process.stderr.readline().split()[-1]
        lines = [line for line in (store / "policy").read_text().splitlines() if line.startswith("log ")]
        (store / "policy").write_text("\n".join([*lines, f"witness a {witness_vkey} {url}", "quorum a", ""]))
        yield store
        process.terminate()
        process.wait(10)


def test_an_unwitnessed_pack_says_so(run: Run, store: Path) -> None:
    ran = run("evidence", "pack", 1, "--out", "p.zip", "--store", store)
    assert (ran.code, "No witness" in ran.err) == (0, True)
    verified = run("evidence", "verify", "p.zip", "--policy", store / "policy")
    assert verified.code == 2
    assert verified.out.startswith("NOT WITNESSED")


def test_a_witnessed_pack_is_verified_by_plain_python(run: Run, witnessed: Path, tmp_path: Path) -> None:
    assert run("evidence", "pack", 1, "--out", "p.zip", "--store", witnessed).code == 0
    with zipfile.ZipFile("p.zip") as archive:
        (tmp_path / "v.py").write_bytes(archive.read("verify.py"))
    command = [sys.executable, "-I", "-S", "v.py", "p.zip", "--policy", str(witnessed / "policy"), "--json"]
    alone = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    told = json.loads(alone.stdout)
    assert (alone.returncode, told["verdict"]) == (0, "VERIFIED"), told
    assert json.loads(run("evidence", "verify", "p.zip", "--policy", witnessed / "policy", "--json").out) == told


def test_a_pack_is_not_overwritten(run: Run, store: Path, tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(b"mine")
    assert run("evidence", "pack", 1, "--out", "p.zip", "--store", store).code == 2
    assert (tmp_path / "p.zip").read_bytes() == b"mine"


def test_a_file_read_in_two_ways_is_packed_as_it_was_read_last(
    run: Run, store: Path, examples: Path, issuer: Path
) -> None:
    """A judgement belongs to the decoding before it: none is recomputed from the readings of another."""
    again = ["import", examples / "tarmac-excursion.txt", "--issuer", issuer, "--store", store]
    first = json.loads(run("log", "status", "--store", store, "--json").out)["size"]
    run(*again, "--zone", "+02:00")
    run(*again)
    run(*again)
    assert json.loads(run("log", "status", "--store", store, "--json").out)["size"] == first + 4
    run("evidence", "pack", 1, "--out", "p.zip", "--store", store)
    told = json.loads(run("evidence", "verify", "p.zip", "--policy", store / "policy", "--json").out)
    assert told["verdict"] == "NOT WITNESSED", told
    assert told["gaps"] == []
    assert [text.partition(", ")[2] for text in told["checked"] if "recomputed" in text] == [
        "judgement 7: qa-review, recomputed from the readings with the logged limits"
    ]
    assert sum("of an earlier decoding" in text for text in told["notes"]) == 2


def test_what_is_no_packet_cannot_be_packed(run: Run, store: Path) -> None:
    ran = run("evidence", "pack", 0, "--out", "p.zip", "--store", store)
    assert ran.code == 2
    assert "log status" in ran.err


def test_a_pack_with_another_reading_is_tampered(run: Run, store: Path) -> None:
    run("evidence", "pack", 1, "--out", "p.zip", "--store", store)
    with zipfile.ZipFile("p.zip") as source, zipfile.ZipFile("q.zip", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b",5", b",4", 1) if name.startswith("readings/") else data)
    ran = run("evidence", "verify", "q.zip")
    assert ran.code == 3
    assert ran.out.startswith("TAMPERED")


def test_the_quorum_is_met_by_the_witness_and_kept(run: Run, witnessed: Path) -> None:
    ran = run("log", "cosign", "--store", witnessed)
    assert (ran.code, "quorum met" in ran.out) == (0, True)
    assert run("log", "checkpoint", "--cosigned", "--store", witnessed).out.count("— ") == 2
    assert run("log", "verify", "--witnesses", "--store", witnessed).code == 0


def test_a_pack_without_its_quorum_is_written_and_is_a_finding(run: Run, store: Path) -> None:
    vkey = "w.example/a+bd394177+BM8kiMn2T9EF4E/1ZMWU7Ao8LaYEKIjZ8Ct4fhXq4UWc"
    with (store / "policy").open("a") as policy:
        policy.write(f"witness a {vkey} http://127.0.0.1:9\n")
    text = (store / "policy").read_text().replace("quorum none\n", "")
    (store / "policy").write_text(f"{text}quorum a\n")
    ran = run("evidence", "pack", 1, "--out", "p.zip", "--store", store)
    assert (ran.code, "NOT met" in ran.err, "unreachable" in ran.err) == (1, True, True)
    assert run("evidence", "verify", "p.zip", "--policy", store / "policy").code == 2


def test_a_log_that_is_replaced_is_refused_by_its_witness(run: Run, witnessed: Path, examples: Path) -> None:
    run("log", "cosign", "--store", witnessed)
    for name in ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm", "anchor"):
        (witnessed / name).unlink(missing_ok=True)
    ran = run("import", examples / "good-shipment.txt", "--store", witnessed)
    assert ran.code in {0, 1}
    ran = run("log", "cosign", "--store", witnessed)
    assert ran.code == 5
    assert "does not confirm" in ran.err


def test_doctor_finds_what_is_wrong_and_says_what_to_do(run: Run, witnessed: Path) -> None:
    assert run("doctor", "--store", witnessed).code == 0
    (witnessed / "log.key").chmod(0o644)
    ran = run("doctor", "--store", witnessed)
    assert ran.code == 1
    assert "chmod 600" in ran.out


def test_doctor_without_a_log_says_how_to_begin(run: Run) -> None:
    ran = run("doctor", "--store", "none")
    assert (ran.code, "doseway import" in ran.out) == (0, True)


def test_the_demonstration_takes_logger_files_the_whole_way(run: Run) -> None:
    ran = run("demo", "--files")
    assert ran.code == 0, ran.err
    assert "VERIFIED" in ran.out
    assert "TAMPERED" in ran.out
    assert ran.out.rstrip().endswith("sound")


def test_a_kept_demonstration_needs_a_new_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    assert run("demo", "--keep", "full").code == 2


def test_doctor_names_a_policy_that_is_of_another_log(run: Run, store: Path) -> None:
    (store / "policy").write_text("quorum none\n")
    ran = run("doctor", "--store", store)
    assert (ran.code, "Add this line: log doseway.local/log+" in ran.out) == (1, True)
    (store / "policy").write_text("garbage\n")
    assert f"{store / 'policy'}, line 1" in run("doctor", "--store", store).out


def test_a_packet_cannot_draw_a_verdict_of_its_own(run: Run, examples: Path, tmp_path: Path) -> None:
    odd = tmp_path / "good\x1b[2J\nVERIFIED.txt"
    odd.write_bytes((examples / "good-shipment.txt").read_bytes())
    run("import", odd, "--store", "data")
    assert run("evidence", "pack", 1, "--out", "p.zip", "--store", "data").code == 0
    ran = run("evidence", "verify", "p.zip")
    assert "\x1b" not in ran.out
    assert [line for line in ran.out.splitlines() if line.startswith(("VERIFIED", "NOT"))] == ["NOT WITNESSED"]
