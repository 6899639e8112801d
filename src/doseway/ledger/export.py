"""A published log written as files, for any web server, a USB stick or an archive (C2SP tlog-tiles).

The checkpoint is written last, and by renaming: at every moment the folder holds the whole of the log that its
checkpoint signs. Tiles and full bundles never change, so an interrupted export is taken up where it stopped.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from doseway.ledger import merkle
from doseway.ledger.checkpoint import Checkpoint, open_checkpoint
from doseway.ledger.durable import sync_directory, sync_file, write_whole
from doseway.ledger.note import VerifierKey
from doseway.ledger.published import PublishedLog
from doseway.ledger.tiles import FULL, TileReader, tile_path, tiles_for
from doseway.model.errors import ForkedLog, RolledBack, Unavailable


@dataclass(frozen=True)
class Exported:
    """What an export did: the size of the log that the folder now holds, files written and files already there."""

    size: int
    written: int
    kept: int


def export(
    log: PublishedLog,
    folder: Path,
    origin: str,
    keys: Sequence[VerifierKey],
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Exported:
    """Write the published log into a folder, or bring the folder up to date; nothing is written twice.

    Args:
        log: what to write.
        folder: made where it is missing; it may hold an older or an interrupted export of the same log.
        origin: the log's origin line.
        keys: the log's key, or keys.
        progress: called with files done and files in all.

    Raises:
        SignatureInvalid: the checkpoint of the log, or that of the folder, is not signed by one of the keys.
        RolledBack: the folder holds a larger log than this one.
        ForkedLog: the folder holds another history.
        Unavailable: the folder cannot be written to, or the log does not answer.
    """
    note = log.checkpoint()
    checkpoint, _ = open_checkpoint(note, origin, keys)
    published = _published_size(log, folder, checkpoint, keys)
    wanted = list(_resources(log, checkpoint.size))
    written: list[Path] = []
    for number, resource in enumerate(wanted, start=1):
        if _write(folder / resource.path, resource, published):
            written.append(folder / resource.path)
        progress(number, len(wanted))
    _sync(folder, written)
    target = folder / "checkpoint"
    if not target.is_file() or target.read_bytes() != note:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(target, note, is_synced=True)
        sync_directory(folder)
    _drop_partials(folder, wanted)
    return Exported(checkpoint.size, len(written), len(wanted) - len(written))


@dataclass(frozen=True)
class _Resource:
    """A file to be: its path below the folder, the size of the smallest tree that has it, and its bytes on demand."""

    path: str
    end: int
    is_full: bool
    read: Callable[[], bytes]


def _resources(log: PublishedLog, size: int) -> Iterator[_Resource]:
    for level, n, width in tiles_for(size):
        end = (n * FULL + width) << (8 * level)
        yield _Resource(tile_path(level, n, width), end, width == FULL, partial(log.tile, level, n, width))
        if level == 0:
            path = tile_path("entries", n, width)
            yield _Resource(path, end, width == FULL, partial(log.bundle, n, width))


def _published_size(log: PublishedLog, folder: Path, checkpoint: Checkpoint, keys: Sequence[VerifierKey]) -> int:
    """Return the size that the folder already shows to the world, after checking that it is of the same history."""
    try:
        note = (folder / "checkpoint").read_bytes()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise Unavailable(f"{folder / 'checkpoint'} cannot be read: {error.strerror}") from error
    held, _ = open_checkpoint(note, checkpoint.origin, keys)
    if held.size > checkpoint.size:
        raise RolledBack(f"{folder} holds size {held.size} of this log, which is now only {checkpoint.size}")
    if merkle.root_of(held.size, TileReader(log.tile, checkpoint.size)) != held.root:
        raise ForkedLog(f"{folder} holds another history of this log: the roots of size {held.size} differ")
    return held.size


def _write(path: Path, resource: _Resource, published: int) -> bool:
    """Write one file; False where it is there already.

    What the folder's checkpoint covers was synchronised before that checkpoint was written, so being there is enough.
    Beyond it a crash may have left anything: such a file is compared.
    """
    try:
        if resource.end <= published and path.is_file():
            return False
        data = resource.read()
        if path.is_file() and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}") from error
    write_whole(path, data)
    return True


def _sync(folder: Path, written: Sequence[Path]) -> None:
    for path in written:
        sync_file(path)
    folders = {parent for path in written for parent in path.parents if parent.is_relative_to(folder)}
    for parent in sorted(folders, reverse=True):
        sync_directory(parent)


def _drop_partials(folder: Path, wanted: Sequence[_Resource]) -> None:
    """Remove partial tiles whose full tile is there now, as C2SP tlog-tiles allows: else they would pile up."""
    for resource in wanted:
        if resource.is_full:
            shutil.rmtree(folder / f"{resource.path}.p", ignore_errors=True)
