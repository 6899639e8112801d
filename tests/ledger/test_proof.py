"""Proofs that travel: the known answer byte for byte, and nothing but the whole truth verifies."""

import base64
import dataclasses
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.kat_kit import ENTRIES, LOG, POLICY_TEXT, TIME_S, WITNESS, kat_policy, kat_proof
from tests.ledger.tree_kit import MemoryTree, flip, key_of, leaves_of

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.note import NoteSigner, SignedNote, VerifierKey, format_note, parse_note
from doseway.ledger.policy import parse_policy
from doseway.ledger.proof import MAX_HASHES, TlogProof, VerifiedProof, format_proof, parse_proof, verify_proof
from doseway.model.errors import DataError, HashMismatch, SignatureInvalid

KAT = format_proof(kat_proof())
LEAF = merkle.leaf_hash(ENTRIES[3])
POLICY = kat_policy()
REFUSALS = (DataError, SignatureInvalid, HashMismatch)


def verify(data: bytes, leaf: bytes = LEAF) -> VerifiedProof:
    return verify_proof(parse_proof(data), leaf, POLICY)


def test_the_known_answer_is_reproduced_from_its_seeds() -> None:
    assert len(KAT) == 473
    assert hashlib.sha256(KAT).hexdigest() == "33207eb4c43755a42d6df60bc932f479bef610380e82994e771660756804bef1"


def test_the_known_answer_is_the_published_file(data: Path) -> None:
    folder = data / "tlog"
    if not (folder / "kat.tlog-proof").is_file():
        pytest.skip(f"no known answer in {folder}")
    assert (folder / "kat.tlog-proof").read_bytes() == KAT
    keys = [VerifierKey.parse(line) for line in (folder / "kat.vkeys").read_text().split()]
    assert keys == POLICY.keys()


def test_the_known_answer_verifies_and_says_by_whom_and_when() -> None:
    proved = verify(KAT)
    assert (proved.index, proved.checkpoint.size, proved.checkpoint.origin) == (3, 5, LOG.name)
    assert (proved.witnesses, proved.times) == (("kat",), {"kat": TIME_S})


def test_every_flipped_bit_of_the_known_answer_is_noticed() -> None:
    accepted = []
    for bit in range(8 * len(KAT)):
        try:
            verify(flip(KAT, bit))
        except REFUSALS:
            continue
        accepted.append(bit)
    assert accepted == []


@given(st.integers(0, len(KAT) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_no_other_bytes_at_any_place_verify(at: int, put: bytes, cut: int) -> None:
    changed = KAT[:at] + put + KAT[at + cut :]
    if changed == KAT:
        return
    with pytest.raises(REFUSALS):
        verify(changed)


def test_a_proof_of_another_entry_is_a_mismatch() -> None:
    for number, entry in enumerate(ENTRIES):
        if number != 3:
            with pytest.raises(HashMismatch):
                verify(KAT, merkle.leaf_hash(entry))


def test_a_proof_without_its_witness_fails_the_quorum_and_says_what_is_required() -> None:
    proof = kat_proof()
    alone = format_note(
        dataclasses.replace(parse_note(proof.checkpoint), signatures=(LOG.sign(parse_note(proof.checkpoint).text),))
    )
    with pytest.raises(SignatureInvalid, match="required is kat"):
        verify_proof(dataclasses.replace(proof, checkpoint=alone), LEAF, POLICY)
    unwitnessed = parse_policy(f"log {LOG.vkey}\nquorum none\n")
    assert verify_proof(dataclasses.replace(proof, checkpoint=alone), LEAF, unwitnessed).witnesses == ()


def test_a_proof_without_the_logs_own_signature_is_refused() -> None:
    proof = kat_proof()
    note = parse_note(proof.checkpoint)
    only_witness = format_note(dataclasses.replace(note, signatures=note.signatures[1:]))
    with pytest.raises(SignatureInvalid):
        verify_proof(dataclasses.replace(proof, checkpoint=only_witness), LEAF, POLICY)


def test_a_proof_of_an_unknown_log_is_refused() -> None:
    other = parse_policy(POLICY_TEXT.replace(str(LOG.vkey), str(NoteSigner("example.com/b", key_of("b")).vkey)))
    with pytest.raises(SignatureInvalid, match="knows no log"):
        verify_proof(kat_proof(), LEAF, other)


def test_a_log_cannot_speak_for_another_log_of_the_same_policy() -> None:
    stranger = NoteSigner("example.com/b", key_of("b"))
    policy = parse_policy(f"log {LOG.vkey}\nlog {stranger.vkey}\nquorum none\n")
    text = parse_note(kat_proof().checkpoint).text
    forged = dataclasses.replace(kat_proof(), checkpoint=format_note(SignedNote(text, (stranger.sign(text),))))
    with pytest.raises(SignatureInvalid):
        verify_proof(forged, LEAF, policy)


def test_a_witness_that_states_no_time_counts_and_gives_none() -> None:
    text = parse_note(kat_proof().checkpoint).text
    dated = WITNESS.cosign(text, 1)
    message = f"cosignature/v1\ntime 0\n{text}".encode()
    undated = dataclasses.replace(dated, blob=bytes(8) + key_of("kat witness").sign(message))
    note = format_note(SignedNote(text, (LOG.sign(text), undated)))
    proved = verify_proof(dataclasses.replace(kat_proof(), checkpoint=note), LEAF, POLICY)
    assert (proved.witnesses, proved.times) == (("kat",), {})


HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_HASHES).map(tuple)


@given(st.integers(0, 2**63 - 1), HASHES, st.none() | st.binary(max_size=50))
def test_a_proof_is_read_back(index: int, hashes: tuple[bytes, ...], extra: bytes | None) -> None:
    proof = TlogProof(index, hashes, kat_proof().checkpoint, extra)
    assert parse_proof(format_proof(proof)) == proof


def test_extra_data_travels_and_is_not_authenticated() -> None:
    data = format_proof(dataclasses.replace(kat_proof(), extra=b"lane 7"))
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nextra bGFuZSA3\nindex 3\n")
    assert verify(data).index == 3
    assert parse_proof(data).extra == b"lane 7"


HASH = base64.b64encode(bytes(32)).decode()
NOTE = kat_proof().checkpoint.decode()


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "\n\n", "c2sp.org/tlog-proof@v1\nindex 0\n", f"c2sp.org/tlog-proof@v1\nindex 0\n{NOTE}"),
        *(f"{head}\nindex 0\n\n{NOTE}" for head in ("c2sp.org/tlog-proof@v2", "", " c2sp.org/tlog-proof@v1", "x")),
        *(
            f"c2sp.org/tlog-proof@v1\n{lines}\n\n{NOTE}"
            for lines in (
                "",
                *(f"index {number}" for number in ("", "01", "-1", "+1", "1 ", "1_0", str(2**63), "\u0661")),
                *("index", "index\t0", "Index 0", f"{HASH}\nindex 0", "index 0\nindex 0", "index 0\nextra AA=="),
                *("extra AA==", "extra\nindex 0", "extra AB==\nindex 0", "extra AA==\nextra AA==\nindex 0"),
                *(f"index 0\n{bad}" for bad in ("AA==", HASH[:-1], HASH + "=", HASH[:-2] + "B=", f" {HASH}", "?")),
                "index 0\n" + "\n".join([HASH] * (MAX_HASHES + 1)),
                f"index 0\r\n{HASH}",
                "index 0\n\u00e9",
            )
        ),
        f"c2sp.org/tlog-proof@v1\nindex 0\n\n\n{NOTE[:-1]}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n\n{NOTE}\n",
        f"c2sp.org/tlog-proof@v1\nextra {'A' * 200_000}\nindex 0\n\n{NOTE}",
    ],
)
def test_a_malformed_proof_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse_proof(text.encode())


@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda t: f"c2sp.org/tlog-proof@v1\n{t}\n\n{NOTE}".encode()))
def test_hostile_bytes_are_refused_or_one_proof(data: bytes) -> None:
    try:
        proof = parse_proof(data)
    except DataError:
        return
    assert format_proof(proof) == data


TREE = MemoryTree(leaves_of(200))
WITNESSES = [Cosigner(f"w{n}.example", key_of(f"w{n}")) for n in range(3)]
TWO_OF_THREE = parse_policy(
    "".join([f"log {LOG.vkey}\n", *(f"witness w{n} {one.vkey}\n" for n, one in enumerate(WITNESSES))])
    + "group all-of-us 2 w0 w1 w2\nquorum all-of-us\n"
)


@given(st.integers(1, 200), st.sets(st.integers(0, 2)), st.data())
def test_random_proofs_verify_with_a_quorum_and_never_once_altered(
    size: int, cosigned: set[int], choose: st.DataObject
) -> None:
    index = choose.draw(st.integers(0, size - 1))
    text = Checkpoint(LOG.name, size, merkle.root_of(size, TREE)).text()
    lines = (LOG.sign(text), *(WITNESSES[n].cosign(text, 1000 + n) for n in sorted(cosigned)))
    path = tuple(merkle.inclusion_proof(index, size, TREE))
    data = format_proof(TlogProof(index, path, format_note(SignedNote(text, lines))))
    leaf = TREE.leaves[index]
    if len(cosigned) < 2:
        with pytest.raises(SignatureInvalid, match=r"2 of \(w0, w1, w2\)"):
            verify_proof(parse_proof(data), leaf, TWO_OF_THREE)
        return
    proved = verify_proof(parse_proof(data), leaf, TWO_OF_THREE)
    assert proved.times == {f"w{n}": 1000 + n for n in cosigned}
    altered = flip(data, choose.draw(st.integers(0, 8 * len(data) - 1)))
    try:
        changed = verify_proof(parse_proof(altered), leaf, TWO_OF_THREE)
    except REFUSALS:
        return
    # With three cosignatures, one may be turned into that of an unknown key: two of three still stand.
    assert len(cosigned) == 3
    assert (changed.index, changed.checkpoint, len(changed.witnesses)) == (proved.index, proved.checkpoint, 2)
