"""Admission: bytes in, durable, and only then a receipt.

One thread decodes what waits and hands it to the sequencer, whose commits take in what gathered meanwhile. The outcome
of decoding is a function of bytes and options, so its own fact may follow; the bytes must not be lost, and they are
durable before anybody hears of them.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Final, NamedTuple

import msgspec

from doseway.app.tower.decoding import Decoded, Decoders
from doseway.intake.door import Admitted, Incoming, Outcome
from doseway.ledger.drafts import Draft, Receipt, StagedBlob, unstamped
from doseway.ledger.sequencer import Sequencer
from doseway.model.errors import DataError, DosewayError, Pushback, Unavailable, UsageError
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
    """A lot; what is refused of it at the door has its outcome already."""

    incoming: Sequence[Incoming]
    outcomes: list[Outcome | None]
    settled: Future[list[Outcome]]

    @property
    def size_bytes(self) -> int:
        return sum(len(one.body) for one in self.incoming)


class _Drafted(NamedTuple):
    """One message on its way into the log, and where its outcome goes."""

    waiting: _Waiting
    place: int
    decoded: Decoded
    draft: Draft


class Admission:
    """The tower's `Admit`; `lot` is its `AdmitLot`. Thread-safe.

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
        self._waiting: deque[_Waiting] = deque()
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
        refusal = self._refusal(incoming)
        if refusal is not None:
            raise refusal
        admitted: Future[Admitted] = Future()

        def settle(lot: Future[list[Outcome]]) -> None:
            if not admitted.set_running_or_notify_cancel():
                return
            outcome = lot.exception() or lot.result()[0]
            if isinstance(outcome, Admitted):
                admitted.set_result(outcome)
            else:
                admitted.set_exception(outcome)

        self.lot([incoming]).add_done_callback(settle)
        return admitted

    def lot(self, lot: Sequence[Incoming]) -> Future[list[Outcome]]:
        """Take in what arrived together; see `doseway.intake.door.AdmitLot`.

        Raises:
            Pushback: too much is waiting. Nothing was taken.
            Unavailable: the tower is closed, or the log cannot be written now. Nothing was taken.
        """
        self._sequencer.check_usable()
        waiting = _Waiting(lot, [self._refusal(one) for one in lot], Future())
        with self._changed:
            if self._is_closed:
                raise Unavailable("the tower is closed")
            packets, size = self._packets + len(lot), self._bytes + waiting.size_bytes
            if self._packets and (packets > self._settings.max_packets or size > self._settings.max_bytes):
                raise Pushback(f"{self._packets} packets are waiting to be written", hint="Send it again in a second.")
            self._packets, self._bytes = packets, size
            self._waiting.append(waiting)
            self._changed.notify()
        return waiting.settled

    def close(self) -> None:
        """Hand over what is waiting, then stop; the sequencer still writes it. May be called twice."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _refusal(self, incoming: Incoming) -> DosewayError | None:
        try:
            self._decoders.check(incoming.format)
        except UsageError as error:
            return error
        if max(len(incoming.name), len(incoming.by), len(incoming.door)) > _LONGEST_NAME:
            return DataError(f"a packet's name, sender and door have at most {_LONGEST_NAME} characters")
        return None

    def _run(self) -> None:
        while lots := self._next():
            try:
                self._submit(lots)
            except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
                self._fail(lots, error)

    def _next(self) -> list[_Waiting]:
        """Wait for lots, and return those that came by now, about a batch of messages."""
        with self._changed:
            while not self._waiting and not self._is_closed:
                self._changed.wait()
            lots: list[_Waiting] = []
            packets = 0
            while self._waiting and packets < _BATCH:
                lots.append(self._waiting.popleft())
                packets += len(lots[-1].incoming)
            return lots

    def _submit(self, lots: Sequence[_Waiting]) -> None:
        places = [
            (waiting, place) for waiting in lots for place, outcome in enumerate(waiting.outcomes) if outcome is None
        ]
        blobs = self._sequencer.stage_all([waiting.incoming[place].body for waiting, place in places])
        drafted = [self._drafted(*at, blob) for at, blob in zip(places, blobs, strict=True)]
        for one in drafted:  # before anybody can read it in the log
            self._handover.put(_commitment(one.draft), one.decoded)
        try:
            receipts, sent = self._sent(drafted)
        except BaseException:
            self._take_back(drafted)
            raise

        def settle(receipts: Future[list[Receipt]]) -> None:
            error = receipts.exception()
            if error is None:
                self._settle(lots, sent, receipts.result())
            else:
                self._take_back(sent)
                self._fail(lots, error)

        receipts.add_done_callback(settle)

    def _take_back(self, drafted: Iterable[_Drafted]) -> None:
        for one in drafted:
            self._handover.take(_commitment(one.draft))

    def _sent(self, drafted: list[_Drafted]) -> tuple[Future[list[Receipt]], list[_Drafted]]:
        """Submit drafts as one request; those that no entry can hold are refused, and the others go without them."""
        try:
            return self._sequencer.submit([one.draft for one in drafted]), drafted
        except (DataError, ValueError):  # ValueError: text that is no Unicode
            fitting = [one for one in drafted if not _refused(one)]
            if len(fitting) == len(drafted):
                raise
            self._take_back(one for one in drafted if one.waiting.outcomes[one.place] is not None)
            return self._sequencer.submit([one.draft for one in fitting]), fitting

    def _drafted(self, waiting: _Waiting, place: int, blob: StagedBlob) -> _Drafted:
        incoming = waiting.incoming[place]
        decoded = self._decode(incoming)
        return _Drafted(waiting, place, decoded, _draft(incoming, decoded, blob))

    def _decode(self, incoming: Incoming) -> Decoded:
        return self._decoders.decode(
            incoming.format, incoming.body, name=incoming.name, received_at_ms=incoming.received_at_ms
        )

    def _settle(self, lots: Sequence[_Waiting], drafted: Sequence[_Drafted], receipts: Sequence[Receipt]) -> None:
        self._release(lots)
        for one, receipt in zip(drafted, receipts, strict=True):
            if receipt.is_duplicate:
                self._handover.take(_commitment(one.draft))
            one.waiting.outcomes[one.place] = Admitted(
                packet=receipt.index,
                is_duplicate=receipt.is_duplicate,
                readings=one.decoded.observations,
                error=str(one.decoded.error or ""),
            )
        for waiting in lots:
            if waiting.settled.set_running_or_notify_cancel():
                waiting.settled.set_result([outcome for outcome in waiting.outcomes if outcome is not None])
        self._on_commit()

    def _fail(self, lots: Sequence[_Waiting], error: BaseException) -> None:
        self._release(lots)
        for waiting in lots:
            if waiting.settled.set_running_or_notify_cancel():
                waiting.settled.set_exception(error)

    def _release(self, lots: Sequence[_Waiting]) -> None:
        with self._changed:
            for waiting in lots:
                self._packets -= len(waiting.incoming)
                self._bytes -= waiting.size_bytes


def _draft(incoming: Incoming, decoded: Decoded, blob: StagedBlob) -> Draft:
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


def _refused(one: _Drafted) -> bool:
    """Tell whether no entry can hold a draft, and note why as its outcome."""
    try:
        unstamped(one.draft)
    except (DataError, ValueError) as error:
        why = error if isinstance(error, DataError) else DataError(f"it cannot be written down: {error}")
        one.waiting.outcomes[one.place] = why
        return True
    return False


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
