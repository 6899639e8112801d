"""The questions that wait, run and have ended: a queue in a folder, so that a restart knows of each of them.

<folder>/<number>/job.json   the job as it stands      <folder>/<number>/network   the file that it is about
Running jobs are processes; so many at a time, each with bounded memory. What a restart finds running or waiting was
interrupted, and can be started again: a solve that left a checkpoint goes on from it.
"""

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from doseway.app.plans.process import Process
from doseway.app.plans.request import ANSWER, CHECKPOINT, NETWORK, PLAN, REQUEST, Ended, Progress, Request
from doseway.ledger.durable import write_whole
from doseway.model.errors import ConflictError, DosewayError, Pushback, UsageError

State = Literal["waiting", "running", "answered", "stopped", "failed", "interrupted"]
MOST_WAITING: Final = 20
MOST_KEPT: Final = 200
_FILE: Final = "job.json"
_LOG: Final = logging.getLogger("doseway.plans")
_OVER: Final = frozenset({"answered", "stopped", "failed", "interrupted"})


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One question on its way.

    Attributes:
        state: `stopped`: somebody ended it before there was any plan; `interrupted`: the tower ended under it.
        is_stopping: it was asked to end with the best plan so far.
        progress: the newest; None before it runs.
        code, what, hint, where: why it failed; empty otherwise.
        answer: the index of its answer in the log.
        can_go_on: it was interrupted and left a checkpoint to go on from.
    """

    id: int
    network: str
    version: int
    question: str
    parameters: dict[str, Any]
    by: str
    asked_at_ms: int
    state: State = "waiting"
    is_stopping: bool = False
    progress: Progress | None = None
    code: str = ""
    what: str = ""
    hint: str = ""
    where: str = ""
    answer: int | None = None
    can_go_on: bool = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.state in _OVER


Take = Callable[[Job, bytes, float], int]
"""Takes an answer's bytes and the seconds that it took into the log, and returns its index."""


class Jobs:
    """The queue. Thread-safe.

    Args:
        folder: where it is kept. workers: how many run at a time. memory_bytes: that each may take.
        where: they solve scenarios, as in `Settings.workers`. take: takes the answers into the log.
    """

    def __init__(self, folder: Path, *, workers: int, memory_bytes: int, where: str, take: Take) -> None:
        self._folder = folder
        self._workers = workers
        self._memory_bytes, self._where = memory_bytes, where
        self._take = take
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._running: dict[int, Process] = {}
        self._is_closed = False
        folder.mkdir(parents=True, exist_ok=True)
        self._jobs = {job.id: job for job in self._load()}

    def listed(self) -> list[Job]:
        """Return all jobs that are kept, the newest first."""
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: -job.id)

    def job(self, number: int) -> Job | None:
        """Return a job."""
        return self._jobs.get(number)

    def position(self, number: int) -> int:
        """Return how many jobs wait before this one."""
        with self._lock:
            return sum(one.state == "waiting" and one.id < number for one in self._jobs.values())

    def wait(self, number: int, seen: Job, timeout_s: float) -> Job | None:
        """Wait until a job is another than was seen, and return it as it is then."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs.get(number) != seen, timeout_s)
            return self._jobs.get(number)

    def ask(self, job: Job, file: str, network: bytes, plan: bytes | None = None) -> Job:
        """Put a question into the queue; its id is given here.

        Raises:
            Pushback: too many wait.
        """
        with self._lock:
            if sum(one.state == "waiting" for one in self._jobs.values()) >= MOST_WAITING:
                raise Pushback(f"{MOST_WAITING} questions wait already", hint="Stop one, or ask again later.")
            job = msgspec.structs.replace(job, id=max(self._jobs, default=0) + 1)
            folder = self._folder / str(job.id)
            folder.mkdir()
            request = Request(
                question=job.question,
                parameters=job.parameters,
                file=file,
                memory_bytes=self._memory_bytes,
                where=self._where,
            )
            write_whole(folder / NETWORK, network)
            if plan is not None:
                write_whole(folder / PLAN, plan)
            write_whole(folder / REQUEST, msgspec.json.encode(request))
            self._put(job)
            self._tidy()
            self._fill()
            return self._jobs[job.id]

    def stop(self, number: int) -> Job:
        """End a job with the best plan so far; one that is stopping already is killed.

        Raises:
            UsageError: there is no such job. ConflictError: it is over.
        """
        with self._lock:
            job = self._known(number)
            if job.is_over:
                raise ConflictError(f"question {number} is over", hint="Ask again, if it should run once more.")
            process = self._running.get(number)
            if process is None:
                self._put(msgspec.structs.replace(job, state="stopped", code="stopped", what="it was stopped in time"))
            elif job.is_stopping:
                process.kill()
            else:
                process.stop()
                self._put(msgspec.structs.replace(job, is_stopping=True))
            return self._jobs[number]

    def again(self, number: int) -> Job:
        """Start a job again that was interrupted; it goes on from its checkpoint where it left one.

        Raises:
            UsageError: there is no such job. ConflictError: it was not interrupted.
        """
        with self._lock:
            job = self._known(number)
            if job.state != "interrupted":
                raise ConflictError(f"question {number} was not interrupted", hint="Ask it anew.")
            self._put(msgspec.structs.replace(job, state="waiting", code="", what="", hint="", progress=None))
            self._fill()
            return self._jobs[number]

    def close(self) -> None:
        """End every process; what ran or waited is interrupted, and known as that by whoever opens it next."""
        with self._lock:
            self._is_closed = True
            running = list(self._running.values())
        for process in running:
            process.close()

    def _known(self, number: int) -> Job:
        job = self._jobs.get(number)
        if job is None:
            raise UsageError(f"there is no question {number}")
        return job

    def _load(self) -> list[Job]:
        found = []
        for path in self._folder.glob(f"*/{_FILE}"):
            try:
                job = msgspec.json.decode(path.read_bytes(), type=Job)
            except (msgspec.DecodeError, OSError) as error:
                _LOG.warning("%s is left out: %s", path, error)
                continue
            if not job.is_over:
                job = self._interrupted(job)
                write_whole(path, msgspec.json.encode(job))
            found.append(job)
        return found

    def _interrupted(self, job: Job) -> Job:
        can_go_on = (self._folder / str(job.id) / CHECKPOINT).exists()
        what = "the tower was stopped while the question was asked"
        hint = "Start it again: it goes on where it was." if can_go_on else "Start it again."
        return msgspec.structs.replace(
            job, state="interrupted", is_stopping=False, code="interrupted", what=what, hint=hint, can_go_on=can_go_on
        )

    def _put(self, job: Job) -> None:
        """Keep a job as it stands now."""
        write_whole(self._folder / str(job.id) / _FILE, msgspec.json.encode(job))
        self._jobs[job.id] = job
        self._changed.notify_all()

    def _fill(self) -> None:
        """Start what waits, the oldest first, as far as there is room."""
        waiting = sorted(one.id for one in self._jobs.values() if one.state == "waiting")
        for number in waiting[: max(self._workers - len(self._running), 0)]:
            folder = self._folder / str(number)
            self._put(msgspec.structs.replace(self._jobs[number], state="running", progress=Progress(seconds=0.0)))
            self._running[number] = Process(
                folder,
                lambda told, number=number: self._progressed(number, told),  # type: ignore[misc]  # binds this one
                lambda ended, number=number: self._ended(number, ended),  # type: ignore[misc]  # as above
            )

    def _progressed(self, number: int, told: Progress) -> None:
        with self._lock:  # not kept on the disk: a restart forgets how far it was anyway
            self._jobs[number] = msgspec.structs.replace(self._jobs[number], progress=told)
            self._changed.notify_all()

    def _ended(self, number: int, ended: Ended) -> None:
        """Take an answer into the log, or say why there is none; then let the next one run."""
        if self._is_closed and ended.code == "lost":
            return  # opened again, it counts as interrupted
        job = self._jobs[number]
        try:
            job = self._over(job, ended)
        except (DosewayError, OSError) as error:
            _LOG.exception("the answer to question %s could not be kept", number)
            job = msgspec.structs.replace(job, state="failed", code="not-kept", what=f"its answer is not kept: {error}")
        with self._lock:
            self._running.pop(number, None)
            self._put(msgspec.structs.replace(job, is_stopping=False))
            self._shrink(job)
            if not self._is_closed:
                self._fill()

    def _over(self, job: Job, ended: Ended) -> Job:
        if not ended.code:
            data = (self._folder / str(job.id) / ANSWER).read_bytes()
            job = msgspec.structs.replace(job, is_stopping=ended.is_stopped)
            return msgspec.structs.replace(job, state="answered", answer=self._take(job, data, ended.seconds))
        is_stopped = job.is_stopping or ended.is_stopped
        return msgspec.structs.replace(
            job,
            state="stopped" if is_stopped else "failed",
            code="stopped" if is_stopped else ended.code,
            what="it was stopped before there was any plan" if is_stopped else ended.what,
            hint="" if is_stopped else ended.hint,
            where=ended.where,
        )

    def _shrink(self, job: Job) -> None:
        """Take away what only the worker needed; the network and the answer are in the log."""
        for name in (NETWORK, PLAN, ANSWER, CHECKPOINT, REQUEST):
            (self._folder / str(job.id) / name).unlink(missing_ok=True)

    def _tidy(self) -> None:
        """Forget the oldest jobs that are over; what they were answered stays in the log."""
        over = sorted(one.id for one in self._jobs.values() if one.is_over)
        for number in over[: max(len(self._jobs) - MOST_KEPT, 0)]:
            shutil.rmtree(self._folder / str(number), ignore_errors=True)
            del self._jobs[number]
