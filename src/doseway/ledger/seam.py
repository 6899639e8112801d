"""The seam for scale: what travels between admission and judgement, so that one machine and many run the same code.

A subject (a shipment, or a device that is with none) belongs to one of 64 partitions for good. What was admitted
travels in immutable chunks, each of one partition, numbered upwards within it. A worker takes a chunk, evaluates it by
a pure function that knows event time only (silence comes as events too), commits new state, effects and the chunk's
number as a whole, and only then acknowledges. So a chunk that is delivered again changes nothing, wherever the worker
was killed.

The embedded implementation is in `doseway.app.tower`; `tests/contracts/seam_suite.py` is what another has to pass.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

PARTITIONS: Final = 64
"""Fixed for the life of a log: a subject's partition never changes."""

EventT = TypeVar("EventT")
StateT = TypeVar("StateT")
EffectT = TypeVar("EffectT", contravariant=True)  # noqa: PLC0105 - named for what it is


def partition_of(subject: str) -> int:
    """Return the partition of a subject, from 0: stable over processes, machines and releases."""
    return int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big") % PARTITIONS


@dataclass(frozen=True)
class Chunk(Generic[EventT]):
    """The only unit that travels: events of one partition, in order.

    Attributes:
        seq: greater than that of the partition's chunk before; the same events have the same number, always.
    """

    partition: int
    seq: int
    events: tuple[EventT, ...]


class Transport(Protocol[EventT]):
    """Carries chunks from admission to the workers, at least once and in order."""

    def append(self, chunk: Chunk[EventT]) -> None:
        """Take a chunk; it is durable on return. One whose number is not above the newest is a repetition: left out."""

    def read(self, partition: int, after: int) -> Chunk[EventT] | None:
        """Return the first chunk with a number above `after`; None while there is none."""

    def ack(self, partition: int, seq: int) -> None:
        """Forget the chunks up to a number."""


class Commit(Protocol[StateT, EffectT]):
    """Keeps what follows from chunks."""

    def load(self, partition: int) -> tuple[int, StateT]:
        """Return the number of the newest chunk that was committed, -1 before the first, and the state after it."""

    def commit(self, seqs: Mapping[int, int], states: Mapping[int, StateT], effects: Sequence[EffectT]) -> None:
        """Make effects, states and the numbers of the chunks durable, as a whole or not at all.

        Effects that were committed before are left out: each has an identity.
        """


Evaluate = Callable[[Mapping[int, StateT], Sequence[Chunk[EventT]]], tuple[dict[int, StateT], Sequence[EffectT]]]
"""Pure: the states of some partitions and one chunk for each of them, to the states after and the effects.

Evaluating several partitions together gives what evaluating them one by one gives; it is only faster.
"""


def step(
    partitions: Iterable[int],
    transport: Transport[EventT],
    keeper: Commit[StateT, EffectT],
    evaluate: Evaluate[StateT, EventT, EffectT],
) -> int:
    """Take the next chunk of each partition through evaluation and commit; return how many there were."""
    states: dict[int, StateT] = {}
    chunks: list[Chunk[EventT]] = []
    for partition in partitions:
        seq, state = keeper.load(partition)
        chunk = transport.read(partition, seq)
        if chunk is not None:
            states[partition] = state
            chunks.append(chunk)
    if not chunks:
        return 0
    after, effects = evaluate(states, chunks)
    keeper.commit({chunk.partition: chunk.seq for chunk in chunks}, after, effects)
    for chunk in chunks:
        transport.ack(chunk.partition, chunk.seq)
    return len(chunks)
