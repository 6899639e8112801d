"""What an operator could try who holds the log's key: every hash, signature and proof is right, the claim is not."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doseway.coldchain.judge import judge
from doseway.evidence import verify as verifier
from doseway.evidence.case import JudgedAs, LoggedFact
from doseway.model.canonical import encode

Desk = Any
Files = dict[str, bytes]
Zips = tuple[Callable[[bytes], Files], Callable[[Files], bytes]]


def check(pack: bytes, tmp_path: Path, policy: str) -> dict[str, Any]:
    path = tmp_path / "pack.zip"
    path.write_bytes(pack)
    return verifier.verify(path, policy)


def redecoded(desk: Desk, **changed: Any) -> None:
    """Let the operator log the decoding of the last packet with other claims."""
    packet = desk.packets[-1]
    fact = json.loads(packet.decoded.entry)
    fact["body"].update(changed)
    desk.log.entries[packet.decoded.index] = encode(fact)
    logged = LoggedFact(index=packet.decoded.index, entry=encode(fact))
    desk.packets[-1] = msgspec.structs.replace(packet, decoded=logged)


def test_a_signature_that_the_file_does_not_carry_is_found(excursion_desk: Desk, tmp_path: Path) -> None:
    redecoded(excursion_desk, signature="genuine")
    result = check(excursion_desk.pack(), tmp_path, excursion_desk.log.policy)
    assert "the device's signature is unsigned, but was logged as genuine" in result["tampered"][0]


def test_an_original_that_is_not_decoded_anew_is_a_gap(excursion_desk: Desk, tmp_path: Path) -> None:
    """An export that is called a table: the verifier has no decoder for those, and must not pass over it."""
    redecoded(excursion_desk, format="table")
    result = check(excursion_desk.pack(), tmp_path, excursion_desk.log.policy)
    assert result["verdict"] == "VERIFIED WITH GAPS"
    assert any("logged decoding (table), not decoded anew" in text for text in result["gaps"])


def test_an_interval_that_bridges_a_gap_is_found(excursion_desk: Desk, tmp_path: Path) -> None:
    """With an interval of ten hours no pause is a gap: the judgement fits the readings, but not the original."""
    packet = excursion_desk.packets[-1]
    old = packet.judged[0].inspection
    false = judge(packet.recording.series, excursion_desk.profile, interval_ms=36_000_000, offset_minutes=60)
    assert sum(one.unknown_ms for one in false.statistics) < sum(one.unknown_ms for one in old.judgement.statistics)
    fact = json.loads(packet.judged[0].fact.entry)
    fact["body"].update(judgement_sha256=hashlib.sha256(encode(false)).hexdigest(), verdict=false.verdict.value)
    index = packet.judged[0].fact.index
    excursion_desk.log.entries[index] = encode(fact)
    judged = JudgedAs(
        fact=LoggedFact(index=index, entry=encode(fact)), inspection=msgspec.structs.replace(old, judgement=false)
    )
    excursion_desk.packets[-1] = msgspec.structs.replace(packet, judged=(judged,))
    result = check(excursion_desk.pack(), tmp_path, excursion_desk.log.policy)
    assert "judged by an interval of 36000 s" in result["tampered"][0]


def test_a_pack_of_nothing_is_not_verified(desk: Desk, tmp_path: Path) -> None:
    result = check(desk.pack(), tmp_path, desk.log.policy)
    assert result["verdict"] == "VERIFIED WITH GAPS"
    assert "holds no packet" in result["gaps"][0]


def test_a_packet_that_was_sealed_and_is_left_out_is_found(desk: Desk, excursion_desk: Desk, tmp_path: Path) -> None:
    """The log was told that two packets are in this pack."""
    whole = excursion_desk.pack
    excursion_desk.packets.append(excursion_desk.packets[0])
    numbers = tuple(packet.received.index for packet in excursion_desk.packets)
    excursion_desk.packets.pop()
    append = excursion_desk.log.append
    excursion_desk.log.append = lambda body: append(msgspec.structs.replace(body, packets=numbers))
    result = check(whole(), tmp_path, excursion_desk.log.policy)
    assert "not those that the log was given" in result["tampered"][0]
    assert desk.packets == []


def test_the_manifest_is_not_called_right_where_it_is_wrong(
    sound_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    files = {**zips[0](sound_pack), "README.txt": b"other"}
    result = check(zips[1](files), tmp_path, desk.log.policy)
    assert result["verdict"] == "TAMPERED"
    assert not any("of the manifest" in text for text in result["checked"])


def hidden(files: Files) -> bytes:
    """Return a pack with a second report that only programs see which read a zip from its start."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), content)
            if name == "report.html":
                archive.writestr(zipfile.ZipInfo("report.htm1"), b"<h1>All is well</h1>")
                archive.filelist.pop()
    return out.getvalue()


def linked(files: Files) -> bytes:
    """Return a pack whose README.txt is a link for programs that make links."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = 0o120777 << 16 if name == "README.txt" else 0o100644 << 16
            archive.writestr(info, content)
    return out.getvalue()


@pytest.mark.parametrize("how", [hidden, linked], ids=lambda one: one.__name__)
def test_what_another_program_sees_otherwise_is_refused(
    how: Callable[[Files], bytes], sound_pack: bytes, desk: Desk, zips: Zips, tmp_path: Path
) -> None:
    result = check(how(zips[0](sound_pack)), tmp_path, desk.log.policy)
    assert result["verdict"] == "TAMPERED"
    assert "belong to no file" in result["tampered"][0] or "link" in result["tampered"][0]


def test_bytes_behind_the_archive_are_refused(sound_pack: bytes, desk: Desk, tmp_path: Path) -> None:
    assert "belong to no file" in check(sound_pack + b"more", tmp_path, desk.log.policy)["tampered"][0]


@pytest.mark.parametrize(
    "lines",
    [
        "group g 0 w0 w1\nquorum g",
        "group g -1 w0 w1\nquorum g",
        "group g 3 w0 w1\nquorum g",
        "group g 2 w0 w0\nquorum g",
        "group w1 1 w0\nquorum w1",
        "group none 1 w0\nquorum none",
        "group g any none w0\nquorum g",
        "group g any w0\ngroup h any w0\nquorum h",
        "witness again WITNESS\ngroup g 2 w0 again\nquorum g",
        "witness w0 OTHER\nquorum w0",
        "quorum nobody",
    ],
)
def test_a_policy_that_counts_wrongly_is_refused(lines: str, sound_pack: bytes, desk: Desk, tmp_path: Path) -> None:
    keys = [str(witness.vkey) for witness in desk.log.witnesses]
    head = [f"log {desk.log.signer.vkey}", f"witness w0 {keys[0]}", f"witness w1 {keys[1]}"]
    text = "\n".join([*head, lines.replace("WITNESS", keys[0]).replace("OTHER", keys[2]), ""])
    result = check(sound_pack, tmp_path, text)
    assert result["verdict"] == "TAMPERED"
    assert "polic" in result["tampered"][0]
