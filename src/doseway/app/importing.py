"""Import files into the log: the bytes first, then what they say, then what follows from it.

Each step is durable before the next begins, and a file that is imported again goes on where it stopped, so a crash
loses nothing and doubles nothing.
"""

from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from doseway import __version__
from doseway.app.inspecting import How, decode, judge_recording, limits_for, opened, present, readable
from doseway.app.outcomes import decoded_fact, judged_file, options_of, rejected_fact
from doseway.evidence.inspection import Inspection
from doseway.ledger.drafts import Draft
from doseway.ledger.sequencer import Sequencer
from doseway.model.errors import DataError
from doseway.model.facts import JudgementMade, PacketDecoded, PacketReceived, PacketRejected
from doseway.model.ids import content_id

DOOR: Final = "file"
BY: Final = f"doseway import {__version__}"


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file.

    Attributes:
        packet: the index of its `packet.received` fact.
        is_duplicate: the same bytes were in the log before.
        judged: the index of the `judgement.made` fact; None where it was rejected.
        inspection: what it says; None where it was rejected, and `error` says why.
    """

    file: str
    packet: int
    is_duplicate: bool
    judged: int | None = None
    inspection: Inspection | None = None
    error: DataError | None = None


def packet_tag(packet: int) -> str:
    """Return the tag of everything that is known about a packet."""
    return f"packet:{packet}"


def import_file(sequencer: Sequencer, path: Path, how_to: How) -> Imported:
    """Import one file. A file that no format can read is kept and rejected with a fact; that is no exception.

    Raises:
        DataError: the file itself cannot be opened.
        Unavailable: the log failed; import the file again when it is back.
    """
    with opened(path) as stream:
        return import_stream(sequencer, stream, readable(path), how_to)


def import_stream(sequencer: Sequencer, stream: BinaryIO, file: str, how_to: How) -> Imported:
    """Import the bytes of one file under a name. A rejected file is no exception, as with `import_file`.

    Raises:
        Unavailable: the log failed.
    """
    path = Path(file)
    receipt, size_bytes, sha256 = _receive(sequencer, stream, path.name)
    packet, is_duplicate = receipt
    stream.seek(0)
    try:
        recording = decode(stream, path.name, how_to)
    except DataError as error:
        _reject(sequencer, packet, error)
        return Imported(file=str(path), packet=packet, is_duplicate=is_duplicate, error=error)
    profile = limits_for(recording, how_to)
    shown = present(recording, judge_recording(recording, profile), profile, str(path), size_bytes, sha256)
    judged = _record(sequencer, packet, shown, how_to)
    return Imported(file=str(path), packet=packet, is_duplicate=is_duplicate, judged=judged, inspection=shown)


def _receive(sequencer: Sequencer, stream: BinaryIO, name: str) -> tuple[tuple[int, bool], int, str]:
    """Take in the bytes; returns (index, is_duplicate), size and SHA-256 in hex."""
    blob = sequencer.stage(stream)
    body = PacketReceived(door=DOOR, name=name, size_bytes=blob.size, commitment=blob.commitment.hex())
    draft = Draft(body=body, by=BY, tags=(f"door:{DOOR}",), content_id=content_id("packet", blob.sha256), blob=blob)
    receipt = sequencer.append([draft])[0]
    return (receipt.index, receipt.is_duplicate), blob.size, blob.sha256.hex()


def _reject(sequencer: Sequencer, packet: int, error: DataError) -> None:
    body = rejected_fact(packet, error)
    known = sequencer.log.facts(packet, kind=PacketRejected.TYPE, tag=packet_tag(packet))
    if not any(found.fact.content() == body for found in known):
        sequencer.append([Draft(body=body, by=BY, tags=(packet_tag(packet),))])


def _record(sequencer: Sequencer, packet: int, shown: Inspection, how_to: How) -> int:
    """Append what is not in the log yet of decoding and judgement; return the index of the judgement.

    A judgement belongs to the last decoding before it: the file read in another way and back is decoded once more.
    """
    decoded = decoded_fact(packet, shown.recording, options_of(how_to))
    failed, made, data = judged_file(packet, shown)
    is_decoded, same = False, None
    for found in sequencer.log.facts(packet, tag=packet_tag(packet)):
        body = found.fact.content()
        if isinstance(body, PacketDecoded):
            is_decoded, same = body == decoded, None
        elif isinstance(body, JudgementMade) and msgspec.structs.replace(body, commitment="") == made:
            same = found.index
    if is_decoded and same is not None:
        return same
    tags = (packet_tag(packet), f"device:{shown.recording.device.serial}")
    drafts = [] if is_decoded else [Draft(body=decoded, by=BY, tags=tags)]
    drafts += [Draft(body=one, by=BY, tags=tags[:1]) for one in failed]
    blob = sequencer.stage(data)
    judged = msgspec.structs.replace(made, commitment=blob.commitment.hex())
    drafts.append(Draft(body=judged, by=BY, tags=tags, blob=blob))
    return sequencer.append(drafts)[-1].index
