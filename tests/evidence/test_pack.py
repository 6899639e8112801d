"""Packing: pure, streamed, and refusing what would not verify."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseway.evidence import pack, verify
from doseway.evidence.case import LoggedFact, Original
from doseway.ledger.merkle import leaf_hash
from doseway.ledger.policy import parse_policy
from doseway.ledger.proof import parse_proof, verify_proof
from doseway.model.errors import HashMismatch, UsageError

Desk = Any
Files = dict[str, bytes]
Zips = tuple[Callable[[bytes], Files], Callable[[Files], bytes]]


def test_packing_twice_gives_the_same_bytes(excursion_desk: Desk) -> None:
    first, second = pack.prepare(excursion_desk.case()), pack.prepare(excursion_desk.case())
    assert first.digest == second.digest
    outs = (io.BytesIO(), io.BytesIO())
    for prepared, out in zip((first, second), outs, strict=True):
        pack.write(prepared, excursion_desk.log.extract(), out)
    assert outs[0].getvalue() == outs[1].getvalue()


def test_the_pack_holds_what_it_promises(full_pack: bytes, zips: Zips) -> None:
    files = zips[0](full_pack)
    kinds = {name.partition("/")[0] for name in files}
    assert kinds == {
        *("manifest.json", "report.html", "report.pdf", "records", "readings", "judgement", "log", "proofs"),
        *("policy", "keys", "verify.py", "rejudge.py", "reread.py", "README.txt"),
    }
    assert sorted(files) == list(files)
    with zipfile.ZipFile(io.BytesIO(full_pack)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def test_the_proofs_are_standard_ones_that_the_ledger_verifies(full_pack: bytes, desk: Desk, zips: Zips) -> None:
    files = zips[0](full_pack)
    policy = parse_policy(desk.log.policy)
    proofs = {name: content for name, content in files.items() if name.startswith("proofs/")}
    for name, content in proofs.items():
        index = name.removeprefix("proofs/").removesuffix(".tlog-proof")
        verified = verify_proof(parse_proof(content), leaf_hash(files[f"log/entries/{index}.json"]), policy)
        assert verified.index == int(index)
    assert len(proofs) > 10


def test_a_large_original_is_streamed(desk: Desk) -> None:
    size = 64 << 20
    largest = 0

    class Zeros(io.RawIOBase):
        """A large file that is nowhere."""

        def __init__(self) -> None:
            super().__init__()
            self.left = size

        def read(self, count: int = -1) -> bytes:
            nonlocal largest
            largest = max(largest, count if count >= 0 else size)
            taken = min(count, self.left)
            self.left -= taken
            return bytes(taken)

    desk.reject("large.bin", b"")
    original = Original(open=Zeros, size_bytes=size, salt=bytes(32))  # type: ignore[arg-type]  # reads and closes
    desk.packets[0] = msgspec.structs.replace(desk.packets[0], original=original)
    prepared = pack.prepare(desk.case())
    name = next(name for name in prepared.entries if name.endswith("large.bin"))
    assert prepared.entries[name].size == size
    assert largest <= 1 << 20


def test_an_original_that_changes_in_between_is_noticed(excursion_desk: Desk) -> None:
    packet = excursion_desk.packets[0]
    contents = iter([b"first", b"second"])
    changing = Original(open=lambda: io.BytesIO(next(contents)), size_bytes=5, salt=bytes(32))
    excursion_desk.packets[0] = msgspec.structs.replace(packet, original=changing)
    prepared = pack.prepare(excursion_desk.case())
    with pytest.raises(HashMismatch, match="changed while"):
        pack.write(prepared, excursion_desk.log.extract(), io.BytesIO())


def test_a_fact_without_proof_or_with_other_bytes_is_refused(excursion_desk: Desk) -> None:
    prepared = pack.prepare(excursion_desk.case())
    with pytest.raises(UsageError, match="proves no fact"):
        pack.write(prepared, excursion_desk.log.extract([0, 1]), io.BytesIO())
    excursion_desk.log.entries[1] += b" "
    with pytest.raises(UsageError, match="proves no fact 1"):
        pack.write(prepared, excursion_desk.log.extract(), io.BytesIO())


def test_a_judgement_other_than_the_logged_one_is_refused(excursion_desk: Desk) -> None:
    packet = excursion_desk.packets[0]
    fact = json.loads(packet.judged[0].fact.entry)
    fact["body"]["judgement_sha256"] = hashlib.sha256(b"").hexdigest()
    false = LoggedFact(index=packet.judged[0].fact.index, entry=json.dumps(fact).encode())
    judged = msgspec.structs.replace(packet.judged[0], fact=false)
    excursion_desk.packets[0] = msgspec.structs.replace(packet, judged=(judged,))
    with pytest.raises(HashMismatch, match="is not the one that was logged"):
        pack.prepare(excursion_desk.case())


def test_one_fact_given_twice_is_refused(excursion_desk: Desk) -> None:
    excursion_desk.packets.append(excursion_desk.packets[0])
    with pytest.raises(UsageError, match="share an index"):
        pack.prepare(excursion_desk.case())


def test_a_key_file_cannot_leave_its_folder(excursion_desk: Desk) -> None:
    case = msgspec.structs.replace(excursion_desk.case(), keys={"../evil": b""})
    with pytest.raises(UsageError, match="plain file name"):
        pack.prepare(case)


@given(st.text(max_size=120))
def test_any_name_becomes_one_that_the_verifier_accepts(name: str) -> None:
    safe = pack.safe_name(name)
    assert pack.safe_name(safe) == safe
    assert verify.NAME.fullmatch(f"records/1-{safe}")
    assert len(safe) <= 80


def test_a_pack_survives_being_zipped_anew_by_another_program(
    sound_pack: bytes, zips: Zips, desk: Desk, tmp_path: Any
) -> None:
    path = tmp_path / "again.zip"
    path.write_bytes(zips[1](zips[0](sound_pack)))
    assert verify.verify(path, desk.log.policy)["verdict"] == "VERIFIED"
