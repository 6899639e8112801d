"""The vectors that stand in the repository: what was published once is made the same way, and verifies, for ever."""

import base64
import json
from typing import Any

import pytest
from tests.ledger.golden_kit import GOLDEN, vectors

from doseway.ledger import merkle
from doseway.ledger.checkpoint import open_checkpoint
from doseway.ledger.note import COSIGNATURE_ML_DSA_44, VerifierKey, open_note
from doseway.ledger.policy import parse_policy
from doseway.ledger.proof import parse_proof, verify_proof
from doseway.model.errors import SignatureInvalid


@pytest.fixture(scope="module")
def golden() -> Any:
    return json.loads((GOLDEN / "vectors.json").read_bytes())


def test_the_vectors_are_made_today_as_they_were(golden: Any) -> None:
    assert golden == vectors()


def hashes_of(texts: list[str]) -> list[bytes]:
    return [base64.b64decode(text) for text in texts]


def test_every_proof_of_the_vectors_verifies(golden: Any) -> None:
    count = 0
    for tree in golden["trees"]:
        size, root = tree["size"], base64.b64decode(tree["root"])
        for one in tree["inclusion"]:
            leaf = merkle.leaf_hash(b"entry-%d" % one["index"])
            merkle.verify_inclusion(leaf, one["index"], size, hashes_of(one["proof"]), root)
            count += 1
        for one in tree["consistency"]:
            old_root = base64.b64decode(one["old_root"])
            merkle.verify_consistency(one["old"], old_root, size, root, hashes_of(one["proof"]))
            count += 1
    assert count == 89


def test_every_note_of_the_vectors_opens(golden: Any) -> None:
    for note in golden["notes"]:
        key = VerifierKey.parse(note["vkey"])
        checkpoint, _ = open_checkpoint(base64.b64decode(note["note"]), key.name, [key])
        assert checkpoint.origin == "example.com/kat"


def test_the_proof_file_of_the_vectors_verifies(golden: Any) -> None:
    proof = golden["proof"]
    leaf = merkle.leaf_hash(proof["entry"].encode())
    proved = verify_proof(parse_proof(proof["file"].encode()), leaf, parse_policy(proof["policy"]))
    assert proved.witnesses == ("kat",)


def test_a_kept_ml_dsa_cosignature_verifies_and_an_altered_one_does_not() -> None:
    # Made once with the seed SHA-256("kat ml-dsa"); ML-DSA signing is randomised, so it cannot be made again.
    kept = json.loads((GOLDEN / "ml_dsa.json").read_bytes())
    key = VerifierKey.parse(kept["vkey"])
    assert key.type == COSIGNATURE_ML_DSA_44
    assert open_note(kept["note"].encode(), [key]).signatures[0].timestamp == 1_764_000_000
    with pytest.raises(SignatureInvalid):
        open_note(kept["note"].replace("\n5\n", "\n6\n").encode(), [key])
