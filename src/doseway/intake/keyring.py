"""Who may hand in messages: API keys, and secrets of signed webhooks, each with the formats it is good for.

An API key is `ID.SECRET`. Of the secret only the SHA-256 is kept: secrets are random and long, so a slow hash would add
nothing but a way to keep the server busy. A signing secret has to be kept itself, since a signature is made with it.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, Self

import msgspec

from doseway.model.errors import DataError, Place, Unavailable

SECRET_BYTES: Final = 32
_PREFIX: Final = "whsec_"
_NOBODY: Final = hashlib.sha256(b"").digest()


class Sender(msgspec.Struct, frozen=True):
    """Somebody who may hand in messages; `formats` empty: in every format."""

    id: str
    formats: frozenset[str] = frozenset()

    def may_send(self, format_id: str) -> bool:
        """Tell whether this sender may use a format."""
        return not self.formats or format_id in self.formats


class KeyRing(Protocol):
    """Finds out who is asking. Called from the event loop: it must answer from memory."""

    def check(self, key: str) -> Sender | None:
        """Return whose API key this is; None: nobody's. Takes the same time whatever is wrong with it."""

    def signed(self, sender_id: str, message: bytes, signatures: Sequence[bytes]) -> Sender | None:
        """Return the sender of that id if any of the HMAC-SHA256 values over the message is theirs."""


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sender as kept.

    Attributes:
        id: letters, digits, `-` and `_`; goes into the facts as `key:ID`.
        secret_sha256: of the API key's secret, hex; empty: this sender has no API key.
        formats: what it may send; empty: everything.
        signing_secret_file: a file with the `whsec_…` secret of its signed webhooks; empty: it does not sign.
    """

    id: str
    secret_sha256: str = ""
    formats: frozenset[str] = frozenset()
    signing_secret_file: str = ""


class FixedKeyRing:
    """A key ring in memory."""

    def __init__(self, records: Iterable[KeyRecord], signing: dict[str, bytes] | None = None) -> None:
        """Take the senders, and the signing secrets by sender id."""
        listed = list(records)
        self._senders = {record.id: Sender(record.id, record.formats) for record in listed}
        self._hashes = {record.id: bytes.fromhex(record.secret_sha256) for record in listed if record.secret_sha256}
        self._signing = dict(signing or {})

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the senders from a TOML file of `[[key]]` tables, as `KeyRecord` describes them.

        Raises:
            Unavailable: a file cannot be read.
            DataError: the file, a hash or a secret is malformed.
        """
        where = Place(str(path))
        try:
            table = tomllib.loads(_read(path))
            records = msgspec.convert(table, _KeyFile).key
            signing = {
                record.id: signing_secret(_read(path.parent / record.signing_secret_file).strip())
                for record in records
                if record.signing_secret_file
            }
            return cls(records, signing)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
            raise DataError(f"the keys cannot be used: {error}", where=where) from error

    def check(self, key: str) -> Sender | None:
        """Return whose API key this is; None: nobody's."""
        sender_id, _, secret = key.partition(".")
        held = self._hashes.get(sender_id, _NOBODY)
        digest = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        is_right = hmac.compare_digest(digest, held)
        return self._senders[sender_id] if is_right and sender_id in self._hashes and secret else None

    def signed(self, sender_id: str, message: bytes, signatures: Sequence[bytes]) -> Sender | None:
        """Return the sender of that id if any of the HMAC-SHA256 values over the message is theirs."""
        secret = self._signing.get(sender_id, b"")
        expected = hmac.new(secret, message, hashlib.sha256).digest()
        is_right = any(hmac.compare_digest(expected, one) for one in signatures)
        return self._senders.get(sender_id) if is_right and secret else None


class FirstRing:
    """Several key rings as one: whoever knows the sender answers."""

    def __init__(self, *rings: KeyRing) -> None:
        self._rings = rings

    def check(self, key: str) -> Sender | None:
        """Return whose API key this is; None: nobody's."""
        found = [ring.check(key) for ring in self._rings]  # all of them, so that the time says nothing
        return next((one for one in found if one is not None), None)

    def signed(self, sender_id: str, message: bytes, signatures: Sequence[bytes]) -> Sender | None:
        """Return the sender of that id if any of the HMAC-SHA256 values over the message is theirs."""
        found = [ring.signed(sender_id, message, signatures) for ring in self._rings]
        return next((one for one in found if one is not None), None)


def new_key(sender_id: str, formats: Iterable[str] = ()) -> tuple[str, KeyRecord]:
    """Make an API key. The key is shown once and never kept; the record is what to keep."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return f"{sender_id}.{secret}", KeyRecord(id=sender_id, secret_sha256=digest, formats=frozenset(formats))


def new_signing_secret() -> str:
    """Make a signing secret as Standard Webhooks writes it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signing_secret(text: str) -> bytes:
    """Read a signing secret, `whsec_` and Base64.

    Raises:
        DataError: it is not one, or has less than 24 bytes (Standard Webhooks asks for 24 to 64).
    """
    least = 24
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise DataError("a signing secret is whsec_ and Base64", hint="Ask the sender for it again.") from error
    if len(secret) < least:
        raise DataError(f"a signing secret has at least {least} bytes, not {len(secret)}")
    return secret


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: list[KeyRecord] = []


def _read(path: Path) -> Any:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"cannot be read: {error.strerror}", where=Place(str(path))) from error
