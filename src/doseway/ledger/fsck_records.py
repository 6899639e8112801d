"""What the entries say against what the store keeps beside them: keys, times, raw bytes, and the index of tags."""

from doseway.ledger.blobs import check_blob
from doseway.ledger.findings import FindingKind, Findings
from doseway.ledger.fsck_scan import Scan
from doseway.ledger.note import VerifierKey
from doseway.ledger.ports import LogReader
from doseway.ledger.rotation import KeySpan, key_chain
from doseway.model.errors import DosewayError
from doseway.model.facts import decode_fact


def check_facts(scan: Scan, findings: Findings) -> None:
    """Report what no sequencer writes: entries that are no facts, and recorded times that decrease."""
    for index in scan.not_facts.first:
        findings.add(FindingKind.NOT_A_FACT, f"entry {index} is not a fact", index=index)
    for index in scan.decreasing.first:
        findings.add(
            FindingKind.TIME_DECREASED, f"entry {index} was recorded before the entry that precedes it", index=index
        )


def check_keys(store: LogReader, scan: Scan, pinned: VerifierKey | None, findings: Findings) -> list[KeySpan]:
    """Check that each key was handed over by the one before; returns the chain, empty where it is broken."""
    try:
        chain = key_chain(store)
    except DosewayError as error:
        findings.add(FindingKind.KEY_CHAIN_BROKEN, f"the log's keys do not follow from one another: {error}")
        return []
    said, kept = list(scan.keys), [span.first_index for span in chain]
    if said != kept:
        odd = sorted(set(said) ^ set(kept))
        findings.add(
            FindingKind.KEY_CHAIN_BROKEN,
            f"entry {odd[0]} is about the log's key and has no checkpoint of both keys" if odd else "keys are repeated",
            index=odd[0] if odd else None,
        )
    if pinned is not None and pinned not in [span.vkey for span in chain]:
        findings.add(FindingKind.KEY_CHAIN_BROKEN, f"the log was never signed by the key that you trust, {pinned}")
    return chain


def check_blobs(store: LogReader, scan: Scan, findings: Findings) -> None:
    """Check raw bytes against the commitments in their facts; what a fact says was erased must be gone."""
    packets, erased = set(scan.packets), set(scan.erased)
    present: set[int] = set()
    for index in store.blob_indexes():
        present.add(index)
        if index in erased:
            findings.add(
                FindingKind.BLOB_UNEXPECTED, f"the raw bytes of entry {index} were erased and are there", index=index
            )
        elif index in packets:
            _check_blob(store, index, findings)
        else:
            findings.add(FindingKind.BLOB_UNEXPECTED, f"entry {index} has raw bytes and commits to none", index=index)
    for index in sorted(packets - erased - present):
        findings.add(
            FindingKind.BLOB_MISSING,
            f"the raw bytes of entry {index} are missing, and no fact erased them",
            index=index,
        )


def _check_blob(store: LogReader, index: int, findings: Findings) -> None:
    try:
        committed = getattr(decode_fact(store.entry(index) or b"").content(), "commitment", "")
        check_blob(store, index, committed)
    except DosewayError:
        findings.add(
            FindingKind.BLOB_ALTERED, f"the raw bytes of entry {index} are not those that it commits to", index=index
        )


def check_tags(store: LogReader, size: int, scan: Scan, findings: Findings) -> None:
    """Check the newest index of each tag."""
    stored, through = dict(store.tags()), store.tags_through()
    for tag in sorted(scan.tags.keys() | stored.keys()):
        said, kept = scan.tags.get(tag), stored.get(tag)
        if said == kept or (said is not None and said >= through) or (kept is not None and kept >= size):
            continue  # the store does not know the newest tags yet; a writer at work beside us adds others
        findings.add(
            FindingKind.INDEX_WRONG,
            f"the newest entry about {tag} is {said}, and the index says {kept}",
            index=said if said is not None else kept,
            severity="repairable",
        )
