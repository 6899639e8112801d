"""Rules tried on files: loggers' files and messages of trackers, all of one command together as one shipment."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from doseway.app.inspecting import How, decode, opened, readable
from doseway.app.papers import Papers
from doseway.app.tower.decoding import Decoders
from doseway.app.tower.history import history_of
from doseway.app.tower.judging import judge_all
from doseway.app.tower.state import Carried, Context, Holder
from doseway.app.tower.trying import Subject
from doseway.coldchain import profile as profiles
from doseway.coldchain.profile import Profile
from doseway.intake import message_registry
from doseway.model.clock import Clock
from doseway.model.documents import Shipment
from doseway.model.errors import DataError
from doseway.model.readings import Recording

NAME = "files"


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of files: the recordings, by the device that each is of."""

    recordings: tuple[tuple[str, Recording], ...]

    def device_limits(self) -> Profile | None:
        """Return the alarms set in the first device that has any; None where none has."""
        found = (profiles.from_device(recording) for _, recording in self.recordings)
        return next((one for one in found if one is not None), None)


def read_files(paths: Sequence[Path], how_to: How, message_format: str, clock: Clock) -> Read:
    """Decode files.

    Args:
        paths: the files. how_to: how logger files are read.
        message_format: the id of a message format, where the files hold messages; empty: loggers' files.
        clock: tells the arrival of a message that does not carry its own time.

    Raises:
        UsageError: there is no such format. DataError: a file cannot be read, or holds nothing.
    """
    found: list[tuple[str, Recording]] = []
    for path in paths:
        found += _messages(path, message_format, how_to, clock) if message_format else _file(path, how_to)
    return Read(recordings=tuple(found))


def subject_of(read: Read, papers: Papers | None) -> Subject:
    """Return what was read as one subject: a shipment with its papers, or one of which nothing else is known."""
    by_device: dict[str, list[Recording]] = {}
    for device, recording in read.recordings:
        by_device.setdefault(device, []).append(recording)
    histories = {device: history_of(recordings) for device, recordings in sorted(by_device.items())}
    carried = {device: Carried(one, ((one.oldest_ms or 0, None),), one.newest_ms) for device, one in histories.items()}
    context = papers.context if papers is not None else Context(shipment=Shipment(id=NAME))
    holder = Holder(context=context, devices=carried)
    judged = judge_all({NAME: holder})[NAME]
    return Subject(
        context.shipment.id,
        msgspec.structs.replace(holder, judged=judged),
        holder.heard_ms,
        has_phases=papers is not None,
    )


def _file(path: Path, how_to: How) -> Iterable[tuple[str, Recording]]:
    with opened(path) as stream:
        recording = decode(stream, readable(path), how_to)
    yield recording.device.serial or path.stem, recording


def _messages(path: Path, message_format: str, how_to: How, clock: Clock) -> list[tuple[str, Recording]]:
    one = message_registry.by_id(message_format)
    decoders = Decoders({one.id: one}, {one.id: {"zone": how_to.zone, "mapping": how_to.mapping}})
    with opened(path) as stream:
        body = stream.read()
    decoded = decoders.decode(one.id, body, name=readable(path), received_at_ms=clock.now_ms())
    if decoded.error is not None:
        raise decoded.error
    if not decoded.observations:
        raise DataError(f"{readable(path)} holds no reading, no position and no signal")
    return [(recording.device.serial or path.stem, recording) for recording in decoded.recordings]
