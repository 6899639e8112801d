"""What goes into an evidence pack, as the application reads it from the log: plain data, no store behind it.

Packing has two steps, because the pack's own seal is a fact of the same log:

1. `pack.prepare(case)` renders the reports and hashes everything; its `digest` is what an `evidence.packed` fact
   carries as `pack_sha256`.
2. After that fact is appended and its checkpoint is cosigned, `pack.write(prepared, log, out)` writes the zip with the
   facts, their proofs and that checkpoint. Without the seal the pack still verifies, but with gaps: nothing then ties
   the human-readable reports to the log.
"""

from collections.abc import Callable
from typing import BinaryIO

import msgspec

from doseway.evidence.inspection import Inspection
from doseway.model.readings import Recording


class LoggedFact(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the log: its index and its exact bytes."""

    index: int
    entry: bytes


class ProvenFact(msgspec.Struct, frozen=True, kw_only=True):
    """A logged fact with its RFC 6962 inclusion path (32-byte hashes, leaf's sibling first) to one checkpoint."""

    fact: LoggedFact
    path: tuple[bytes, ...]


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """The raw bytes of a packet as they came in.

    Attributes:
        open: opens the bytes anew for reading; called once for hashing and once for writing.
        size_bytes: their number.
        salt: 32 bytes, the secret half of the commitment that is in the log.
    """

    open: Callable[[], BinaryIO]
    size_bytes: int
    salt: bytes


class JudgedAs(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement of a packet: the `judgement.made` fact, and the judgement that it names by hash, in context."""

    fact: LoggedFact
    inspection: Inspection


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """One received file with everything that the log knows of it.

    Attributes:
        received: the `packet.received` fact.
        others: its further facts without a field of their own: `packet.rejected`, `rule.failed`, `blob.erased`.
        decoded: the `packet.decoded` fact; None where the packet was rejected.
        recording: what was decoded; given exactly where `decoded` is.
        original: None where the bytes were erased.
        judged: in log order; may be empty.
    """

    received: LoggedFact
    decoded: LoggedFact | None = None
    recording: Recording | None = None
    original: Original | None = None
    judged: tuple[JudgedAs, ...] = ()
    others: tuple[LoggedFact, ...] = ()


class SeenCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The log's state as the reports print it: the checkpoint that covered the judgements.

    Attributes:
        origin, size, root_hex: the checkpoint.
        witnesses: the names of the witnesses whose cosignatures were verified, each with its time in Unix seconds.
        quorum: the policy's rule in words, such as `2 of 3 witnesses`.
    """

    origin: str
    size: int
    root_hex: str
    witnesses: tuple[tuple[str, int], ...] = ()
    quorum: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a pack tells about, before it is sealed in the log.

    Attributes:
        title: what the pack is about, for people: a shipment, a file name.
        packets: in order of their log index.
        documents: `document.put`, `log.created` and `log.key_rotated` facts that belong to the case.
        checkpoint: the checkpoint that the reports print; None in a case without a log (reports only).
        policy: the C2SP tlog-policy in force, as text; keys: file name under `keys/` to its content.
        software: name and version of what packs.
        made_at_ms: the time that the reports print; given, so that packing twice gives the same bytes.
    """

    title: str
    packets: tuple[Packet, ...]
    policy: str
    software: str
    made_at_ms: int
    checkpoint: SeenCheckpoint | None = None
    documents: tuple[LoggedFact, ...] = ()
    keys: dict[str, bytes] = {}


class LogExtract(msgspec.Struct, frozen=True, kw_only=True):
    """What proves the case: the cosigned checkpoint (a C2SP signed note) and every fact's inclusion under it.

    `facts` must cover every fact of the case; the `evidence.packed` fact that seals the pack is among them.
    """

    checkpoint: bytes
    facts: tuple[ProvenFact, ...]
