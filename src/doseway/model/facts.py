"""The closed list of facts. A type is `noun.past_participle`; its body is additive-only, versioned by `v`.

What arrives or is decided is one fact, appended to the log as its canonical JSON; everything else is a fold over
facts. No fact holds personal data: raw bytes are referenced by a salted `commitment`.
"""

from typing import Any, ClassVar, Literal

import msgspec

from doseway.model.canonical import encode
from doseway.model.errors import DataError
from doseway.model.fact_body import Body as Body  # noqa: PLC0414  # told on: it was always found here
from doseway.model.findings import Finding
from doseway.model.plan_facts import NetworkPut, PlanAnswered


class LogCreated(Body, frozen=True, kw_only=True):
    """A log began: its origin line and the key that signs it (C2SP vkey)."""

    TYPE: ClassVar[str] = "log.created"
    origin: str
    vkey: str


class LogKeyRotated(Body, frozen=True, kw_only=True):
    """The log signs with a new key from here on; the checkpoint that first covers this fact carries both signatures."""

    TYPE: ClassVar[str] = "log.key_rotated"
    old_vkey: str
    new_vkey: str
    reason: str


class ClockSteppedBack(Body, frozen=True, kw_only=True):
    """The system clock went back; recorded times stay at the later value until it has caught up."""

    TYPE: ClassVar[str] = "clock.stepped_back"
    by_ms: int


class PacketReceived(Body, frozen=True, kw_only=True):
    """Bytes came in by a door. The bytes are kept as a blob under `commitment`.

    `format` and `received_at_ms` are of a live message: all that its decoder is told beside the bytes, so that reading
    it again gives the same. They are empty for a logger's file, whose format is detected.
    """

    TYPE: ClassVar[str] = "packet.received"
    door: str
    name: str
    size_bytes: int
    commitment: str
    format: str = ""
    received_at_ms: int | None = None


class PacketDecoded(Body, frozen=True, kw_only=True):
    """A packet was read.

    `readings_sha256` is over the canonical readings CSV (see `doseway.evidence`). `options` is what the decoder was
    told beside the bytes (zone, columns, pinned issuers), so that reading it again gives the same.
    """

    TYPE: ClassVar[str] = "packet.decoded"
    packet: int
    format: str
    format_version: int
    signature: str
    device_model: str
    device_serial: str
    zone: str
    readings: int
    first_at_ms: int | None
    last_at_ms: int | None
    readings_sha256: str
    options: dict[str, Any] = {}  # noqa: RUF012  # msgspec copies it


class PacketRejected(Body, frozen=True, kw_only=True):
    """A packet could not be read: what, where, and what to do. Its bytes are kept."""

    TYPE: ClassVar[str] = "packet.rejected"
    packet: int
    code: str
    what: str
    where: str
    hint: str


class DocumentPut(Body, frozen=True, kw_only=True):
    """A whole document (a profile, later a lane or a product) in its new version; `replaces` is the old version."""

    TYPE: ClassVar[str] = "document.put"
    kind: str
    id: str
    version: int
    replaces: int
    document: dict[str, Any]


class JudgementMade(Body, frozen=True, kw_only=True):
    """A recording was judged against limits; `limits` is the snapshot in force.

    The judgement itself can be larger than an entry (65,535 bytes), so its canonical JSON is kept as this fact's blob
    under `commitment`, and named by `judgement_sha256`, which a holder of the JSON can check without the salt.
    """

    TYPE: ClassVar[str] = "judgement.made"
    packet: int
    profile_id: str
    verdict: str
    limits: dict[str, Any]
    judgement_sha256: str
    commitment: str


class RuleFailed(Body, frozen=True, kw_only=True):
    """A rule crashed: the judgement that it belongs to is undecided.

    `packet` is the file that was judged, or the newest fact that the judgement of `shipment` rests on.
    """

    TYPE: ClassVar[str] = "rule.failed"
    packet: int
    rule: str
    error: str
    shipment: str = ""


class EvidencePacked(Body, frozen=True, kw_only=True):
    """An evidence pack was sealed; `pack_sha256` is the `contents_sha256` of its manifest."""

    TYPE: ClassVar[str] = "evidence.packed"
    packets: tuple[int, ...]
    checkpoint_size: int
    pack_sha256: str


class BlobErased(Body, frozen=True, kw_only=True):
    """Raw bytes and their salt were erased on request; the commitment stays."""

    TYPE: ClassVar[str] = "blob.erased"
    packet: int
    commitment: str
    reason: str


class AssociationRecorded(Body, frozen=True, kw_only=True):
    """A device was put to a shipment or taken from it: an EPCIS 2.0 AssociationEvent.

    `parent` is the shipment, `child` the device; `event_time_ms` is when it happened, not when it was told.
    """

    TYPE: ClassVar[str] = "association.recorded"
    action: Literal["ADD", "DELETE"]
    parent: str
    child: str
    event_time_ms: int
    event_time_zone_offset: str = "+00:00"


class MilestoneReported(Body, frozen=True, kw_only=True):
    """A person or a partner's system says what happened to a shipment; `event_time_ms` is when it did."""

    TYPE: ClassVar[str] = "milestone.reported"
    shipment: str
    milestone: Literal["departed", "arrived", "delivered", "closed"]
    event_time_ms: int


class AlertOpened(Body, frozen=True, kw_only=True):
    """A rule found something on a shipment.

    `alert` is derived from rule, version, shipment and window, so that a replay repeats nothing. `limits` is the
    snapshot of the rule's parameters in force; `because` says what led to it (`new-reading`, `late-data`, …).
    """

    TYPE: ClassVar[str] = "alert.opened"
    alert: str
    shipment: str
    finding: Finding
    limits: dict[str, Any]
    because: str


class AlertExtended(Body, frozen=True, kw_only=True):
    """An alert covers more than was said before: `finding` is the whole of it now."""

    TYPE: ClassVar[str] = "alert.extended"
    alert: str
    shipment: str
    finding: Finding
    because: str


class AlertShortened(Body, frozen=True, kw_only=True):
    """An alert covers less than was said before: `finding` is the whole of it now."""

    TYPE: ClassVar[str] = "alert.shortened"
    alert: str
    shipment: str
    finding: Finding
    because: str


class AlertRetracted(Body, frozen=True, kw_only=True):
    """What was alerted is not so: data that came late took the finding away."""

    TYPE: ClassVar[str] = "alert.retracted"
    alert: str
    shipment: str
    because: str


class AlertClosed(Body, frozen=True, kw_only=True):
    """What was alerted is over: `finding` has an end."""

    TYPE: ClassVar[str] = "alert.closed"
    alert: str
    shipment: str
    finding: Finding


class AlertAcknowledged(Body, frozen=True, kw_only=True):
    """Somebody has seen an alert and says what is done about it; `comment` is never empty."""

    TYPE: ClassVar[str] = "alert.acknowledged"
    alert: str
    shipment: str
    comment: str


class AlertSnoozed(Body, frozen=True, kw_only=True):
    """Somebody silenced an alert's notices until an instant; it stays open."""

    TYPE: ClassVar[str] = "alert.snoozed"
    alert: str
    shipment: str
    until_ms: int
    comment: str


class AlertEscalated(Body, frozen=True, kw_only=True):
    """Nobody acknowledged an alert in time: the next level is told."""

    TYPE: ClassVar[str] = "alert.escalated"
    alert: str
    shipment: str
    level: int


class DispositionDecided(Body, frozen=True, kw_only=True):
    """A qualified person decided on a shipment; never the software. `units` are the SSCCs of a partial decision."""

    TYPE: ClassVar[str] = "disposition.decided"
    shipment: str
    disposition: Literal["quarantine", "release", "reject", "partial"]
    reason: str
    units: tuple[str, ...] = ()


class NotificationDelivered(Body, frozen=True, kw_only=True):
    """A notice about an alert left by a channel; `recipient_commitment` names the recipient without revealing it."""

    TYPE: ClassVar[str] = "notification.delivered"
    alert: str
    revision: str
    channel: str
    recipient_commitment: str
    attempts: int


class NotificationFailed(Body, frozen=True, kw_only=True):
    """A notice could not be delivered and is not tried again."""

    TYPE: ClassVar[str] = "notification.failed"
    alert: str
    revision: str
    channel: str
    recipient_commitment: str
    attempts: int
    error: str


class SessionStarted(Body, frozen=True, kw_only=True):
    """An account signed in, or was refused."""

    TYPE: ClassVar[str] = "session.started"
    account: str
    is_refused: bool = False


BODIES: dict[str, type[Body]] = {
    body.TYPE: body
    for body in (
        LogCreated,
        LogKeyRotated,
        ClockSteppedBack,
        PacketReceived,
        PacketDecoded,
        PacketRejected,
        DocumentPut,
        JudgementMade,
        RuleFailed,
        EvidencePacked,
        BlobErased,
        AssociationRecorded,
        MilestoneReported,
        AlertOpened,
        AlertExtended,
        AlertShortened,
        AlertRetracted,
        AlertClosed,
        AlertAcknowledged,
        AlertSnoozed,
        AlertEscalated,
        DispositionDecided,
        NotificationDelivered,
        NotificationFailed,
        SessionStarted,
        NetworkPut,
        PlanAnswered,
    )
}


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of the log.

    Attributes:
        type, v: which body, in which version.
        at_ms: when it was recorded, Unix ms; never decreases along the log.
        by: who or what caused it: a door, a user's id, `system`.
        tags: what it is about, `kind:id`, for conditional appends and look-ups.
        body: the body as plain JSON.
    """

    type: str
    v: int
    at_ms: int
    by: str
    tags: tuple[str, ...] = ()
    body: msgspec.Raw

    def content(self) -> Body:
        """Decode the body.

        Raises:
            DataError: the type or version is unknown, or the body does not have its shape.
        """
        kind = BODIES.get(self.type)
        if kind is None or self.v > kind.VERSION:
            raise DataError(
                f"fact type {self.type!r} version {self.v} is unknown",
                hint="Update Doseway to read this log.",
            )
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.DecodeError as error:
            raise DataError(f"a {self.type} fact has a malformed body: {error}") from error


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact on its way in: the body still a struct."""

    type: str
    v: int
    at_ms: int
    by: str
    tags: tuple[str, ...] = ()
    body: Body


_DECODER = msgspec.json.Decoder(Fact)


def encode_fact(body: Body, *, at_ms: int, by: str, tags: tuple[str, ...] = ()) -> bytes:
    """Write the canonical bytes of a fact: the entry that goes into the log."""
    return encode(Envelope(type=body.TYPE, v=body.VERSION, at_ms=at_ms, by=by, tags=tags, body=body))


def decode_fact(entry: bytes) -> Fact:
    """Read an entry of the log.

    Raises:
        DataError: the bytes are not a fact.
    """
    try:
        return _DECODER.decode(entry)
    except msgspec.DecodeError as error:
        raise DataError(f"a log entry is not a fact: {error}") from error
