"""What must hold before a log may grow: its tree, its signature, and everything that was ever published about it."""

from collections.abc import Iterable
from typing import NamedTuple

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint
from doseway.ledger.ports import Anchor, Head, LogReader, Published
from doseway.ledger.rotation import key_at, key_chain, origin_of
from doseway.ledger.tiles import FULL, TILE_HEIGHT, TileReader
from doseway.model.errors import ForkedLog, HashMismatch, IntegrityError, RolledBack, SignatureInvalid
from doseway.model.facts import decode_fact

HASH_BYTES = 32


class Recovered(NamedTuple):
    """A log that was found in order: its head, and the partial tile at the right edge of each level."""

    head: Head
    edge: dict[int, bytes]


def recover(
    store: LogReader, anchor: Anchor, witnessed: Iterable[Checkpoint] = (), *, renew_anchor: bool = False
) -> Recovered | None:
    """Check a log's head against its tree, its anchor and its witnesses; None for a log that is yet to be made.

    The anchor may be behind: then the process died between the commit and the anchoring, and nothing of that batch
    was ever released. It is advanced by the caller, by `catch_up_anchor`.

    Raises:
        RolledBack: the store is older than what was published or witnessed.
        ForkedLog: the store holds another history than the one published or witnessed.
        IntegrityError, HashMismatch, SignatureInvalid: the head does not belong to the tree or to the log's key.
    """
    head, published = store.head(), anchor.read()
    if head is None:
        _check_is_unused(store, published)
        return None
    tree = tile_reader(store, head.size)
    _check_head(store, head, tree)
    if published is not None:
        check_extends(tree, head.size, published.size, published.root, "was published")
    elif not renew_anchor:
        raise IntegrityError(
            f"the log has {head.size} entries and its anchor is missing",
            hint="The anchor shows that the log was not rolled back. Compare with the witnesses, then renew it.",
        )
    for checkpoint in witnessed:
        check_extends(tree, head.size, checkpoint.size, checkpoint.root, "was witnessed")
    keys = [span.vkey for span in key_chain(store)]
    for _, note in store.notes("cosigned"):
        checkpoint, _ = open_checkpoint(note, origin_of(store), keys)
        check_extends(tree, head.size, checkpoint.size, checkpoint.root, "was cosigned")
        break  # the newest covers all before it; `fsck` checks every one
    return Recovered(head, _edge(store, head.size))


def catch_up_anchor(anchor: Anchor, head: Head) -> None:
    """Make a head that was found in order the published one."""
    held, new = anchor.read(), Published(head.size, head.root, head.note)
    if held != new:
        anchor.advance(held, new)


def tile_reader(store: LogReader, size: int) -> TileReader:
    """Read hashes from the tiles of a store.

    Raises HashMismatch, on use, for a tile that is missing or too short.
    """

    def fetch(level: int, n: int, width: int) -> bytes:
        data = store.tile(level, n)
        if data is None or len(data) < width * HASH_BYTES:
            raise HashMismatch(f"tile {level}/{n} is missing or too short", hint="Run `doseway log verify`.")
        return data[: width * HASH_BYTES]

    return TileReader(fetch, size)


def check_extends(tree: TileReader, size: int, old_size: int, old_root: bytes, what: str) -> None:
    """Check that a tree of `size` extends the one of a checkpoint.

    Raises:
        RolledBack: the tree is smaller.
        ForkedLog: the tree has another history.
    """
    if old_size > size:
        raise RolledBack(
            f"the log has {size} entries, and a checkpoint over {old_size} {what}",
            hint="An old copy of the log was put in place. Bring back the newest one; append nothing to this one.",
        )
    if merkle.root_of(old_size, tree) != old_root:
        raise ForkedLog(
            f"the first {old_size} entries of the log are not those under the checkpoint that {what}",
            hint="Two histories of this log exist, or it was rewritten. Keep both files; run `doseway log verify`.",
        )


def _check_is_unused(store: LogReader, published: Published | None) -> None:
    if published is not None and published.size > 0:
        raise RolledBack(
            f"the log is empty, and a checkpoint over {published.size} entries was published",
            hint="The log's file was deleted or replaced. Bring back the newest copy.",
        )
    if store.last_index() >= 0:
        raise IntegrityError("the log has entries and no head", hint="Run `doseway log verify`.")


def _check_head(store: LogReader, head: Head, tree: TileReader) -> None:
    last = store.last_index()
    if last >= head.size:
        raise IntegrityError(
            f"the store has an entry {last}, and the log ends before entry {head.size}",
            hint="It was inserted by something else than Doseway. Run `doseway log verify`.",
        )
    entry = store.entry(head.size - 1)
    if entry is None:
        raise RolledBack(f"entry {head.size - 1}, the newest, is missing", hint="Run `doseway log verify`.")
    if merkle.leaf_hash(entry) != tree(0, head.size - 1):
        raise HashMismatch(f"entry {head.size - 1} was altered", hint="Run `doseway log verify`.")
    if decode_fact(entry).at_ms != head.at_ms:
        raise IntegrityError("the head's time is not that of the newest entry", hint="Run `doseway log verify`.")
    if merkle.root_of(head.size, tree) != head.root:
        raise HashMismatch("the tiles do not lead to the log's root", hint="Run `doseway log verify`.")
    check_note(store, head)


def check_note(store: LogReader, head: Head | Published) -> None:
    """Check that a head's note is the checkpoint of its size and root, signed by the key in force at that size.

    Raises:
        SignatureInvalid: it is not signed by that key, or says something else.
    """
    checkpoint, _ = open_checkpoint(head.note, origin_of(store), [key_at(key_chain(store), head.size)])
    if (checkpoint.size, checkpoint.root) != (head.size, head.root):
        raise SignatureInvalid("the signed checkpoint is not the one of the log's head")


def _edge(store: LogReader, size: int) -> dict[int, bytes]:
    """Return the partial tile of each level, as the tree grows on from it."""
    edge: dict[int, bytes] = {}
    level = 0
    while size:
        width = size % FULL
        if width:
            edge[level] = (store.tile(level, size >> TILE_HEIGHT) or b"")[: width * HASH_BYTES]
        size >>= TILE_HEIGHT
        level += 1
    return edge
