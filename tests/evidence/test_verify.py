"""The verdict on whole packs: sound, with gaps, not witnessed, and every way of tampering that we could think of."""

import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doseway.coldchain.judgement import Judgement
from doseway.evidence import verify as verifier
from doseway.evidence.case import JudgedAs, LoggedFact
from doseway.evidence.manifest import FileEntry, Heading, encode_manifest
from doseway.ledger.keys import verify_ed25519
from doseway.model.canonical import encode

Desk = Any
Files = dict[str, bytes]
Zips = tuple[Callable[[bytes], Files], Callable[[Files], bytes]]
POSITIONS = 2_000


@pytest.fixture(autouse=True)
def fast_signatures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verify by libsodium where thousands of packs are checked; that both agree is tested with the parts."""
    if "flip" in request.node.name or "cut" in request.node.name or "missing" in request.node.name:
        monkeypatch.setattr(verifier, "ed25519", verify_ed25519)


def check(pack: bytes, tmp_path: Path, policy: str | None = None) -> dict[str, Any]:
    path = tmp_path / "pack.zip"
    path.write_bytes(pack)
    return verifier.verify(path, policy)


def said(result: dict[str, Any], key: str = "tampered") -> str:
    return "\n".join(result[key])


def with_new_manifest(files: Files) -> Files:
    """Do what a careful forger does: write the manifest anew over the changed files."""
    old = json.loads(files["manifest.json"])
    entries = {
        name: FileEntry(hashlib.sha256(content).hexdigest(), len(content))
        for name, content in files.items()
        if name != "manifest.json"
    }
    heading = Heading(title=old["title"], software=old["software"], made_at_ms=1_764_000_000_000)
    return {**files, "manifest.json": encode_manifest(heading, entries)}


def named(files: Files, start: str, end: str = "") -> str:
    return next(name for name in sorted(files) if name.startswith(start) and name.endswith(end))


def test_a_sound_pack_is_verified_and_says_what_that_does_not_prove(
    sound_pack: bytes, desk: Desk, tmp_path: Path
) -> None:
    result = check(sound_pack, tmp_path, desk.log.policy)
    assert result["verdict"] == "VERIFIED", result
    assert result["exit_code"] == 0
    assert any("probe" in text for text in result["does_not_prove"])
    assert "decoded from them anew" in said(result, "checked")
    assert "recomputed" in said(result, "checked")


def test_without_a_pinned_policy_anybody_may_have_signed_which_is_a_gap(sound_pack: bytes, tmp_path: Path) -> None:
    result = check(sound_pack, tmp_path)
    assert result["verdict"] == "VERIFIED WITH GAPS"
    assert "no pinned policy" in said(result, "gaps")


def test_gaps_are_named(full_pack: bytes, desk: Desk, tmp_path: Path) -> None:
    result = check(full_pack, tmp_path, desk.log.policy)
    assert result["verdict"] == "VERIFIED WITH GAPS", result
    gaps = said(result, "gaps")
    assert "without observation" in gaps
    assert "asked for" in gaps
    assert "no format" in gaps


def test_a_pack_that_the_log_does_not_know_has_a_gap(desk: Desk, tmp_path: Path) -> None:
    result = check(desk.pack(is_sealed=False), tmp_path, desk.log.policy)
    assert result["verdict"] == "VERIFIED WITH GAPS"
    assert "ties the reports" in said(result, "gaps")


def test_too_few_witnesses_are_not_enough(desk: Desk, tmp_path: Path) -> None:
    result = check(desk.pack(cosigners=1), tmp_path, desk.log.policy)
    assert result["verdict"] == "NOT WITNESSED"
    assert result["exit_code"] == 2
    assert "w0 at 2025-11-24T16:00:00.000Z" in said(result, "not_witnessed")


def test_stripped_cosignatures_are_noticed(sound_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path) -> None:
    files = zips[0](sound_pack)
    whole = files["log/checkpoint"]
    bare = b"\n".join(line for line in whole.split(b"\n") if b" witness.example/" not in line)
    stripped = {name: content.replace(whole, bare) for name, content in files.items()}
    result = check(zips[1](with_new_manifest(stripped)), tmp_path, desk.log.policy)
    assert result["verdict"] == "NOT WITNESSED"
    assert "cosigned by nobody" in said(result, "not_witnessed")


def test_a_policy_without_a_quorum_witnesses_nothing(sound_pack: bytes, desk: Desk, tmp_path: Path) -> None:
    result = check(sound_pack, tmp_path, f"log {desk.log.signer.vkey}\nquorum none\n")
    assert result["verdict"] == "NOT WITNESSED"
    assert "differs from the pinned" in said(result, "notes")


def test_a_log_that_the_pinned_policy_does_not_name_is_refused(
    sound_pack: bytes, new_desk: Any, tmp_path: Path
) -> None:
    result = check(sound_pack, tmp_path, new_desk("another log").log.policy)
    assert result["verdict"] == "TAMPERED"
    assert "no key of the policy signed" in said(result)


def test_the_checkpoint_of_another_log_proves_nothing_here(
    sound_pack: bytes, full_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    files, other = zips[0](sound_pack), zips[0](full_pack)["log/checkpoint"]
    own = files["log/checkpoint"]
    swapped = {name: content.replace(own, other) for name, content in files.items()}
    result = check(zips[1](with_new_manifest(swapped)), tmp_path, desk.log.policy)
    assert result["verdict"] == "TAMPERED"
    assert "is not what the log holds there" in said(result) or "wrong length" in said(result)


def test_a_flip_in_any_file_of_the_pack_is_noticed(full_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path) -> None:
    files = zips[0](full_pack)
    chance = random.Random(4711)
    missed = []
    for name, content in files.items():
        spots = range(len(content)) if len(content) < 8 else chance.sample(range(len(content)), 8)
        for spot in spots:
            flipped = bytearray(content)
            flipped[spot] ^= 1 << chance.randrange(8)
            result = check(zips[1]({**files, name: bytes(flipped)}), tmp_path, desk.log.policy)
            if result["verdict"] != "TAMPERED":
                missed.append((name, spot))
    assert missed == []


@pytest.mark.slow
def test_a_flip_in_any_byte_of_the_zip_is_noticed_or_changes_no_file(
    sound_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    files = zips[0](sound_pack)
    chance = random.Random(1)
    missed = []
    for spot in chance.sample(range(len(sound_pack)), POSITIONS):
        flipped = bytearray(sound_pack)
        flipped[spot] ^= 1 << chance.randrange(8)
        result = check(bytes(flipped), tmp_path, desk.log.policy)
        if result["verdict"] != "TAMPERED" and zips[0](bytes(flipped)) != files:
            missed.append(spot)
    assert missed == []


@pytest.mark.slow
def test_a_flip_that_comes_with_a_new_manifest_is_noticed(
    full_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    files = zips[0](full_pack)
    chance = random.Random(2)
    places = [
        (name, spot) for name, content in files.items() if name != "manifest.json" for spot in range(len(content))
    ]
    missed = []
    for name, spot in chance.sample(places, POSITIONS):
        flipped = bytearray(files[name])
        flipped[spot] ^= 1 << chance.randrange(8)
        result = check(zips[1](with_new_manifest({**files, name: bytes(flipped)})), tmp_path, desk.log.policy)
        if result["verdict"] != "TAMPERED":
            missed.append((name, spot, result["verdict"]))
    assert missed == []


def test_a_missing_and_an_extra_file_are_named(full_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path) -> None:
    files = zips[0](full_pack)
    for name in files:
        rest = {key: value for key, value in files.items() if key != name}
        assert name in said(check(zips[1](rest), tmp_path, desk.log.policy))
    result = check(zips[1]({**files, "report2.html": b"better news"}), tmp_path, desk.log.policy)
    assert "report2.html is not listed" in said(result)


def test_a_file_that_no_fact_speaks_of_is_refused(full_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path) -> None:
    files = with_new_manifest({**zips[0](full_pack), "records/99-smuggled.txt": b"x"})
    assert "no logged fact speaks of records/99-smuggled.txt" in said(check(zips[1](files), tmp_path, desk.log.policy))


@pytest.mark.parametrize("kind", ["records/", "readings/", "judgement/", "log/entries/", "proofs/"])
def test_two_files_swapped_under_a_new_manifest_are_noticed(
    kind: str, full_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    files = zips[0](full_pack)
    first, second = [name for name in sorted(files) if name.startswith(kind) and not name.endswith(".salt")][:2]
    swapped = with_new_manifest({**files, first: files[second], second: files[first]})
    result = check(zips[1](swapped), tmp_path, desk.log.policy)
    assert result["verdict"] == "TAMPERED"


def test_a_better_report_under_a_new_manifest_is_noticed(
    full_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    files = zips[0](full_pack)
    files["report.html"] = files["report.html"].replace(b"QA review", b"Within label")
    result = check(zips[1](with_new_manifest(files)), tmp_path, desk.log.policy)
    assert "not those that the log was given" in said(result)


@pytest.mark.parametrize("end", [".json", ".limits.json"])
def test_changed_limits_or_judgement_under_a_new_manifest_are_noticed(
    end: str, full_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    files = zips[0](full_pack)
    name = next(name for name in files if name.startswith("judgement/") and name.endswith(end))
    changed = json.loads(files[name])
    changed["id" if "limits" in end else "verdict"] = "within-label"
    result = check(zips[1](with_new_manifest({**files, name: encode(changed)})), tmp_path, desk.log.policy)
    assert f"{name} is not what was logged" in said(result)


def relog(desk: Desk, change: Callable[[dict[str, Any]], None], inspection: Any = None) -> None:
    """Let the operator log another `judgement.made` fact than the true one: all hashes and signatures are right."""
    packet = desk.packets[-1]
    judged = packet.judged[0]
    fact = json.loads(judged.fact.entry)
    change(fact["body"])
    entry = encode(fact)
    desk.log.entries[judged.fact.index] = entry
    logged = LoggedFact(index=judged.fact.index, entry=entry)
    false = JudgedAs(fact=logged, inspection=inspection or judged.inspection)
    desk.packets[-1] = msgspec.structs.replace(packet, judged=(false,))


def logged_wrongly(desk: Desk, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Make a pack of a log whose operator logged a false judgement."""
    inspection = desk.packets[-1].judged[0].inspection
    plain = json.loads(encode(inspection.judgement))
    change(plain)
    false = msgspec.structs.replace(inspection, judgement=msgspec.convert(plain, Judgement))
    digest = hashlib.sha256(encode(false.judgement)).hexdigest()
    relog(desk, lambda body: body.update(judgement_sha256=digest), false)
    pack: bytes = desk.pack()
    return pack


def drop_episodes(judgement: dict[str, Any]) -> None:
    judgement.update(episodes=[], verdict="within-label")


def shorten(judgement: dict[str, Any]) -> None:
    judgement["episodes"][0]["out_ms"] -= 600_000


def soften(judgement: dict[str, Any]) -> None:
    judgement["verdict"] = "within-budget"


def cool(judgement: dict[str, Any]) -> None:
    judgement["statistics"][0]["max_milli"] = 8_000


@pytest.mark.parametrize("change", [drop_episodes, shorten, soften, cool], ids=lambda one: one.__name__)
def test_a_false_judgement_in_the_log_itself_is_found_by_recomputing(
    change: Callable[[dict[str, Any]], None], excursion_desk: Desk, tmp_path: Path
) -> None:
    result = check(logged_wrongly(excursion_desk, change), tmp_path, excursion_desk.log.policy)
    assert result["verdict"] == "TAMPERED"
    assert "recomputed" in said(result)


def test_readings_that_the_original_does_not_give_are_found(excursion_desk: Desk, zips: Zips, tmp_path: Path) -> None:
    """The operator logs the hash of readings that it made up; the original bytes tell otherwise."""
    packet = excursion_desk.packets[-1]
    series = packet.recording.series[0]
    series.value_milli[0] += 100
    fact = json.loads(packet.decoded.entry)
    text = zips[0](excursion_desk.pack())[f"readings/{packet.received.index}.csv"]
    fact["body"]["readings_sha256"] = hashlib.sha256(text).hexdigest()
    excursion_desk.log.entries[packet.decoded.index] = encode(fact)
    decoded = LoggedFact(index=packet.decoded.index, entry=encode(fact))
    excursion_desk.packets[-1] = msgspec.structs.replace(packet, decoded=decoded)
    excursion_desk.log.entries.pop()
    result = check(excursion_desk.pack(), tmp_path, excursion_desk.log.policy)
    assert "do not give the logged readings" in said(result)


def test_false_limits_in_the_log_itself_do_not_give_the_logged_judgement(excursion_desk: Desk, tmp_path: Path) -> None:
    """The operator logs softer limits beside the judgement that was made with the true ones."""

    def soften_limits(body: dict[str, Any]) -> None:
        for rule in body["limits"]["rules"]:
            rule.update({key: value + 20_000 for key, value in rule.items() if key.endswith("_milli")})

    relog(excursion_desk, soften_limits)
    result = check(excursion_desk.pack(), tmp_path, excursion_desk.log.policy)
    assert "recomputed" in said(result)


def test_an_altered_file_can_not_be_called_good(altered_desk: Desk, tmp_path: Path) -> None:
    relog(altered_desk, lambda body: body.update(verdict="within-label"))
    result = check(altered_desk.pack(), tmp_path, altered_desk.log.policy)
    assert "is better than" in said(result)


@pytest.mark.parametrize("junk", [b"", b"PK\3\4", b"x" * 1000, b"PK\5\6" + bytes(18)])
def test_what_is_no_pack_is_tampered_and_never_a_crash(junk: bytes, tmp_path: Path) -> None:
    assert check(junk, tmp_path)["verdict"] == "TAMPERED"


def test_a_cut_pack_is_never_a_crash(sound_pack: bytes, tmp_path: Path) -> None:
    for length in range(0, len(sound_pack), len(sound_pack) // 97):
        assert check(sound_pack[:length], tmp_path)["verdict"] == "TAMPERED"


def test_a_lying_size_in_the_directory_is_noticed(sound_pack: bytes, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(sound_pack)) as archive:
        name = archive.namelist()[0].encode()
    place = sound_pack.rindex(name) - 46 + 24
    lying = bytearray(sound_pack)
    lying[place : place + 4] = (12).to_bytes(4, "little")
    assert check(bytes(lying), tmp_path)["verdict"] == "TAMPERED"


def test_the_file_in_the_pack_runs_alone_on_bare_python(
    sound_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    script, pack, policy = tmp_path / "verify.py", tmp_path / "pack.zip", tmp_path / "policy"
    script.write_bytes(zips[0](sound_pack)["verify.py"])
    pack.write_bytes(sound_pack)
    policy.write_text(desk.log.policy)
    call = [sys.executable, "-I", "-S", str(script), str(pack), "--policy", str(policy)]
    words = subprocess.run(call, capture_output=True, text=True, check=False, timeout=60)
    assert (words.returncode, words.stdout.splitlines()[0]) == (0, "VERIFIED"), words
    plain = subprocess.run([*call, "--json"], capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(plain.stdout)["verdict"] == "VERIFIED"


def test_it_writes_nothing_and_opens_no_socket(sound_pack: bytes, tmp_path: Path) -> None:
    text = Path(verifier.__file__).read_text()
    assert not any(
        word in text for word in ("socket", "urllib", "extract", ".write", "eval(", "subprocess", "__import__")
    )
    check(sound_pack, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pack.zip"]
