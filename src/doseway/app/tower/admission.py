"""Admission: bytes in, durable, and only then a receipt.

One thread decodes what waits and hands it to the sequencer, whose commits take in what gathered meanwhile. The outcome
of decoding is a function of bytes and options, so its own fact may follow; the bytes must not be lost, and they are
durable before anybody hears of them.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, NamedTuple

import msgspec

from doseway.app.tower.decoding import Decoded, Decoders
from doseway.intake.door import Admitted, Incoming
from doseway.ledger.drafts import Draft, Receipt
from doseway.ledger.sequencer import Sequencer
from doseway.model.errors import DataError, Pushback, Unavailable
from doseway.model.facts import PacketReceived
from doseway.model.ids import ContentId, content_id

_BATCH: Final = 500
_LONGEST_NAME: Final = 1_000
_MOST_HANDED_OVER: Final = 20_000


class AdmissionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much may wait for the disk; beyond it senders are told to come back."""

    max_packets: int = 10_000
    max_bytes: int = 256 << 20


class Handover:
    """What was decoded at the door, for the one who evaluates it, so that it is decoded once; bounded, and no promise.

    Thread-safe. The key is the commitment of the bytes, which is known before the commit.
    """

    def __init__(self) -> None:
        self._decoded: dict[str, Decoded] = {}

    def put(self, commitment: str, decoded: Decoded) -> None:
        """Keep one, unless there are too many: then it is decoded again from the log."""
        if len(self._decoded) < _MOST_HANDED_OVER:
            self._decoded[commitment] = decoded

    def take(self, commitment: str) -> Decoded | None:
        """Return one and forget it."""
        return self._decoded.pop(commitment, None)


class _Waiting(NamedTuple):
    incoming: Incoming
    admitted: Future[Admitted]


class Admission:
    """The tower's `Admit`. Thread-safe.

    Args:
        sequencer: of the log.
        decoders: what can be decoded.
        handover: where decoded packets go.
        settings: how much may wait.
        on_commit: called after each commit, in a thread of the log.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        decoders: Decoders,
        handover: Handover,
        settings: AdmissionSettings,
        on_commit: Callable[[], None],
    ) -> None:
        self._sequencer = sequencer
        self._decoders = decoders
        self._handover = handover
        self._settings = settings
        self._on_commit = on_commit
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._packets = 0
        self._bytes = 0
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="doseway-admission", daemon=True)
        self._thread.start()

    def __call__(self, incoming: Incoming) -> Future[Admitted]:
        """Take in bytes; see `doseway.intake.door.Admit`.

        Raises:
            Pushback: too much is waiting. Nothing was taken.
            Unavailable: the tower is closed. Nothing was taken.
            UsageError: there is no such format. DataError: name or sender are too long.
        """
        self._decoders.check(incoming.format)
        if max(len(incoming.name), len(incoming.by), len(incoming.door)) > _LONGEST_NAME:
            raise DataError(f"a packet's name, sender and door have at most {_LONGEST_NAME} characters")
        admitted: Future[Admitted] = Future()
        with self._changed:
            if self._is_closed:
                raise Unavailable("the tower is closed")
            size = self._bytes + len(incoming.body)
            is_full = self._packets >= self._settings.max_packets or size > self._settings.max_bytes
            if self._packets and is_full:
                raise Pushback(f"{self._packets} packets are waiting to be written", hint="Send it again in a second.")
            self._packets, self._bytes = self._packets + 1, size
            self._waiting.append(_Waiting(incoming, admitted))
            self._changed.notify()
        return admitted

    def close(self) -> None:
        """Hand over what is waiting, then stop; the sequencer still writes it. May be called twice."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._submit(batch)
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
                self._fail(batch, error)

    def _next(self) -> list[_Waiting]:
        with self._changed:
            while not self._waiting and not self._is_closed:
                self._changed.wait()
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            return batch

    def _submit(self, batch: Sequence[_Waiting]) -> None:
        decoded = [self._decode(one.incoming) for one in batch]
        drafts = [self._draft(one.incoming, what) for one, what in zip(batch, decoded, strict=True)]
        for draft, what in zip(drafts, decoded, strict=True):
            self._handover.put(_commitment(draft), what)

        def settle(receipts: Future[list[Receipt]]) -> None:
            error = receipts.exception()
            if error is not None:
                self._fail(batch, error)
            else:
                self._settle(batch, decoded, drafts, receipts.result())

        try:
            receipts = self._sequencer.submit(drafts)
        except BaseException:
            for draft in drafts:
                self._handover.take(_commitment(draft))
            raise
        receipts.add_done_callback(settle)

    def _decode(self, incoming: Incoming) -> Decoded:
        return self._decoders.decode(
            incoming.format, incoming.body, name=incoming.name, received_at_ms=incoming.received_at_ms
        )

    def _draft(self, incoming: Incoming, decoded: Decoded) -> Draft:
        blob = self._sequencer.stage(incoming.body)
        body = PacketReceived(
            door=incoming.door,
            name=incoming.name,
            size_bytes=blob.size,
            commitment=blob.commitment.hex(),
            format=incoming.format,
            received_at_ms=incoming.received_at_ms if incoming.format else None,
        )
        tags = (f"door:{incoming.door}", *sorted({f"device:{one.device.serial}" for one in decoded.recordings})[:50])
        identity = identity_of(incoming, blob.sha256, decoded)
        return Draft(body=body, by=incoming.by, tags=tags, content_id=identity, blob=blob)

    def _settle(
        self,
        batch: Sequence[_Waiting],
        decoded: Sequence[Decoded],
        drafts: Sequence[Draft],
        receipts: Sequence[Receipt],
    ) -> None:
        self._release(batch)
        for one, what, draft, receipt in zip(batch, decoded, drafts, receipts, strict=True):
            if receipt.is_duplicate:
                self._handover.take(_commitment(draft))
            admitted = Admitted(
                packet=receipt.index,
                is_duplicate=receipt.is_duplicate,
                readings=what.observations,
                error=str(what.error or ""),
            )
            if one.admitted.set_running_or_notify_cancel():
                one.admitted.set_result(admitted)
        self._on_commit()

    def _fail(self, batch: Sequence[_Waiting], error: BaseException) -> None:
        self._release(batch)
        for one in batch:
            if one.admitted.set_running_or_notify_cancel():
                one.admitted.set_exception(error)

    def _release(self, batch: Sequence[_Waiting]) -> None:
        with self._changed:
            self._packets -= len(batch)
            self._bytes -= sum(len(one.incoming.body) for one in batch)


def identity_of(incoming: Incoming, sha256: bytes, decoded: Decoded) -> ContentId:
    """Return what makes a packet the same as one before.

    A logger file is the same by whichever way it comes in. A message is the same in the same format; where it carries
    no time of its own, its arrival belongs to it.
    """
    if not incoming.format:
        return content_id("packet", sha256)
    arrival = str(incoming.received_at_ms).encode() if decoded.rests_on_arrival else b""
    return content_id("message", incoming.format.encode(), sha256, arrival)


def _commitment(draft: Draft) -> str:
    assert draft.blob is not None
    return draft.blob.commitment.hex()
