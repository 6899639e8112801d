"""The process in which one question is answered: `python -m doseway.app.plans.worker FOLDER`.

It is told in FOLDER what is asked. On standard output it says how far it is, a JSON line each time, and at last how it
ended; standard input carries `stop`, after which the best plan so far is the answer. When standard input ends, the
tower is gone, and so is this process: nobody would take the answer.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from doseway.app.plans import answering, made
from doseway.app.plans.asks import read_ask
from doseway.app.plans.request import ANSWER, CHECKPOINT, NETWORK, PLAN, REQUEST, Ended, Progress, Request
from doseway.app.plans.uploads import examined
from doseway.ledger.durable import write_whole
from doseway.model.errors import DataError, DosewayError
from doseway.plan.highs import Progress as Solving
from doseway.plan.record import from_bytes

_PAUSE_S: Final = 0.2
_BEAT_S: Final = 1.0
_NICE: Final = 10
_ORPHANED: Final = 70


class Teller:
    """Says how far it is, not more often than people can read, and knows whether to stop."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._began_s = time.monotonic()
        self._told_s = 0.0
        self.is_stopped = False
        self._step = (0, 0)
        self._solving: Solving | None = None

    def watch(self, solving: Solving) -> bool:
        """Take the solver's progress; False stops it."""
        self._solving = solving
        if time.monotonic() - self._told_s >= _PAUSE_S:
            self._tell()
        return not self.is_stopped

    def told(self, done: int, of: int) -> None:
        """Take how many parts are done."""
        self._step, self._solving = (done, of), None
        self._tell()

    def beat(self) -> None:
        """Say for ever that it goes on: a solver may be silent for long."""
        while True:
            time.sleep(_BEAT_S)
            self._tell()

    def seconds(self) -> float:
        """Return how long it has taken so far."""
        return time.monotonic() - self._began_s

    def say(self, message: msgspec.Struct) -> None:
        """Write a line."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._out.write(msgspec.json.encode(message) + b"\n")
            self._out.flush()

    def _tell(self) -> None:
        seconds, solving, (done, of) = self.seconds(), self._solving, self._step
        self._told_s = time.monotonic()
        if solving is None:
            self.say(Progress(seconds=seconds, done=done, of=of))
            return
        numbers = [made.finite(value) for value in (solving.cost, solving.bound, solving.gap)]
        self.say(Progress(seconds=seconds, cost=numbers[0], bound=numbers[1], gap=numbers[2], done=done, of=of))


def main(folder: Path) -> int:
    """Answer the question that the folder holds."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no line of ours
    teller = Teller(out)
    request = msgspec.json.decode((folder / REQUEST).read_bytes(), type=Request)
    _bound(request.memory_bytes)
    threading.Thread(target=_listen, args=(teller,), daemon=True).start()
    threading.Thread(target=teller.beat, daemon=True).start()
    try:
        answer = _answer(folder, request, teller)
    except DosewayError as error:
        where = str(error.where or "")
        teller.say(Ended(code=error.code, what=error.what, hint=error.hint, where=where, is_stopped=teller.is_stopped))
        return 1
    except MemoryError:
        megabytes = request.memory_bytes >> 20
        hint = "Ask for less, or raise memory_mib under [plan] in doseway.toml."
        teller.say(Ended(code="memory", what=f"the {megabytes:,} MiB of a question were not enough", hint=hint))
        return 1
    write_whole(folder / ANSWER, made.to_bytes(answer), is_synced=True)
    teller.say(Ended(is_stopped=teller.is_stopped, seconds=teller.seconds()))
    return 0


def _answer(folder: Path, request: Request, teller: Teller) -> made.Made:
    teller.told(0, 0)
    network, _ = examined((folder / NETWORK).read_bytes(), request.file)
    if network is None:
        raise DataError("the network cannot be read")
    kept = folder / PLAN
    asked = answering.Asked(
        network=network,
        ask=read_ask(request.question, request.parameters),
        plan=from_bytes(kept.read_bytes()) if kept.exists() else None,
        watch=teller.watch,
        told=teller.told,
        checkpoint=folder / CHECKPOINT,
        where=request.where,
    )
    return answering.answered(request.question, asked)


def _bound(memory_bytes: int) -> None:
    """Take no more memory than allowed, and no processor from those who take messages in."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICE)
    try:
        import resource  # noqa: PLC0415  # not on Windows

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, hard))
    except (ImportError, ValueError, OSError):
        return


def _listen(teller: Teller, leave: Callable[[int], Any] = os._exit) -> None:
    """Wait for `stop`; leave when the tower is gone."""
    for line in sys.stdin.buffer:
        if line.strip() == b"stop":
            teller.is_stopped = True
    leave(_ORPHANED)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
