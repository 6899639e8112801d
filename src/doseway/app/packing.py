"""Make an evidence pack: read a case from the log, seal it there, have it witnessed, write it out."""

import hashlib
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from doseway import __version__
from doseway.app.importing import packet_tag
from doseway.app.inspecting import How, decode, present
from doseway.app.logbook import SystemClock, policy_text, read_policy
from doseway.app.newfile import new_file
from doseway.app.settings import Settings
from doseway.app.tower.decoding import joined
from doseway.app.witnessing import cosign, has_witnesses
from doseway.coldchain import profile as profiles
from doseway.coldchain.judgement import Judgement
from doseway.evidence import pack
from doseway.evidence.case import Case, JudgedAs, LogExtract, LoggedFact, Original, Packet, ProvenFact, SeenCheckpoint
from doseway.evidence.readings_csv import readings_sha256
from doseway.intake import message_registry
from doseway.intake.port import DecodeOptions
from doseway.ledger.drafts import Draft, Indexed
from doseway.ledger.log import Log
from doseway.ledger.note import open_note
from doseway.ledger.policy import Policy
from doseway.ledger.quorum import Gathered
from doseway.ledger.sequencer import Sequencer
from doseway.model.errors import HashMismatch, UsageError
from doseway.model.facts import EvidencePacked, JudgementMade, LogCreated, LogKeyRotated, PacketDecoded, PacketReceived
from doseway.model.readings import Recording

BY: Final = f"doseway evidence pack {__version__}"
_BLOCK: Final = 1 << 20


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that was written: its seal's index in the log, and who cosigned the checkpoint that covers it.

    Attributes:
        gathered: the witnesses' answers; None where the policy names none.
    """

    path: Path
    seal: int
    checkpoint_size: int
    gathered: Gathered | None


def pack_packets(settings: Settings, sequencer: Sequencer, packets: Iterable[int], title: str, out: Path) -> Packed:
    """Write the pack of some packets; the log seals it with an `evidence.packed` fact.

    Raises:
        UsageError: an index is not that of a received packet, a file of that name exists, or the policy is not one of
            this log.
        HashMismatch: the stored bytes do not decode to the readings that were logged.
        ForkedLog, RolledBack: a witness does not confirm this log.
        Unavailable: the pack cannot be written.
    """
    log, wanted = sequencer.log, tuple(sorted(set(packets)))
    _check_policy_is_of(log, read_policy(settings))
    with new_file(out) as file:
        prepared = pack.prepare(read_case(settings, log, wanted, title))
        body = EvidencePacked(packets=wanted, checkpoint_size=log.size, pack_sha256=prepared.digest)
        seal = sequencer.append([Draft(body=body, by=BY, tags=tuple(map(packet_tag, wanted)))])[0].index
        gathered = cosign(settings, sequencer) if has_witnesses(settings) else None
        note = gathered.note if gathered else log.checkpoint()
        indexes = [fact.index for fact in prepared.facts] + [seal]
        pack.write(prepared, extract(log, indexes, note), file)
    return Packed(path=out, seal=seal, checkpoint_size=log.open(note).size, gathered=gathered)


def read_case(settings: Settings, log: Log, packets: Iterable[int], title: str) -> Case:
    """Collect everything that the log knows about some packets. Raises as `pack_packets` does."""
    documents = [found for kind in (LogCreated, LogKeyRotated) for found in log.facts(kind=kind.TYPE)]
    return Case(
        title=title,
        packets=tuple(_packet(log, index) for index in packets),
        policy=policy_text(settings),
        software=f"doseway {__version__}",
        made_at_ms=SystemClock().now_ms(),
        checkpoint=_seen(settings, log),
        documents=tuple(_logged(log, found.index) for found in documents),
        keys={"log.vkey": _vkeys(log)},
    )


def extract(log: Log, indexes: Iterable[int], note: bytes) -> LogExtract:
    """Prove some facts under one checkpoint."""
    size = log.open(note).size
    facts = [
        ProvenFact(fact=_logged(log, index), path=tuple(log.inclusion_proof(index, size))) for index in sorted(indexes)
    ]
    return LogExtract(checkpoint=note, facts=tuple(facts))


def _packet(log: Log, index: int) -> Packet:
    received = log.fact(index).fact.content()
    if not isinstance(received, PacketReceived):
        hint = "`doseway log status` lists them."
        raise UsageError(f"entry {index} of the log is no received packet", hint=hint)
    known = list(log.facts(index, tag=packet_tag(index)))
    original = _original(log, index)
    decoded = next((found for found in reversed(known) if isinstance(found.fact.content(), PacketDecoded)), None)
    recording = _decode_again(decoded, original, received) if decoded and original else None
    judged = [found for found in known if decoded and _is_judgement_since(found, decoded)]
    taken = {found.index for found in judged} | ({decoded.index} if decoded else set())
    return Packet(
        received=_logged(log, index),
        decoded=_logged(log, decoded.index) if decoded else None,
        recording=recording,
        original=original,
        judged=tuple(_judged(log, found, recording, original, received) for found in judged) if recording else (),
        others=tuple(_logged(log, found.index) for found in known if found.index not in taken and not _is_seal(found)),
    )


def _check_policy_is_of(log: Log, policy: Policy) -> None:
    """Refuse a policy of another log: every verifier would call the pack tampered."""
    counted = {one.key for one in policy.logs}
    missing = sorted({str(key) for key in set(log.keys()) - counted})
    if missing:
        hint = f"Add this line to the policy: log {missing[0]}"
        raise UsageError(f"the policy does not name a key of this log, {log.origin}", hint=hint)


def _is_judgement_since(found: Indexed, decoded: Indexed) -> bool:
    """Tell whether a fact judges that decoding; one before it judges a decoding that it replaced."""
    return found.index > decoded.index and isinstance(found.fact.content(), JudgementMade)


def _is_seal(found: Indexed) -> bool:
    return isinstance(found.fact.content(), EvidencePacked)


def _original(log: Log, index: int) -> Original | None:
    info = log.blob_info(index)
    if info is None:
        return None
    return Original(open=lambda: _spool(log, index), size_bytes=info.size, salt=info.salt)


def _spool(log: Log, index: int) -> BinaryIO:
    """Copy raw bytes out of the log into a seekable file that is gone when it is closed."""
    stream = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    for chunk in log.blob(index):
        stream.write(chunk)
    stream.seek(0)
    return stream


def _decode_again(decoded: Indexed, original: Original, received: PacketReceived) -> Recording:
    body = decoded.fact.content()
    assert isinstance(body, PacketDecoded)
    with original.open() as stream:
        recording = _decode_as_told(stream, body, received)
    if readings_sha256(recording) != body.readings_sha256:
        raise HashMismatch(
            f"the bytes of packet {body.packet} do not decode to the readings that were logged at {decoded.index}",
            hint=f"They were read by {body.format} version {body.format_version}; use the release that has it, "
            "or run `doseway log verify`.",
        )
    return recording


def _decode_as_told(stream: BinaryIO, body: PacketDecoded, received: PacketReceived) -> Recording:
    told = body.options
    if received.format:
        live = message_registry.by_id(received.format)
        options = DecodeOptions(
            name=received.name,
            zone=told.get("zone") or None,
            mapping=told.get("mapping"),
            issuers=told.get("issuers", {}),
            received_at_ms=received.received_at_ms,
        )
        return joined(live.decode(stream.read(), options))
    how_to = How(
        format=body.format,
        zone=told.get("zone", ""),
        issuers=told.get("issuers", {}),
        mapping=told.get("mapping"),
    )
    return decode(stream, received.name, how_to)


def _judged(
    log: Log, found: Indexed, recording: Recording, original: Original | None, received: PacketReceived
) -> JudgedAs:
    body = found.fact.content()
    assert isinstance(body, JudgementMade)
    data = b"".join(log.blob(found.index))
    if hashlib.sha256(data).hexdigest() != body.judgement_sha256:
        raise HashMismatch(f"the judgement kept with entry {found.index} is not the one that was logged")
    judgement = msgspec.json.decode(data, type=Judgement)
    size, sha256 = _digest(original)
    profile = profiles.from_plain(body.limits)
    shown = present(recording, judgement, profile, received.name, size, sha256)
    return JudgedAs(fact=_logged(log, found.index), inspection=shown)


def _digest(original: Original | None) -> tuple[int, str]:
    if original is None:
        return 0, ""
    digest = hashlib.sha256()
    with original.open() as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return original.size_bytes, digest.hexdigest()


def _seen(settings: Settings, log: Log) -> SeenCheckpoint:
    policy, note = read_policy(settings), log.cosigned() or log.checkpoint()
    checkpoint = log.open(note)
    names = {witness.key: witness.name for witness in policy.witnesses}
    opened = open_note(note, [*log.keys(), *names])
    return SeenCheckpoint(
        origin=checkpoint.origin,
        size=checkpoint.size,
        root_hex=checkpoint.root.hex(),
        witnesses=tuple((names[one.key], one.timestamp or 0) for one in opened.signatures if one.key in names),
        quorum=policy.explain(),
    )


def _vkeys(log: Log) -> bytes:
    keys = log.keys()
    return "".join(f"{key}\n" for key in keys).encode()


def _logged(log: Log, index: int) -> LoggedFact:
    return LoggedFact(index=index, entry=log.entry(index))
