"""The watched folder: a file that is dropped there is admitted once it is whole, then moved away.

<folder>/a.txt              waits until its size and time have not changed for a while
<folder>/done/a.txt         admitted
<folder>/rejected/a.txt     not readable, or no file that one takes; `a.txt.reason.txt` beside it says why

Nothing is deleted, and nothing outside the folder is read: links, devices and pipes are moved to `rejected` unopened.
Hidden files, and those that copying programs name `.part`, `.tmp` or `.filepart`, are left until they are renamed.
A crash between admitting and moving costs nothing: equal bytes are admitted once.
"""

import asyncio
import logging
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from doseway.intake.door import Admit, Admitted, Incoming
from doseway.intake.door_settings import FolderSettings
from doseway.ledger.backoff import wait_s
from doseway.model.clock import Clock
from doseway.model.errors import DataError, Place, Unavailable, UsageError

_LOG: Final = logging.getLogger("doseway.intake.folder")
_UNFINISHED: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload", "~")
_DONE: Final = "done"
_REJECTED: Final = "rejected"
_REASON: Final = ".reason.txt"

Sleep = Callable[[float], Awaitable[None]]


class _Seen(msgspec.Struct, frozen=True):
    """What tells whether a file has changed."""

    inode: int
    size: int
    changed_ns: int


class FolderDoor:
    """Watches one folder.

    Attributes:
        admitted: files that became durable, repetitions included; rejected: those that were moved aside.
    """

    def __init__(self, settings: FolderSettings, admit: Admit, clock: Clock, *, sleep: Sleep = asyncio.sleep) -> None:
        """Check the folder, and make its two sub-folders.

        Raises:
            UsageError: it is no folder, or a sub-folder is a link.
            Unavailable: the sub-folders cannot be made.
        """
        self._settings = settings
        self._admit = admit
        self._clock = clock
        self._sleep = sleep
        self._waiting: dict[str, tuple[_Seen, int]] = {}
        self.admitted = 0
        self.rejected = 0
        where = Place(str(settings.path))
        if not settings.path.is_dir():
            raise UsageError("there is no such folder to watch", where=where)
        for name in (_DONE, _REJECTED):
            try:
                (settings.path / name).mkdir(exist_ok=True)
            except OSError as error:
                raise Unavailable(f"{name} cannot be made: {error.strerror}", where=where) from error
            if (settings.path / name).is_symlink():
                raise UsageError(f"{name} is a link", hint="Files must stay within the folder.", where=where)

    async def run(self) -> None:
        """Watch until cancelled; what cannot be taken now is taken later."""
        failures = 0
        while True:
            try:
                await self.look()
                failures, wait = 0, self._settings.every_s
            except Unavailable as error:
                failures += 1
                wait = wait_s(failures)
                _LOG.warning("%s: %s; again in %.0f s", self._settings.name, error, wait)
            await self._sleep(wait)

    async def look(self) -> None:
        """Look once: take what is whole.

        Raises:
            Unavailable: the folder or the log does not answer; the files stay where they are.
        """
        for name in await asyncio.to_thread(self._whole):
            await self._take(name)

    def _whole(self) -> list[str]:
        """Return the files that have not changed for long enough, in the order of their names."""
        now_ms, waiting = self._clock.now_ms(), {}
        for entry in self._entries():
            seen = _seen(entry.stat(follow_symlinks=False))
            before, since_ms = self._waiting.get(entry.name, (None, 0))
            waiting[entry.name] = (seen, since_ms if before == seen else now_ms)
        self._waiting = waiting
        settle_ms = self._settings.settle_s * 1000
        return sorted(name for name, (_, since_ms) in waiting.items() if now_ms - since_ms >= settle_ms)

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self._settings.path) as entries:
                for entry in entries:
                    is_ours = entry.name in {_DONE, _REJECTED} or entry.is_dir(follow_symlinks=False)
                    if not is_ours and not entry.name.startswith(".") and not entry.name.endswith(_UNFINISHED):
                        yield entry
        except OSError as error:
            raise Unavailable(f"the folder cannot be read: {error.strerror}", where=self._where()) from error

    async def _take(self, name: str) -> None:
        """Admit one file and move it; one that changed meanwhile stays, and is taken again."""
        seen, _ = self._waiting[name]
        try:
            body = await asyncio.to_thread(self._read, name)
        except DataError as error:
            await asyncio.to_thread(self._reject, name, str(error))
            return
        if body is None:
            return
        admitted = await self._durable(name, body)
        if await asyncio.to_thread(self._changed, name, seen):
            return
        if admitted.error:
            reason = f"{admitted.error}\nIts bytes are kept as packet {admitted.packet}."
            await asyncio.to_thread(self._reject, name, reason)
            return
        await asyncio.to_thread(self._move, name, _DONE)
        self.admitted += 1

    async def _durable(self, name: str, body: bytes) -> Admitted:
        incoming = Incoming(
            door="folder",
            format=self._settings.format,
            body=body,
            name=name,
            by=f"folder:{self._settings.name}",
            received_at_ms=self._clock.now_ms(),
        )
        return await asyncio.shield(asyncio.wrap_future(self._admit(incoming)))

    def _read(self, name: str) -> bytes | None:
        """Read a file, never through a link; None: it has gone.

        Raises:
            DataError: it is no plain file, or too large.
        """
        path = self._settings.path / name
        try:
            # Without NONBLOCK opening a pipe would wait for its writer.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            if path.is_symlink():
                raise DataError("it is a link; copy the file itself here") from error
            raise DataError(f"it cannot be read: {error.strerror}") from error
        with os.fdopen(handle, "rb") as file:
            held = os.fstat(file.fileno())
            if not stat.S_ISREG(held.st_mode):
                raise DataError("it is no plain file")
            body = file.read(self._settings.max_bytes + 1)
        if len(body) > self._settings.max_bytes:
            raise DataError(f"it is larger than {self._settings.max_bytes:,} bytes; import it with `doseway import`")
        return body

    def _changed(self, name: str, seen: _Seen) -> bool:
        try:
            return _seen((self._settings.path / name).lstat()) != seen
        except OSError:
            return True

    def _reject(self, name: str, reason: str) -> None:
        target = self._move(name, _REJECTED)
        _LOG.warning("%s: %s is rejected: %s", self._settings.name, name, reason)
        try:
            target.with_name(target.name + _REASON).write_text(f"{reason}\n", encoding="utf-8")
        except OSError as error:
            raise Unavailable(f"the reason cannot be written: {error.strerror}", where=self._where()) from error
        self.rejected += 1

    def _move(self, name: str, into: str) -> Path:
        """Move a file to a name that is free there, and return where it is."""
        folder = self._settings.path / into
        target, number = folder / name, 1
        while os.path.lexists(target):
            target, number = folder / f"{name}.{number}", number + 1
        try:
            return (self._settings.path / name).rename(target)
        except OSError as error:
            raise Unavailable(f"{name} cannot be moved to {into}: {error.strerror}", where=self._where()) from error

    def _where(self) -> Place:
        return Place(str(self._settings.path))


def _seen(held: os.stat_result) -> _Seen:
    return _Seen(held.st_ino, held.st_size, held.st_mtime_ns)
