"""Signed notes (C2SP signed-note v1.0.0): a text and the signatures under it.

<text, ends in a newline>
<blank line>
— <key name> <base64(key id || signature)>
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from doseway.ledger.keys import SigningKey, is_weak_public_key, verify_ed25519, verify_ml_dsa_44
from doseway.model.errors import DataError, SignatureInvalid

MAX_NOTE_BYTES: Final = 131_072
ED25519: Final = 0x01
COSIGNATURE_ED25519: Final = 0x04
COSIGNATURE_ML_DSA_44: Final = 0x06
KEY_ID_BYTES: Final = 4
TIME_BYTES: Final = 8
MAX_NUMBER: Final = 2**63 - 1
MAX_TIME_S: Final = MAX_NUMBER
ROOT_BYTES: Final = 32
_DASH: Final = "— "
_CHECKPOINT_LINES: Final = 3
_SUBTREE_LABEL: Final = b"subtree/v1\n\x00"
_PUBLIC_KEY_BYTES: Final = {ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_ML_DSA_44: 1312}


def key_id_of(name: str, kind: int, public_key: bytes) -> bytes:
    """Return the first four bytes of SHA-256(name || 0x0A || type || public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:KEY_ID_BYTES]


def is_key_name(name: str) -> bool:
    """Tell whether a key may have this name: not empty, no Unicode spaces, no plus sign, no control characters."""
    return bool(name) and not any(c == "+" or c.isspace() or c < " " or c == "\x7f" or _is_surrogate(c) for c in name)


def _is_surrogate(character: str) -> bool:
    """Tell whether a character has no UTF-8 form; JSON can smuggle one in."""
    return "\ud800" <= character <= "\udfff"


def decode_base64(text: str) -> bytes:
    """Decode canonical standard base64.

    Raises:
        DataError: there is another, canonical way to write the same bytes, or it is no base64 at all.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DataError(f"{text[:40]!r} is no base64") from error
    if base64.b64encode(data).decode() != text:
        raise DataError(f"{text[:40]!r} is no canonical base64")
    return data


def parse_decimal(text: str) -> int:
    """Read a canonical ASCII decimal: no sign, no leading zero, at most 2**63 - 1.

    Raises:
        DataError: it is something else.
    """
    is_canonical = text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))
    if not is_canonical or len(text) > len(str(MAX_NUMBER)):
        raise DataError(f"{text[:40]!r} is no canonical decimal number")
    value = int(text)
    if value > MAX_NUMBER:
        raise DataError(f"{text} is too large")
    return value


@dataclass(frozen=True)
class VerifierKey:
    """A public key with its name: what a reader trusts.

    Attributes:
        type: 0x01 Ed25519 over the text, 0x04 Ed25519 cosignature, 0x06 ML-DSA-44 cosignature.
    """

    name: str
    key_id: bytes
    type: int
    public_key: bytes

    @classmethod
    def of(cls, name: str, kind: int, public_key: bytes) -> "VerifierKey":
        """Make a key and its id.

        Raises:
            DataError: the name, the type or the length of the key is not allowed, or the key is weak.
        """
        if not is_key_name(name):
            raise DataError(f"{name!r} is no name for a key", hint="It has no spaces and no plus sign.")
        if len(public_key) != _PUBLIC_KEY_BYTES.get(kind):
            raise DataError(f"a key of type 0x{kind:02x} with {len(public_key)} bytes is not supported")
        if kind != COSIGNATURE_ML_DSA_44 and is_weak_public_key(public_key):
            raise DataError(f"the Ed25519 key of {name} is weak", hint="Ask its owner for a new key.")
        return cls(name, key_id_of(name, kind, public_key), kind, public_key)

    @classmethod
    def parse(cls, vkey: str) -> "VerifierKey":
        """Read `<name>+<8 hex digits>+<base64(type || public key)>`.

        Raises:
            DataError: it is malformed, or its id is not that of its key.
        """
        name, plus, rest = vkey.partition("+")
        key_id, second_plus, encoded = rest.partition("+")
        if not (plus and second_plus):
            raise DataError(f"{vkey[:80]!r} is no verifier key", hint="It looks like name+1a2b3c4d+base64.")
        blob = decode_base64(encoded)
        key = cls.of(name, blob[0] if blob else 0, blob[1:])
        if key.key_id.hex() != key_id:
            raise DataError(f"the verifier key of {name} says id {key_id[:8]}, and its key has {key.key_id.hex()}")
        return key

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.type]) + self.public_key).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: `blob` is what follows the key id."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.blob).decode()}"


@dataclass(frozen=True)
class SignedNote:
    """A text, its final newline included, and its signatures, not yet verified."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True)
class Verified:
    """A signature that verified.

    An ML-DSA-44 cosignature covers a checkpoint's origin, size and root, and not its extension lines.

    Attributes:
        timestamp: that of a cosignature, in Unix seconds; 0 where the cosigner makes no statement about the time.
            None for other signatures.
    """

    key: VerifierKey
    timestamp: int | None


@dataclass(frozen=True)
class OpenedNote:
    """A note with at least one verified signature; `unknown` are the lines by keys that the reader does not know."""

    text: str
    signatures: tuple[Verified, ...]
    unknown: tuple[NoteSignature, ...]


class NoteSigner:
    """Signs notes with an Ed25519 key (type 0x01)."""

    def __init__(self, name: str, key: SigningKey) -> None:
        self.name = name
        self.vkey = VerifierKey.of(name, ED25519, key.public_key)
        self._key = key

    def sign(self, text: str) -> NoteSignature:
        """Sign a note's text.

        Raises:
            DataError: no reader would accept the text: it has a control character, or does not end in a newline.
        """
        if not text.endswith("\n") or any((c < " " and c != "\n") or _is_surrogate(c) for c in text):
            raise DataError(f"{text[:60]!r} is no text of a note")
        return NoteSignature(self.name, self.vkey.key_id, self._key.sign(text.encode()))


def parse_note(data: bytes) -> SignedNote:
    """Split a note into text and signature lines; nothing is verified.

    Raises:
        DataError: it is malformed or larger than 128 KiB.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise DataError(f"a note of {len(data):,} bytes is larger than {MAX_NOTE_BYTES:,}")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"a note is not UTF-8 at byte {error.start}") from error
    if any(c < " " and c != "\n" for c in whole):
        raise DataError("a note has a control character")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise DataError("a note has no blank line before its signatures, or does not end in a newline")
    return SignedNote(text + "\n", tuple(map(_parse_line, lines[:-1].split("\n"))))


def _parse_line(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_key_name(name):
        raise DataError(f"{line[:60]!r} is no signature line")
    blob = decode_base64(encoded)
    if len(blob) <= KEY_ID_BYTES:
        raise DataError(f"the signature of {name} is too short")
    return NoteSignature(name, blob[:KEY_ID_BYTES], blob[KEY_ID_BYTES:])


def format_note(note: SignedNote) -> bytes:
    """Write a note."""
    return "".join([note.text, "\n", *(f"{line}\n" for line in note.signatures)]).encode()


def open_note(data: bytes, keys: Sequence[VerifierKey]) -> OpenedNote:
    """Verify a note with the keys that the reader knows.

    A line whose name and id are those of no known key is ignored, even if one of the two is known.

    Raises:
        DataError: the note is malformed, or two different keys have the same name and id.
        SignatureInvalid: the signature of a known key is wrong, or no known key signed.
    """
    note = parse_note(data)
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise DataError(f"two trusted keys have the name {key.name} and the id {key.key_id.hex()}")
    verified: dict[tuple[str, bytes], Verified] = {}
    unknown: list[NoteSignature] = []
    for line in note.signatures:
        signer = known.get((line.name, line.key_id))
        if signer is None:
            unknown.append(line)
        else:
            verified.setdefault((line.name, line.key_id), _verify(note.text, line, signer))
    if not verified:
        names = ", ".join(sorted({key.name for key in keys})) or "nobody"
        raise SignatureInvalid(f"no trusted key signed the note (trusted: {names})")
    return OpenedNote(note.text, tuple(verified.values()), tuple(unknown))


def _verify(text: str, line: NoteSignature, key: VerifierKey) -> Verified:
    if key.type == ED25519:
        timestamp, is_valid = None, verify_ed25519(key.public_key, text.encode(), line.blob)
    else:
        timestamp = int.from_bytes(line.blob[:TIME_BYTES], "big")
        is_valid = timestamp <= MAX_TIME_S and _is_cosigned(text, key, timestamp, line.blob[TIME_BYTES:])
    if not is_valid:
        raise SignatureInvalid(f"the signature of {key.name} is not valid", hint="The note was altered.")
    return Verified(key, timestamp)


def _is_cosigned(text: str, key: VerifierKey, time_s: int, signature: bytes) -> bool:
    try:
        message = cosigned_message(key.type, key.name, text, time_s)
    except DataError:
        return False
    check = verify_ed25519 if key.type == COSIGNATURE_ED25519 else verify_ml_dsa_44
    return check(key.public_key, message, signature)


def cosigned_message(kind: int, name: str, text: str, time_s: int) -> bytes:
    """Return what a cosignature of a checkpoint signs (C2SP tlog-cosignature v1.1).

    Raises:
        DataError: an ML-DSA-44 cosignature has no form for this text: it is no checkpoint, or a name is too long.
    """
    if kind == COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {time_s}\n".encode() + text.encode()
    lines = text.split("\n")
    if len(lines) <= _CHECKPOINT_LINES:
        raise DataError("only a checkpoint can be cosigned")
    # Read as strictly as a checkpoint is: these fields, not the text, are what is signed, so that a second spelling of
    # one of them would be a second text under the same signature.
    root = decode_base64(lines[2])
    if len(root) != ROOT_BYTES:
        raise DataError(f"a checkpoint's root has {len(root)} bytes instead of {ROOT_BYTES}")
    size = parse_decimal(lines[1])
    start_and_end = (0).to_bytes(8, "big") + size.to_bytes(8, "big")
    return b"".join(
        [_SUBTREE_LABEL, _short(name), time_s.to_bytes(TIME_BYTES, "big"), _short(lines[0]), start_and_end, root]
    )


def _short(text: str) -> bytes:
    """Encode a string of 1 to 255 bytes behind its length."""
    data = text.encode()
    if not 1 <= len(data) <= 0xFF:  # noqa: PLR2004  # what one byte counts
        raise DataError(f"{text[:40]!r} has {len(data)} bytes; a cosigned name has 1 to 255")
    return bytes([len(data)]) + data
