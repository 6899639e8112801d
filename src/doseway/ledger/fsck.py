"""The full check of a log: everything is computed again from the raw entries, and what is wrong is named.

It trusts nothing that it reads: entries are hashed, every tile at every level compared, the root held against the
signed checkpoint, the keys followed from the first, and that history held against everything that was ever published
or cosigned. An attacker who rewrites all of that with the log's own key is noticed by what lies elsewhere: the anchor,
and the checkpoints that witnesses hold.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from doseway.ledger.findings import FindingKind, Findings, FsckReport
from doseway.ledger.fsck_records import check_blobs, check_facts, check_keys, check_tags
from doseway.ledger.fsck_scan import SPAN_ENTRIES, Scan, scan, scan_in_process
from doseway.ledger.fsck_tree import check_tree, rebuild, rebuilt_reader
from doseway.ledger.log import AnchorReader
from doseway.ledger.note import VerifierKey, parse_note
from doseway.ledger.ports import Head, LogReader, Published
from doseway.ledger.rotation import KeySpan, key_at, origin_of
from doseway.ledger.startup import tile_reader
from doseway.ledger.tiles import TileReader
from doseway.model.errors import DataError, HashMismatch, IntegrityError, SignatureInvalid

Progress = Callable[[int, int], None]
_LOWEST_INDEX: Final = -(1 << 63)


@dataclass(frozen=True, kw_only=True)
class Against:
    """What lies elsewhere and is held against the log.

    Attributes:
        anchor: the published head; None where the caller has none.
        witnessed: checkpoints of this log from its witnesses, or from earlier evidence.
        pinned: a key of the log that the caller trusts.
    """

    anchor: AnchorReader | None = None
    witnessed: tuple[bytes, ...] = ()
    pinned: VerifierKey | None = None


def check(
    store: LogReader,
    against: Against | None = None,
    *,
    progress: Progress | None = None,
    workers: int = 1,
    reopen: Callable[[], LogReader] | None = None,
) -> FsckReport:
    """Check a whole log, also beside the process that writes it.

    Args:
        store: the log.
        against: what it is held against.
        progress: is told how many entries of how many are read.
        workers: so many processes share the reading, each with the store that `reopen` opens; it must be picklable.
        reopen: see `workers`.

    Raises:
        Unavailable: the store does not answer.
        IntegrityError: the store's file is damaged so that it cannot be read.
    """
    findings, against = Findings(), against or Against()
    head = store.head()
    if head is None:
        _check_empty(store, against, findings)
        return FsckReport(0, tuple(findings.listed), findings.count)
    found = Scan()
    for start, part in _scans(store, head.size, workers, reopen):
        found.extend(part, start)
        if progress is not None:
            progress(min(start + SPAN_ENTRIES, head.size), head.size)
    chain = check_keys(store, found, against.pinned, findings)
    signed_root = _check_head(store, head, chain, findings)
    tree = rebuild(store, head.size, found)
    check_tree(store, found, tree, signed_root, findings)
    _check_ends(store, head, findings)
    if not findings.names_entries and found.last_at_ms is not None and found.last_at_ms != head.at_ms:
        findings.add(FindingKind.HEAD_ALTERED, "the head's time is not that of the newest entry", index=head.size - 1)
    stored = tile_reader(store, head.size)
    reader = stored if _root(stored, head.size) == signed_root else rebuilt_reader(store, tree)
    _check_published(store, head, reader, chain, against, findings)
    check_facts(found, findings)
    check_blobs(store, found, findings)
    if not findings.names_entries:
        # Of entries that are not the right ones, every index would be wrong too, and hide what matters.
        check_tags(store, head.size, found, findings)
    return FsckReport(head.size, tuple(findings.listed), findings.count)


def _scans(
    store: LogReader, size: int, workers: int, reopen: Callable[[], LogReader] | None
) -> Iterator[tuple[int, Scan]]:
    starts = range(0, size, SPAN_ENTRIES)
    if workers <= 1 or reopen is None or len(starts) <= 1:
        yield from ((start, scan(store, start, min(start + SPAN_ENTRIES, size))) for start in starts)
        return
    with ProcessPoolExecutor(min(workers, len(starts)), mp_context=get_context("spawn")) as pool:
        ends = [min(start + SPAN_ENTRIES, size) for start in starts]
        yield from zip(starts, pool.map(scan_in_process, [reopen] * len(starts), starts, ends), strict=True)


def _check_empty(store: LogReader, against: Against, findings: Findings) -> None:
    """A store without a head must be one that was never used."""
    if store.last_index() >= 0:
        findings.add(FindingKind.HEAD_ALTERED, "the log has entries and no head", index=0)
    published = _anchored(against, findings)
    largest = max([published.size if published else 0, *(_claimed(note).size for note in against.witnessed)])
    if largest:
        findings.add(
            FindingKind.ROLLED_BACK, f"the log is empty, and a checkpoint over {largest} entries was published"
        )


def _check_head(store: LogReader, head: Head, chain: list[KeySpan], findings: Findings) -> bytes:
    """Check the head's note; returns the root that was signed, or that of the head where the note says nothing."""
    try:
        checkpoint = parse_checkpoint(parse_note(head.note).text)
        if chain:
            open_checkpoint(head.note, origin_of(store), [key_at(chain, head.size)])
    except (DataError, SignatureInvalid) as error:
        findings.add(FindingKind.SIGNATURE_INVALID, f"the checkpoint is not signed by the log's key: {error}")
        return head.root
    if (checkpoint.size, checkpoint.root) == (head.size, head.root):
        return head.root
    findings.add(
        FindingKind.HEAD_ALTERED,
        f"the head says {head.size} entries, and the signed checkpoint {checkpoint.size}"
        if checkpoint.size != head.size
        else "the head's root is not the one in the signed checkpoint",
    )
    return checkpoint.root if checkpoint.size == head.size else head.root


def _check_ends(store: LogReader, head: Head, findings: Findings) -> None:
    """Report entries before the first, and beyond the head unless a writer is at work and the head has moved on."""
    for index, _ in store.page(_LOWEST_INDEX, 0):
        findings.add(FindingKind.INSERTED, f"entry {index} was put before the beginning of the log", index=index)
    last, now = store.last_index(), store.head()
    end = max(head.size, now.size if now is not None else 0)
    if last >= end and not any(found.kind == FindingKind.INSERTED for found in findings.listed):
        findings.add(FindingKind.INSERTED, f"entry {end} was put behind the end of the log", index=end)


def _check_published(
    store: LogReader,
    head: Head,
    reader: TileReader,
    chain: list[KeySpan],
    against: Against,
    findings: Findings,
) -> None:
    """Hold the history against everything that was ever published or cosigned about it."""
    published = _anchored(against, findings)
    if published is None and against.anchor is not None and findings.count == 0:
        findings.add(FindingKind.ANCHOR_MISSING, "the anchor is missing: a rollback could not be noticed")
    if published is not None and published.size > head.size:
        findings.add(
            FindingKind.ROLLED_BACK,
            f"the log has {head.size} entries, and a checkpoint over {published.size} was published: "
            "an old copy was put in place",
            index=head.size,
        )
    elif published is not None and _root(reader, published.size) != published.root:
        findings.add(
            FindingKind.FORKED,
            f"another history was published: the checkpoint over {published.size} entries has another root",
            index=published.size - 1,
        )
    keys = [span.vkey for span in chain]
    notes = [*(note for _, note in store.notes("cosigned")), *against.witnessed]
    _check_witnessed(store, head, reader, keys, notes, findings)


def _check_witnessed(
    store: LogReader,
    head: Head,
    reader: TileReader,
    keys: list[VerifierKey],
    notes: Iterable[bytes],
    findings: Findings,
) -> None:
    """Check cosigned checkpoints; the largest that fits and the smallest that does not enclose what was rewritten."""
    fitting, contradicting = 0, 0
    for note in notes:
        try:
            origin = origin_of(store) if keys else _claimed(note).origin
            checkpoint = open_checkpoint(note, origin, keys)[0] if keys else _claimed(note)
        except (DataError, IntegrityError) as error:
            findings.add(FindingKind.SIGNATURE_INVALID, f"a cosigned checkpoint is not of this log: {error}")
            continue
        if checkpoint.size > head.size:
            findings.add(
                FindingKind.ROLLED_BACK,
                f"the log has {head.size} entries, and witnesses cosigned {checkpoint.size}",
                index=head.size,
            )
        elif _root(reader, checkpoint.size) == checkpoint.root:
            fitting = max(fitting, checkpoint.size)
        else:
            contradicting = min(contradicting or checkpoint.size, checkpoint.size)
    if contradicting:
        findings.add(
            FindingKind.RE_SIGNED,
            f"the log's own key signed another history than the one that witnesses cosigned over {contradicting} "
            f"entries: something from entry {fitting} to {contradicting - 1} was rewritten",
            index=fitting,
        )


def _anchored(against: Against, findings: Findings) -> Published | None:
    try:
        published = against.anchor.read() if against.anchor is not None else None
    except IntegrityError as error:
        findings.add(FindingKind.ANCHOR_MISSING, str(error))
        return None
    return published if published is not None and published.size else None


def _claimed(note: bytes) -> Checkpoint:
    return parse_checkpoint(parse_note(note).text)


def _root(reader: TileReader, size: int) -> bytes:
    """Return a root, or nothing that equals any where tiles are missing."""
    try:
        return merkle.root_of(size, reader)
    except HashMismatch:
        return b""
