"""`doseway import` and `doseway log`: what goes in can be proved, and what is changed is named."""

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def imported(run: Run, examples: Path, issuer: Path, tmp_path: Path) -> Path:
    """A log with two files."""
    store = tmp_path / "data"
    files = [examples / "good-shipment.txt", examples / "tarmac-excursion.txt"]
    assert run("import", *files, "--issuer", issuer, "--store", store).code == 1
    return store


def status(run: Run, store: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("log", "status", "--store", store, "--json").out)
    return told


def test_the_same_files_again_change_nothing(run: Run, imported: Path, examples: Path, issuer: Path) -> None:
    before = status(run, imported)
    ran = run("import", examples / "good-shipment.txt", "--issuer", issuer, "--store", imported)
    assert (ran.code, "known already" in ran.out) == (0, True)
    assert status(run, imported) == before


def test_another_profile_adds_one_judgement(run: Run, imported: Path, examples: Path, issuer: Path) -> None:
    before = status(run, imported)["size"]
    file = examples / "good-shipment.txt"
    run("import", file, "--issuer", issuer, "--store", imported, "--profile", "usp-cct")
    assert status(run, imported)["size"] == before + 1


def test_a_file_that_nobody_can_read_is_kept_and_rejected(run: Run, imported: Path, tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.7 scanned")
    ran = run("import", "scan.pdf", "--store", imported)
    assert (ran.code, "rejected" in ran.out) == (3, True)
    packets = status(run, imported)["packets"]
    assert packets[-1] | {"packet": 0} == {
        "packet": 0, "name": "scan.pdf", "size_bytes": 16, "state": "rejected", "verdict": "",
    }  # fmt: skip
    assert run("log", "verify", "--store", imported).code == 0


def test_a_dry_run_writes_nothing(run: Run, examples: Path, tmp_path: Path) -> None:
    ran = run("import", examples / "good-shipment.txt", "--store", "new", "--dry-run")
    assert (ran.code, "would import" in ran.err) == (0, True)
    assert not (tmp_path / "new").exists()


def test_a_sound_log_is_sound(run: Run, imported: Path) -> None:
    ran = run("log", "verify", "--store", imported)
    assert (ran.code, ran.out.startswith("sound: ")) == (0, True)


def test_an_edited_entry_is_named(run: Run, imported: Path) -> None:
    with sqlite3.connect(imported / "log.sqlite") as database:
        database.execute("UPDATE entry SET data = CAST(replace(CAST(data AS TEXT), 'e', 'f') AS BLOB) WHERE idx = 3")
    database.close()
    ran = run("log", "verify", "--store", imported, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["is_sound"]) == (5, False)
    assert ("edited", 3) in {(one["kind"], one["index"]) for one in told["findings"]}


def test_a_published_log_verifies_with_its_key_alone(run: Run, imported: Path, tmp_path: Path) -> None:
    vkey = status(run, imported)["vkey"]
    assert run("log", "export-tiles", "public", "--store", imported).code == 0
    assert run("log", "verify", "--at", "public", "--vkey", vkey).code == 0
    bundle = next((tmp_path / "public" / "tile" / "entries").rglob("*.p")).rglob("*")
    file = next(path for path in bundle if path.is_file())
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    ran = run("log", "verify", "--at", "public", "--vkey", vkey)
    assert ran.code == 5


def test_a_proof_of_an_entry_holds_under_the_policy(run: Run, imported: Path, tmp_path: Path) -> None:
    from doseway.ledger.merkle import leaf_hash  # noqa: PLC0415
    from doseway.ledger.policy import parse_policy  # noqa: PLC0415
    from doseway.ledger.proof import parse_proof, verify_proof  # noqa: PLC0415

    assert run("log", "prove", 1, "--out", "p.tlog-proof", "--store", imported).code == 0
    with sqlite3.connect(imported / "log.sqlite") as database:
        (entry,) = database.execute("SELECT data FROM entry WHERE idx = 1").fetchone()
    database.close()
    policy = parse_policy((imported / "policy").read_text())
    assert verify_proof(parse_proof((tmp_path / "p.tlog-proof").read_bytes()), leaf_hash(entry), policy).index == 1


def test_a_checkpoint_is_a_signed_note(run: Run, imported: Path) -> None:
    lines = run("log", "checkpoint", "--store", imported).out.split("\n")
    assert lines[0] == "doseway.local/log"
    assert lines[4].startswith("— doseway.local/log ")


def test_no_log_says_how_to_begin_one(run: Run) -> None:
    ran = run("log", "status", "--store", "none")
    assert ran.code == 4
    assert "doseway import" in ran.err


def test_a_new_key_takes_over_and_the_log_stays_sound(run: Run, imported: Path, examples: Path) -> None:
    before = status(run, imported)["vkey"]
    ran = run("log", "rotate-key", "--reason", "yearly", "--store", imported)
    assert ran.code == 0
    assert ran.out.strip() == status(run, imported)["vkey"] != before
    assert run("import", examples / "freezing.txt", "--store", imported).code == 1
    assert run("log", "verify", "--store", imported).code == 0
    assert run("log", "verify", "--store", imported, "--vkey", before).code == 0


def test_an_interrupted_rotation_is_finished_by_the_next_use(run: Run, imported: Path, examples: Path) -> None:
    key, old = imported / "log.key", (imported / "log.key").read_bytes()
    run("log", "rotate-key", "--reason", "yearly", "--store", imported)
    key.rename(imported / "log.key.next")
    key.write_bytes(old)
    assert run("import", examples / "freezing.txt", "--store", imported).code == 1
    assert run("log", "verify", "--store", imported).code == 0


def test_a_key_that_was_made_and_never_used_is_dropped(run: Run, imported: Path, examples: Path) -> None:
    from doseway.app.keys import create_key  # noqa: PLC0415

    create_key(imported / "log.key.next", "doseway.local/log")
    assert run("import", examples / "freezing.txt", "--store", imported).code == 1
    assert not (imported / "log.key.next").exists()


def test_erasing_destroys_the_bytes_and_keeps_every_proof(run: Run, imported: Path) -> None:
    ran = run("log", "erase", 1, "--reason", "request 17", "--yes", "--store", imported)
    assert ran.code == 0
    assert status(run, imported)["packets"][0]["state"] == "erased"
    assert run("log", "verify", "--store", imported).code == 0
    assert b"good-shipment.txt" in (imported / "log.sqlite").read_bytes()  # the fact stays
    assert run("log", "erase", 1, "--reason", "again", "--yes", "--store", imported).code == 2


def test_a_rolled_back_store_is_refused(run: Run, imported: Path, examples: Path, tmp_path: Path) -> None:
    backup = {path.name: path.read_bytes() for path in imported.iterdir() if path.name.startswith("log.sqlite")}
    run("import", examples / "freezing.txt", "--store", imported)
    for path in imported.glob("log.sqlite*"):
        path.unlink()
    for name, content in backup.items():
        (imported / name).write_bytes(content)
    ran = run("import", examples / "freezing.txt", "--store", imported)
    assert ran.code == 5
    assert "rolled-back" in ran.err


def test_a_missing_anchor_is_refused_until_it_is_renewed(run: Run, imported: Path, examples: Path) -> None:
    (imported / "anchor").unlink()
    ran = run("import", examples / "freezing.txt", "--store", imported)
    assert (ran.code, "anchor" in ran.err) == (5, True)
    assert run("log", "renew-anchor", "--yes", "--store", imported).code == 0
    assert run("import", examples / "freezing.txt", "--store", imported).code == 1


def test_an_anchor_is_not_renewed_over_an_altered_log(run: Run, imported: Path) -> None:
    (imported / "anchor").unlink()
    with sqlite3.connect(imported / "log.sqlite") as database:
        database.execute("UPDATE entry SET data = CAST(replace(CAST(data AS TEXT), 'e', 'f') AS BLOB) WHERE idx = 3")
    database.close()
    assert run("log", "renew-anchor", "--yes", "--store", imported).code == 5


def test_a_copy_on_read_only_media_can_be_read(run: Run, imported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(path.name for path in imported.iterdir())
    may = os.access
    monkeypatch.setattr("os.access", lambda path, mode: may(path, mode) and (mode != os.W_OK or Path(path) != imported))
    ran = run("log", "status", "--store", imported, "--json")
    assert ran.code == 0, ran.err
    assert len(json.loads(ran.out)["packets"]) == 2
    assert run("log", "verify", "--store", imported).code == 0
    assert sorted(path.name for path in imported.iterdir()) == before


def test_a_store_is_checked_against_one_pinned_key(run: Run, imported: Path) -> None:
    vkey = status(run, imported)["vkey"]
    assert run("log", "verify", "--store", imported, "--vkey", vkey).code == 0
    assert run("log", "verify", "--store", imported, "--vkey", vkey, "--vkey", vkey).code == 2
