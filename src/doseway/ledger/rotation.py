"""The keys that may sign a log, one after the other.

`log.created` names the first key. `log.key_rotated` names the next one, and the checkpoint that first covers it is
signed by both; it is kept, so that anyone can later check that the old key handed over to the new one.
"""

from typing import Final, NamedTuple

from doseway.ledger.checkpoint import open_checkpoint
from doseway.ledger.note import VerifierKey
from doseway.ledger.ports import LogReader
from doseway.model.errors import DataError, IntegrityError, SignatureInvalid
from doseway.model.facts import LogCreated, LogKeyRotated, decode_fact

KEY_TAG: Final = "log:key"


class KeySpan(NamedTuple):
    """A key, and the index of the fact that put it in force."""

    first_index: int
    vkey: VerifierKey


def origin_of(store: LogReader) -> str:
    """Return the origin line of a log. Raises IntegrityError when entry 0 does not create one."""
    return _created(store).origin


def key_chain(store: LogReader) -> list[KeySpan]:
    """Return all keys of a log in order, each handed over by the one before.

    Raises:
        SignatureInvalid: a change of key is not signed by both keys.
        IntegrityError: a fact about keys is missing, or does not follow from the one before.
    """
    created = _created(store)
    chain = [KeySpan(0, VerifierKey.parse(created.vkey))]
    for size, note in reversed(list(store.notes("rotation"))):
        chain.append(_handed_over(store, created.origin, chain[-1].vkey, size, note))
    return chain


def key_at(chain: list[KeySpan], size: int) -> VerifierKey:
    """Return the key that signs a checkpoint over `size` entries: the newest whose fact is among them."""
    return [span.vkey for span in chain if span.first_index < size][-1]


def _handed_over(store: LogReader, origin: str, old: VerifierKey, size: int, note: bytes) -> KeySpan:
    index = size - 1
    body = _body(store, index)
    if not isinstance(body, LogKeyRotated) or body.old_vkey != str(old):
        raise IntegrityError(f"entry {index} does not hand the log's key over from {old}")
    new = VerifierKey.parse(body.new_vkey)
    checkpoint, opened = open_checkpoint(note, origin, [old, new])
    if checkpoint.size != size:
        raise IntegrityError(f"the checkpoint kept for the change of key at entry {index} is for another size")
    if {verified.key for verified in opened.signatures} != {old, new}:
        raise SignatureInvalid(f"the change of key at entry {index} is not signed by both the old and the new key")
    return KeySpan(index, new)


def _created(store: LogReader) -> LogCreated:
    body = _body(store, 0)
    if not isinstance(body, LogCreated):
        raise IntegrityError("entry 0 does not create a log", hint="Run `doseway log verify`.")
    return body


def _body(store: LogReader, index: int) -> object:
    entry = store.entry(index)
    if entry is None:
        raise IntegrityError(f"entry {index} is missing", hint="Run `doseway log verify`.")
    try:
        return decode_fact(entry).content()
    except DataError as error:
        raise IntegrityError(f"entry {index} is not a fact: {error}", hint="Run `doseway log verify`.") from error
