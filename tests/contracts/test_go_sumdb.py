"""The Go team's own `golang.org/x/mod/sumdb` agrees with our trees, tiles, proofs and notes, and we with its notes."""

import base64
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.golden_kit import GOLDEN, note_vector, text_of, tree_vector
from tests.ledger.tree_kit import MemoryTree, flip, key_of, leaves_of

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, sign_checkpoint
from doseway.ledger.note import NoteSigner, SignedNote, VerifierKey, format_note, open_note
from doseway.model.errors import DataError, HashMismatch, SignatureInvalid

SOURCE = Path(__file__).parent / "go" / "verify.go"
GOPATH = Path(os.environ.get("DOSEWAY_GOPATH", "/usr/share/gocode"))
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Build the verifier once and return a function that asks it."""
    if shutil.which("go") is None:
        pytest.skip("no Go compiler; on Debian: golang-go")
    if not (GOPATH / "src" / "golang.org" / "x" / "mod" / "sumdb").is_dir():
        pytest.skip(f"no golang.org/x/mod in {GOPATH}; on Debian: golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    own = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    program = folder / "verify"
    subprocess.run(["go", "build", "-o", program, SOURCE], check=True, env=os.environ | own, timeout=300)

    def ask_it(**request: object) -> dict[str, Any]:
        done = subprocess.run(
            [program], input=json.dumps(request).encode(), capture_output=True, check=True, timeout=120
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return ask_it


def test_random_trees_have_gos_roots_proofs_and_tiles(ask: Ask) -> None:
    choose = random.Random(6962)
    sizes = [*range(1, 20), 255, 256, 257, 511, 512, 513, *(choose.randint(1, 1000) for _ in range(80)), 1000]
    trees = [
        tree_vector(size, {choose.randrange(size) for _ in range(8)}, {choose.randint(1, size) for _ in range(8)})
        for size in sizes
    ]
    answer = ask(trees=trees)
    assert answer["failures"] == []
    assert answer["checked"] > 20 * len(trees)


def test_a_tree_with_two_levels_of_full_tiles_is_gos(ask: Ask) -> None:
    answer = ask(trees=[tree_vector(65_536 + 257, [0, 65_535, 65_536, 65_792], [1, 255, 65_536, 65_700])])
    assert answer["failures"] == []
    assert answer["checked"] > 270


def test_the_vectors_in_the_repository_are_gos(ask: Ask) -> None:
    golden = json.loads((GOLDEN / "vectors.json").read_bytes())
    answer = ask(trees=golden["trees"], notes=golden["notes"])
    assert answer["failures"] == []
    assert answer["checked"] > 150
    assert answer["notes"] == [True] * 4


def test_go_does_find_what_is_wrong(ask: Ask) -> None:
    # Without this, a verifier that never complains would pass all the tests above.
    good = tree_vector(300, [7], [200])
    other = tree_vector(301, [7], [200])
    bad = good | {"root": other["root"]}
    bad["inclusion"] = [{"index": 8, "proof": good["inclusion"][0]["proof"]}]
    bad["consistency"] = [good["consistency"][0] | {"old": 201}]
    bad["tiles"] = good["tiles"] | {"tile/0/000": "0" * 64}
    said = " ".join(ask(trees=[bad])["failures"])
    for what in ("root of 300", "inclusion of 8", "root of 201", "consistency of 201", "tile/0/000"):
        assert what in said


def test_our_notes_open_in_go(ask: Ask) -> None:
    signer = NoteSigner("example.com/ü", key_of("go"))
    texts = ["text\n", "\n", "a\n\nb\n", "— fake AAAAAAA=\n", "a\n\n— fake AAAAAAA=\n", "ünï\u2028\x7f\n"]
    notes = [format_note(SignedNote(text, (signer.sign(text),))) for text in texts]
    request = [{"vkey": str(signer.vkey), "note": text_of(note)} for note in notes]
    assert ask(notes=[*request, note_vector(700)])["notes"] == [True] * 7


def test_gos_notes_open_here(ask: Ask) -> None:
    texts = ["text\n", "\n", "a\n\nb\n\n\nc\n", "ünï\n", Checkpoint("go.example/log", 5, bytes(32)).text()]
    signed = ask(sign=texts)["signed"]
    assert len(signed) == len(texts)
    for text, one in zip(texts, signed, strict=True):
        key = VerifierKey.parse(one["vkey"])
        assert str(key) == one["vkey"]
        assert open_note(base64.b64decode(one["note"]), [key]).text == text


def opens(note: bytes, key: VerifierKey) -> bool:
    try:
        open_note(note, [key])
    except (DataError, SignatureInvalid):
        return False
    return True


def test_no_altered_note_opens_here_or_in_go(ask: Ask) -> None:
    signer = NoteSigner("example.com/log", key_of("log"))
    note = sign_checkpoint(Checkpoint("example.com/log", 5, bytes(range(32))), [signer])
    altered = [flip(note, bit) for bit in range(8 * len(note))]
    cuts = [note[:at] + note[at + 1 :] for at in range(len(note))]
    notes = [note, *(one for one in (*altered, *cuts) if one != note)]
    verdicts = ask(notes=[{"vkey": str(signer.vkey), "note": text_of(one)} for one in notes])["notes"]
    ours = [opens(one, signer.vkey) for one in notes]
    assert ours[0]
    assert not any(ours[1:])
    # Go's base64 decoder takes a character whose unused bits are set; ours takes one spelling only. The note ends with
    # one such character, and nothing else may differ.
    lenient = [one for one, is_good in zip(notes[1:], verdicts[1:], strict=True) if is_good]
    assert verdicts[0]
    assert all(one[:-4] == note[:-4] for one in lenient)


def holds(claim: dict[str, Any]) -> bool:
    root, leaf, *proof = (base64.b64decode(one) for one in (claim["root"], claim["leaf"], *claim["proof"]))
    try:
        merkle.verify_inclusion(leaf, claim["index"], claim["size"], proof, root)
    except HashMismatch:
        return False
    return True


def test_true_and_false_claims_get_the_same_verdict_here_and_in_go(ask: Ask) -> None:
    choose = random.Random(9162)
    tree = MemoryTree(leaves_of(70))
    claims: list[dict[str, Any]] = []
    for size in range(1, 70):
        index = choose.randrange(size)
        proof = merkle.inclusion_proof(index, size, tree)
        for other, wider, path in (
            (index, size, proof),
            (index, choose.randint(1, 80), proof),
            (choose.randrange(size), size, proof),
            (size, size, proof),
            (index, size, proof[:-1]),
            (index, size, [*proof, tree.leaves[0]]),
            (index, size, [flip(one, 3) for one in proof]),
        ):
            root, leaf = text_of(merkle.root_of(size, tree)), text_of(tree.leaves[index])
            claims.append(
                {"index": other, "size": wider, "root": root, "leaf": leaf, "proof": [text_of(one) for one in path]}
            )
    verdicts = ask(claims=claims)["claims"]
    assert verdicts == [holds(claim) for claim in claims]
    assert verdicts.count(True) >= 69
    assert verdicts.count(False) >= 200
