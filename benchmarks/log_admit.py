"""The smallest real `AdmitLot`: bytes into a log through its sequencer, once for equal bytes."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from doseway.app.logbook import SystemClock
from doseway.engines.anchor_file import FileAnchor
from doseway.engines.sqlite import SqliteStore
from doseway.intake.door import Admitted, Incoming, Outcome
from doseway.ledger.drafts import Draft, Receipt, StagedBlob
from doseway.ledger.keys import SigningKey
from doseway.ledger.note import NoteSigner
from doseway.ledger.pool import PoolSettings
from doseway.ledger.sequencer import Sequencer, open_sequencer
from doseway.model.facts import PacketReceived
from doseway.model.ids import content_id


def open_log(folder: Path, settings: PoolSettings | None = None) -> Sequencer:
    """Open the log in a folder, or make it, with a key that is the same each time."""
    signer = NoteSigner("bench.example/log", SigningKey.from_seed(bytes(32)))
    store, anchor = SqliteStore(folder / "log.sqlite"), FileAnchor(folder / "log.anchor")
    return open_sequencer(store, anchor, signer, SystemClock(), settings=settings)


class LogAdmit:
    """Admits into a log; decodes nothing."""

    def __init__(self, sequencer: Sequencer) -> None:
        self._sequencer = sequencer

    def __call__(self, lot: Sequence[Incoming], /) -> Future[list[Outcome]]:
        """Take in bytes; the future is done when they are durable."""
        blobs = self._sequencer.stage_all([one.body for one in lot])
        settled: Future[list[Outcome]] = Future()

        def settle(receipts: Future[list[Receipt]]) -> None:
            if not settled.set_running_or_notify_cancel():
                return
            error = receipts.exception()
            if error is not None:
                settled.set_exception(error)
                return
            settled.set_result(
                [Admitted(packet=r.index, is_duplicate=r.is_duplicate, readings=1) for r in receipts.result()]
            )

        self._sequencer.submit([_draft(one, blob) for one, blob in zip(lot, blobs, strict=True)]).add_done_callback(
            settle
        )
        return settled


def _draft(incoming: Incoming, blob: StagedBlob) -> Draft:
    body = PacketReceived(
        door=incoming.door, name=incoming.name, size_bytes=blob.size, commitment=blob.commitment.hex()
    )
    identity = content_id("packet", incoming.format.encode(), blob.sha256)
    return Draft(body=body, by=incoming.by, content_id=identity, blob=blob)
