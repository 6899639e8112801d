"""Checkpoints: three lines with one spelling, signed by the log itself."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.tree_kit import flip, key_of

from doseway.ledger.checkpoint import (
    MAX_SIZE,
    Checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.note import NoteSigner, SignedNote, format_note
from doseway.model.errors import DataError, SignatureInvalid

ORIGIN = "example.com/log"
SIGNER = NoteSigner(ORIGIN, key_of("log"))
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
CHECKPOINTS = st.builds(
    Checkpoint,
    LINES,
    st.integers(0, MAX_SIZE),
    st.binary(min_size=32, max_size=32),
    st.lists(LINES, max_size=3).map(tuple),
)
ROOT = base64.b64encode(bytes(32)).decode()


@given(CHECKPOINTS)
def test_a_checkpoint_is_read_back(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(checkpoint.text()) == checkpoint


@given(CHECKPOINTS)
def test_a_signed_checkpoint_opens(checkpoint: Checkpoint) -> None:
    signer = NoteSigner("example.com/any", key_of("any"))
    opened, note = open_checkpoint(sign_checkpoint(checkpoint, [signer]), checkpoint.origin, [signer.vkey])
    assert opened == checkpoint
    assert note.text == checkpoint.text()


def test_the_text_is_as_specified() -> None:
    checkpoint = Checkpoint(ORIGIN, 20_852_163, bytes(range(32)))
    assert checkpoint.text() == f"{ORIGIN}\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"


@pytest.mark.parametrize(
    "text",
    [
        *("", "\n", "\n\n\n", f"{ORIGIN}\n", f"{ORIGIN}\n1\n", f"{ORIGIN}\n1\n{ROOT}", f"\n1\n{ROOT}\n"),
        *(f"{ORIGIN}\n{size}\n{ROOT}\n" for size in ("", "01", "-1", "+1", " 1", "1 ", "1_0", "\u0661", str(2**63))),
        *(f"{ORIGIN}\n1\n{root}\n" for root in (ROOT[:-1], ROOT + "=", "AA==", ROOT[:-2] + "B=", "?", " " + ROOT)),
        f"{ORIGIN}\n1\n{ROOT}\n\n",
        f"{ORIGIN}\n1\n{ROOT}\n\nextension\n",
        f"{ORIGIN}\n1\n{ROOT}\nextension",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(33)).decode()}\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        parse_checkpoint(text)


@given(st.text(max_size=80) | LINES.map(lambda line: f"{line}\n{line}\n{ROOT}\n"))
def test_hostile_text_is_refused_or_one_checkpoint(text: str) -> None:
    try:
        checkpoint = parse_checkpoint(text)
    except DataError:
        return
    assert checkpoint.text() == text


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, bytes(32)),
        Checkpoint("a\n2", 1, bytes(32)),
        Checkpoint("a\tb", 1, bytes(32)),
        Checkpoint(ORIGIN, -1, bytes(32)),
        Checkpoint(ORIGIN, 1, bytes(31)),
        Checkpoint(ORIGIN, 1, bytes(32), ("",)),
        Checkpoint(ORIGIN, 1, bytes(32), ("a\n\nb",)),
    ],
)
def test_what_nobody_could_read_back_is_not_signed(checkpoint: Checkpoint) -> None:
    with pytest.raises(DataError):
        sign_checkpoint(checkpoint, [SIGNER])


def test_a_checkpoint_of_another_log_is_refused() -> None:
    note = sign_checkpoint(Checkpoint("example.com/else", 1, bytes(32)), [SIGNER])
    with pytest.raises(DataError, match=r"example\.com/else"):
        open_checkpoint(note, ORIGIN, [SIGNER.vkey])


def test_a_cosignature_does_not_stand_in_for_the_logs_signature() -> None:
    checkpoint = Checkpoint(ORIGIN, 1, bytes(32))
    witness = Cosigner("witness.example", key_of("witness"))
    note = format_note(SignedNote(checkpoint.text(), (witness.cosign(checkpoint.text(), 1),)))
    with pytest.raises(SignatureInvalid, match="does not carry"):
        open_checkpoint(note, ORIGIN, [SIGNER.vkey, witness.vkey])


def test_both_keys_may_sign_while_the_log_changes_its_key() -> None:
    new = NoteSigner(ORIGIN, key_of("new log"))
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), [SIGNER, new])
    for keys, verified in (([SIGNER.vkey], 1), ([new.vkey], 1), ([SIGNER.vkey, new.vkey], 2)):
        assert len(open_checkpoint(note, ORIGIN, keys)[1].signatures) == verified


@given(CHECKPOINTS, st.data())
def test_no_flipped_bit_of_a_signed_checkpoint_opens(checkpoint: Checkpoint, choose: st.DataObject) -> None:
    data = sign_checkpoint(checkpoint, [SIGNER])
    bit = choose.draw(st.integers(0, 8 * len(data) - 1))
    with pytest.raises((DataError, SignatureInvalid)):
        open_checkpoint(flip(data, bit), checkpoint.origin, [SIGNER.vkey])
