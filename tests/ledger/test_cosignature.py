"""Cosignatures: the bytes that the specification wants, for Ed25519 and for ML-DSA-44."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.tree_kit import flip, key_of

from doseway.ledger.checkpoint import Checkpoint
from doseway.ledger.cosignature import Cosigner
from doseway.ledger.keys import verify_ed25519
from doseway.ledger.note import (
    COSIGNATURE_ML_DSA_44,
    MAX_TIME_S,
    NoteSignature,
    NoteSigner,
    OpenedNote,
    SignedNote,
    VerifierKey,
    cosigned_message,
    format_note,
    open_note,
)
from doseway.model.errors import DataError, SignatureInvalid

ORIGIN = "example.com/log"
CHECKPOINT = Checkpoint(ORIGIN, 300, bytes(range(32)))
TEXT = CHECKPOINT.text()
WITNESS = Cosigner("witness.example/a", key_of("witness"))
ML_DSA = MLDSA44PrivateKey.from_seed_bytes(hashlib.sha256(b"ml-dsa").digest())
ML_NAME = "witness.example/pq"  # 18 bytes
ML_VKEY = VerifierKey.of(ML_NAME, COSIGNATURE_ML_DSA_44, ML_DSA.public_key().public_bytes_raw())
TIMES = st.integers(1, MAX_TIME_S)


def ml_dsa_line(message: bytes, time_s: int) -> NoteSignature:
    return NoteSignature(ML_NAME, ML_VKEY.key_id, time_s.to_bytes(8, "big") + ML_DSA.sign(message))


def ml_dsa_message(time_s: int, *, size: int = 300, start: int = 0) -> bytes:
    """Return the struct as C2SP tlog-cosignature spells it out, written by hand."""
    return (
        b"subtree/v1\n\x00\x12witness.example/pq"
        + time_s.to_bytes(8, "big")
        + b"\x0fexample.com/log"
        + start.to_bytes(8, "big")
        + size.to_bytes(8, "big")
        + bytes(range(32))
    )


def opened(text: str, line: NoteSignature, key: VerifierKey) -> OpenedNote:
    return open_note(format_note(SignedNote(text, (line,))), [key])


@given(TIMES)
def test_an_ed25519_cosignature_signs_header_time_and_text(time_s: int) -> None:
    line = WITNESS.cosign(TEXT, time_s)
    assert len(line.blob) == 72
    assert line.blob[:8] == time_s.to_bytes(8, "big")
    message = f"cosignature/v1\ntime {time_s}\n{TEXT}".encode()
    assert verify_ed25519(WITNESS.vkey.public_key, message, line.blob[8:])
    assert opened(TEXT, line, WITNESS.vkey).signatures[0].timestamp == time_s


@pytest.mark.parametrize("time_s", [0, -1, 2**63])
def test_a_witness_states_a_time_that_exists(time_s: int) -> None:
    with pytest.raises(ValueError, match="no time"):
        WITNESS.cosign(TEXT, time_s)


@given(TIMES, st.data())
def test_no_flipped_bit_of_a_cosigned_note_verifies(time_s: int, choose: st.DataObject) -> None:
    data = format_note(SignedNote(TEXT, (WITNESS.cosign(TEXT, time_s),)))
    bit = choose.draw(st.integers(0, 8 * len(data) - 1))
    with pytest.raises((DataError, SignatureInvalid)):
        open_note(flip(data, bit), [WITNESS.vkey])


@pytest.mark.parametrize("length", [1, 8, 64, 71, 73])
def test_a_cosignature_of_another_length_is_invalid(length: int) -> None:
    line = WITNESS.cosign(TEXT, 1)
    wrong = NoteSignature(line.name, line.key_id, (line.blob + b"x")[:length])
    with pytest.raises(SignatureInvalid):
        opened(TEXT, wrong, WITNESS.vkey)


def test_a_time_beyond_the_specified_range_is_invalid() -> None:
    time_s = MAX_TIME_S + 1
    key = key_of("witness")
    message = f"cosignature/v1\ntime {time_s}\n{TEXT}".encode()
    line = NoteSignature(WITNESS.name, WITNESS.vkey.key_id, time_s.to_bytes(8, "big") + key.sign(message))
    with pytest.raises(SignatureInvalid):
        opened(TEXT, line, WITNESS.vkey)


def test_a_signature_and_a_cosignature_do_not_stand_in_for_each_other() -> None:
    # One key under both types: the header of the cosigned message keeps the two apart.
    log = NoteSigner("witness.example/a", key_of("witness"))
    assert log.vkey.key_id != WITNESS.vkey.key_id
    blob = bytes(8) + log.sign(TEXT).blob
    with pytest.raises(SignatureInvalid):
        opened(TEXT, NoteSignature(WITNESS.name, WITNESS.vkey.key_id, blob), WITNESS.vkey)
    with pytest.raises(SignatureInvalid):
        opened(TEXT, NoteSignature(log.name, log.vkey.key_id, WITNESS.cosign(TEXT, 1).blob[8:]), log.vkey)


@pytest.mark.parametrize("time_s", [0, 1_764_000_000, MAX_TIME_S])
def test_an_ml_dsa_cosignature_signs_the_specified_struct(time_s: int) -> None:
    message = cosigned_message(COSIGNATURE_ML_DSA_44, ML_NAME, TEXT, time_s)
    assert message == ml_dsa_message(time_s)
    line = ml_dsa_line(message, time_s)
    assert len(f"{line}\n".encode()) == 3268  # the dash has 3 bytes in UTF-8, the name 18, the base64 3,244
    assert opened(TEXT, line, ML_VKEY).signatures[0].timestamp == time_s


def test_an_ml_dsa_key_is_read_back_from_its_text() -> None:
    assert VerifierKey.parse(str(ML_VKEY)) == ML_VKEY
    assert len(base64.b64decode(str(ML_VKEY).split("+", 2)[2])) == 1313


@pytest.mark.parametrize(
    "message",
    [
        b"",
        ml_dsa_message(2),
        ml_dsa_message(1, size=301),
        ml_dsa_message(1, start=256),
        ml_dsa_message(1).replace(b"subtree/v1", b"subtree/v2"),
        ml_dsa_message(1).replace(b"witness.example/pq", b"witness.example/qp"),
        ml_dsa_message(1).replace(b"example.com/log", b"example.com/lag"),
        f"cosignature/v1\ntime 1\n{TEXT}".encode(),
    ],
)
def test_an_ml_dsa_cosignature_of_anything_else_is_invalid(message: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        opened(TEXT, ml_dsa_line(message, 1), ML_VKEY)


@pytest.mark.parametrize(
    "text",
    [
        "text\n",
        TEXT.replace("\n300\n", "\n0300\n"),
        TEXT.replace("\n300\n", "\n+300\n"),
        TEXT.replace("\n300\n", "\n3_00\n"),
        TEXT.replace("\n300\n", "\n ٣٠٠\n"),
        TEXT.replace("8=\n", "9=\n"),
        f"{'x' * 256}\n300\n{TEXT.split(chr(10))[2]}\n",
        f"\n300\n{TEXT.split(chr(10))[2]}\n",
        f"{ORIGIN}\n300\nAA==\n",
    ],
)
def test_no_second_spelling_of_a_checkpoint_shares_its_ml_dsa_cosignature(text: str) -> None:
    # The struct, and not the text, is signed: a lenient reader would find the signature valid for many texts.
    with pytest.raises(SignatureInvalid):
        opened(text, ml_dsa_line(ml_dsa_message(1), 1), ML_VKEY)
    with pytest.raises(DataError):
        cosigned_message(COSIGNATURE_ML_DSA_44, ML_NAME, text, 1)


def test_a_note_with_sixteen_ml_dsa_cosignatures_is_read() -> None:
    good = ml_dsa_line(ml_dsa_message(1), 1)
    lines = (*(NoteSignature(f"{ML_NAME}/{n}", bytes(4), good.blob) for n in range(15)), good)
    note = format_note(SignedNote(TEXT, lines))
    assert len(note) > 50_000
    assert len(open_note(note, [ML_VKEY]).unknown) == 15
