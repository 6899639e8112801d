"""Signed notes: one way to write each, unknown keys ignored, a known key's bad signature fatal."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.tree_kit import flip, key_of

from doseway.ledger.note import (
    MAX_NOTE_BYTES,
    NoteSignature,
    NoteSigner,
    SignedNote,
    VerifierKey,
    decode_base64,
    format_note,
    key_id_of,
    open_note,
    parse_decimal,
    parse_note,
)
from doseway.model.errors import DataError, SignatureInvalid

SIGNER = NoteSigner("example.com/kat", key_of("kat log"))
OTHER = NoteSigner("example.com/other", key_of("other"))
LOG_VKEY = "example.com/kat+a5021a42+AS7vobyWcYDBVkFXRJBnwXCbAMfBlKmU7bfiaUykQhUw"
WITNESS_VKEY = "witness.example/kat+dcf1cfa1+BII3NUY22KVqenFtHL9aZpbUsLk03cIOcbjU5ktX6S0L"
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=60).map(lambda t: t + "\n")


def signed(text: str, *signers: NoteSigner) -> bytes:
    return format_note(SignedNote(text, tuple(signer.sign(text) for signer in signers or (SIGNER,))))


def test_verifier_keys_are_written_as_published() -> None:
    assert str(SIGNER.vkey) == LOG_VKEY
    for text in (LOG_VKEY, WITNESS_VKEY):
        assert str(VerifierKey.parse(text)) == text
    assert VerifierKey.parse(WITNESS_VKEY).type == 4
    assert key_id_of("example.com/kat", 1, SIGNER.vkey.public_key).hex() == "a5021a42"


@given(NAMES, st.sampled_from([0x01, 0x04]))
def test_a_verifier_key_is_read_back(name: str, kind: int) -> None:
    key = VerifierKey.of(name, kind, SIGNER.vkey.public_key)
    assert VerifierKey.parse(str(key)) == key


@pytest.mark.parametrize(
    "vkey",
    [
        *("", "+", "++", "name", "name+a5021a42", LOG_VKEY[:-1], LOG_VKEY + "=", LOG_VKEY + " ", " " + LOG_VKEY),
        LOG_VKEY.replace("a5021a42", "A5021A42"),
        LOG_VKEY.replace("a5021a42", "a5021a43"),
        LOG_VKEY.replace("a5021a42", "5021a42"),
        LOG_VKEY.replace("example.com/kat", "example.com/kap"),
        LOG_VKEY.replace("example.com/kat", ""),
        LOG_VKEY.replace("example.com/kat", "example com"),
        LOG_VKEY.replace("example.com/kat", "example\u00a0com"),
        LOG_VKEY.replace("example.com/kat", "example\u2028com"),
        LOG_VKEY.replace("example.com/kat", "example\ud800com"),
        LOG_VKEY.replace("+AS7", "+Ai7"),
        LOG_VKEY.replace("Uw", "Ux"),
    ],
)
def test_a_mangled_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(DataError):
        VerifierKey.parse(vkey)


@pytest.mark.parametrize(
    ("kind", "key"), [(1, bytes(31)), (1, b""), (2, bytes(32)), (3, bytes(32)), (5, bytes(32)), (6, bytes(32))]
)
def test_a_key_of_an_unsupported_type_or_length_is_refused(kind: int, key: bytes) -> None:
    with pytest.raises(DataError, match="not supported"):
        VerifierKey.of("name", kind, key)


@pytest.mark.parametrize("kind", [0x01, 0x04])
def test_a_weak_key_is_never_trusted(kind: int) -> None:
    identity = (1).to_bytes(32, "little")
    vkey = f"name+{key_id_of('name', kind, identity).hex()}+{base64.b64encode(bytes([kind]) + identity).decode()}"
    with pytest.raises(DataError, match="weak"):
        VerifierKey.parse(vkey)


@given(st.text(max_size=80) | st.text(max_size=10).map(lambda text: f"{text}+a5021a42+AS7v{text}"))
def test_a_hostile_verifier_key_is_refused_cleanly(vkey: str) -> None:
    with pytest.raises(DataError):
        VerifierKey.parse(vkey)


@given(TEXTS)
def test_a_signed_note_opens_with_its_text(text: str) -> None:
    opened = open_note(signed(text), [SIGNER.vkey])
    assert opened.text == text
    assert [(one.key, one.timestamp) for one in opened.signatures] == [(SIGNER.vkey, None)]
    assert opened.unknown == ()


@given(TEXTS, st.lists(st.tuples(NAMES, st.binary(min_size=5, max_size=80)), min_size=1, max_size=20))
def test_a_note_is_read_back_whatever_its_text_and_signatures(text: str, lines: list[tuple[str, bytes]]) -> None:
    note = SignedNote(text, tuple(NoteSignature(name, blob[:4], blob[4:]) for name, blob in lines))
    assert parse_note(format_note(note)) == note


def test_the_text_ends_at_the_last_blank_line() -> None:
    inner = signed("inner\n").decode()
    opened = open_note(signed(inner + "\n\nouter\n", OTHER), [OTHER.vkey])
    assert opened.text == inner + "\n\nouter\n"
    with pytest.raises(SignatureInvalid):
        open_note(signed(inner, OTHER), [SIGNER.vkey])


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "return\r\n", "nul\0\n", "half \ud83d\n"])
def test_what_no_reader_accepts_is_not_signed(text: str) -> None:
    with pytest.raises(DataError):
        SIGNER.sign(text)


NOTE = signed("text\n").decode()
LINE = NOTE.split("\n")[2]
BLOB = LINE.split(" ")[2]


@pytest.mark.parametrize(
    "note",
    [
        *(
            "",
            "\n",
            "\n\n",
            "text\n",
            "text\n\n",
            "text\n\n\n",
            f"text\n{LINE}\n",
            f"\n{LINE}\n",
            NOTE[:-1],
            NOTE + "\n",
        ),
        NOTE + "x",
        NOTE + "x\n",
        NOTE.replace("—", "-"),
        NOTE.replace("— ", "—"),
        NOTE.replace("— ", "—  "),
        NOTE.replace("— ", " — "),
        NOTE.replace(BLOB, ""),
        NOTE.replace(" " + BLOB, ""),
        NOTE.replace(BLOB, BLOB + " "),
        NOTE.replace(BLOB, BLOB + "="),
        NOTE.replace(BLOB, BLOB[:-4]) + "=",
        NOTE.replace(BLOB, BLOB[:8] + "\u0430" + BLOB[9:]),
        NOTE.replace(BLOB, BLOB.replace("=", "")),
        NOTE.replace(BLOB, BLOB[:10] + "-_" + BLOB[12:]),
        NOTE.replace(BLOB, base64.b64encode(b"four").decode()),
        NOTE.replace(BLOB, base64.b64encode(b"thr").decode()),
        NOTE.replace("example.com/kat", ""),
        NOTE.replace("example.com/kat", "a+b"),
        NOTE.replace("example.com/kat", "a\u3000b"),
        NOTE.replace("example.com/kat", "a\u0085b"),
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("text", "te\txt"),
        NOTE.replace("text", "te\0xt"),
        NOTE.replace("text", "te\x1fxt"),
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(DataError):
        parse_note(note.encode())


def test_bytes_that_are_no_utf8_are_refused() -> None:
    for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xe2\x80"):
        with pytest.raises(DataError, match="UTF-8 at byte 2"):
            parse_note(NOTE.encode().replace(b"text", b"te" + bad + b"xt"))


def test_base64_has_one_form() -> None:
    # The last character before the padding carries bits that decoders throw away.
    assert decode_base64("AQ==") == b"\x01"
    for other in ("AR==", "AQ", "AQ=", "AQ===", "A Q==", "AQ==\n", "AQ\n==", "\u0410Q=="):
        with pytest.raises(DataError):
            decode_base64(other)


@given(st.integers(0, 2**63 - 1))
def test_a_decimal_is_read_back(number: int) -> None:
    assert parse_decimal(str(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "01", "00", " 1", "1 ", "1_0", "1.0", "1e3", "0x1", "\u0661", "\u00b2", str(2**63), "9" * 5000],
)
def test_a_number_has_one_spelling(text: str) -> None:
    with pytest.raises(DataError):
        parse_decimal(text)


def test_unknown_keys_are_ignored_even_where_name_or_id_is_known() -> None:
    same_name = NoteSigner(SIGNER.name, key_of("another key"))
    same_id = NoteSignature("example.com/else", SIGNER.vkey.key_id, b"x" * 64)
    lines = (same_name.sign("text\n"), same_id, OTHER.sign("text\n"), SIGNER.sign("text\n"))
    opened = open_note(format_note(SignedNote("text\n", lines)), [SIGNER.vkey])
    assert [one.key for one in opened.signatures] == [SIGNER.vkey]
    assert opened.unknown == lines[:3]


def test_a_known_keys_bad_signature_rejects_the_whole_note() -> None:
    bad = NoteSignature(OTHER.name, OTHER.vkey.key_id, b"x" * 64)
    for lines in ((SIGNER.sign("text\n"), bad), (bad, SIGNER.sign("text\n"))):
        note = format_note(SignedNote("text\n", lines))
        assert open_note(note, [SIGNER.vkey]).unknown == (bad,)
        with pytest.raises(SignatureInvalid, match=re.escape(OTHER.name)):
            open_note(note, [SIGNER.vkey, OTHER.vkey])


def test_a_good_signature_does_not_cover_for_a_bad_one_of_the_same_key() -> None:
    good, bad = SIGNER.sign("text\n"), NoteSignature(SIGNER.name, SIGNER.vkey.key_id, b"x" * 64)
    for lines in ((good, bad), (bad, good)):
        with pytest.raises(SignatureInvalid):
            open_note(format_note(SignedNote("text\n", lines)), [SIGNER.vkey])


def test_a_key_that_signed_twice_counts_once() -> None:
    good = SIGNER.sign("text\n")
    opened = open_note(format_note(SignedNote("text\n", (good, good))), [SIGNER.vkey, SIGNER.vkey])
    assert len(opened.signatures) == 1


def test_a_note_without_a_known_signature_is_refused_and_says_who_is_trusted() -> None:
    with pytest.raises(SignatureInvalid, match=re.escape(OTHER.name)):
        open_note(signed("text\n"), [OTHER.vkey])
    with pytest.raises(SignatureInvalid, match="nobody"):
        open_note(signed("text\n"), [])


def test_two_trusted_keys_of_one_name_and_id_are_ambiguous() -> None:
    real = SIGNER.vkey
    twin = VerifierKey(real.name, real.key_id, real.type, OTHER.vkey.public_key)
    with pytest.raises(DataError, match="two trusted keys"):
        open_note(signed("text\n"), [real, twin])


def test_a_hundred_signatures_are_read_and_the_size_is_capped() -> None:
    signers = [NoteSigner(f"example.com/{n}", key_of(str(n))) for n in range(100)]
    opened = open_note(signed("text\n", *signers), [signer.vkey for signer in signers])
    assert len(opened.signatures) == 100
    largest = "x" * (MAX_NOTE_BYTES - len(signed("\n"))) + "\n"
    assert len(signed(largest)) == MAX_NOTE_BYTES
    open_note(signed(largest), [SIGNER.vkey])
    with pytest.raises(DataError, match="131,072"):
        parse_note(signed("x" + largest))


@given(TEXTS, st.data())
def test_no_flipped_bit_of_a_note_verifies(text: str, choose: st.DataObject) -> None:
    data = signed(text)
    bit = choose.draw(st.integers(0, 8 * len(data) - 1))
    with pytest.raises((DataError, SignatureInvalid)):
        open_note(flip(data, bit), [SIGNER.vkey])


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"{text}\n\n— {text} {text}\n".encode()))
def test_hostile_bytes_are_refused_or_one_note(data: bytes) -> None:
    try:
        note = parse_note(data)
    except DataError:
        return
    assert format_note(note) == data
