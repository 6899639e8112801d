"""What callers hand to the sequencer, and what they get back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from doseway.ledger.fingerprints import ID_BYTES
from doseway.model.canonical import encode_lines
from doseway.model.errors import DataError, UsageError
from doseway.model.facts import Body, Fact
from doseway.model.ids import Commitment, ContentId

MAX_ENTRY_BYTES: Final = 65_535
"""C2SP tlog-tiles: an entry's length is a uint16 in its bundle."""

_MAX_REST_BYTES: Final = MAX_ENTRY_BYTES - len(b'{"at_ms":-9223372036854775808,')


class StagedBlob(msgspec.Struct, frozen=True, gc=False):
    """Raw bytes on their way into the log; made by `Sequencer.stage`, used by one draft.

    Attributes:
        commitment: what the fact says about them; goes into its body as `commitment`, in hex.
        sha256: their SHA-256, for content ids. Not logged: it would name the bytes after they were erased.
        size: their length in bytes.
        salt: 32 secret bytes, kept beside the bytes and erased with them.
        data: the bytes, where they are few; otherwise None and `staged` is the store's handle of the chunks.
    """

    commitment: Commitment
    sha256: bytes
    size: int
    salt: bytes
    data: bytes | None = None
    staged: int | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fact to append; the sequencer adds the time.

    Attributes:
        body: what happened.
        by: who or what caused it.
        tags: what it is about, `kind:id`.
        content_id: equal content is appended once; None where a repetition is a new fact.
        blob: raw bytes that the body commits to.
    """

    body: Body
    by: str
    tags: tuple[str, ...] = ()
    content_id: ContentId | None = None
    blob: StagedBlob | None = None


@dataclass(frozen=True, slots=True)
class Unless:
    """A condition on an append: it fails if a fact with any of the tags has an index above `after` (-1: any fact)."""

    tags: tuple[str, ...]
    after: int


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Where a fact is. Once the caller has it, the fact is durable and under a published checkpoint.

    Attributes:
        index: of the entry.
        is_duplicate: the content was in the log before; nothing was appended, and `index` is where it is.
    """

    index: int
    is_duplicate: bool = False


class Indexed(msgspec.Struct, frozen=True):
    """A fact and its place in the log."""

    index: int
    fact: Fact


class _Unstamped(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An envelope without its time."""

    type: str
    v: int
    by: str
    body: Body
    tags: tuple[str, ...] = ()


def unstamped(draft: Draft) -> bytes:
    """Encode a draft but for its time, which is known only when its batch is sealed, and must not decrease.

    In the canonical order of RFC 8785 `at_ms` is the first member of a fact. So the rest is encoded in the caller's
    thread, and the time is put before it: `stamp_of(at_ms) + unstamped(draft)` is the canonical entry.

    Raises:
        DataError: the fact does not fit into an entry.
        UsageError: the fact does not commit to the blob that comes with it, or its content id is not one.
    """
    return unstamped_all([draft])[0]


def unstamped_all(drafts: Sequence[Draft]) -> list[bytes]:
    """Encode many drafts, as `unstamped` does; one call of the encoder writes all of them. Raises as that does."""
    for draft in drafts:
        _check(draft)
    # An encoded string has no line feed of its own (RFC 8259 7), so that each line is one fact.
    lines = encode_lines([_Unstamped(one.body.TYPE, one.body.VERSION, one.by, one.body, one.tags) for one in drafts])
    rests = [line[1:] for line in lines]
    if max(map(len, rests), default=0) > _MAX_REST_BYTES:
        at, size = next((at, len(rest)) for at, rest in enumerate(rests) if len(rest) > _MAX_REST_BYTES)
        raise DataError(
            f"a {drafts[at].body.TYPE} fact of {size} bytes does not fit into an entry of {MAX_ENTRY_BYTES}",
            hint="Keep large content as a blob, and commit to it.",
        )
    return rests


def _check(draft: Draft) -> None:
    body, blob, identity = draft.body, draft.blob, draft.content_id
    if blob is not None and getattr(body, "commitment", None) != blob.commitment.hex():
        raise UsageError(f"the {body.TYPE} fact does not commit to the blob that comes with it")
    if identity is not None and len(identity) != ID_BYTES:
        raise UsageError(f"a content id has {ID_BYTES} bytes, not {len(identity)}")


def stamp_of(at_ms: int) -> bytes:
    """Return what goes before an unstamped draft."""
    return b'{"at_ms":%d,' % at_ms
