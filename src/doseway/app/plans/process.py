"""A worker's process as the tower holds it: told by lines, stopped by a word, killed where words do not help."""

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from doseway.app.plans.request import DIARY, Ended, Progress

_PATIENCE_S: Final = 5.0
_DECODER: Final = msgspec.json.Decoder(Progress | Ended)
_LOST: Final = "the process of the question ended by itself (exit code {code})"
_HINT: Final = "Was it killed, or was there too little memory? Ask again, or for less."


class Process:
    """One worker.

    Args:
        folder: with its request.
        on_progress: told of each line. on_end: told once, from a thread of its own, when the process is gone.
    """

    def __init__(self, folder: Path, on_progress: Callable[[Progress], None], on_end: Callable[[Ended], None]) -> None:
        self._on_progress = on_progress
        self._on_end = on_end
        with (folder / DIARY).open("wb") as diary:
            self._process = subprocess.Popen(  # noqa: S603  # our own module, and a folder of ours
                [sys.executable, "-m", "doseway.app.plans.worker", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=diary,
            )
        self._thread = threading.Thread(target=self._follow, name=f"doseway-plan-{folder.name}", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def stop(self) -> None:
        """Ask it to end with the best plan so far."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):
            self._process.stdin.write(b"stop\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def close(self) -> None:
        """End it, and wait until it is gone and told of."""
        self.kill()
        self._thread.join(_PATIENCE_S)

    def _follow(self) -> None:
        ended: Ended | None = None
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        with self._process.stdout as lines:
            for line in lines:
                with suppress(msgspec.DecodeError):  # a line that a kill cut short
                    told = _DECODER.decode(line)
                    if isinstance(told, Ended):
                        ended = told
                    else:
                        self._on_progress(told)
        code = self._process.wait()
        with suppress(OSError):
            self._process.stdin.close()
        self._on_end(ended or Ended(code="lost", what=_LOST.format(code=code), hint=_HINT))
