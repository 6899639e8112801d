"""Planning as pages and API see it: networks brought, questions asked, answers kept; all of it facts in the log."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath
from typing import Any, Final

from doseway import __version__
from doseway.app.plans import made, uploads
from doseway.app.plans.answering import compared
from doseway.app.plans.asks import AskRoadmap, plain, read_ask
from doseway.app.plans.book import ROOM, AnswerHead, Book, NetworkVersion
from doseway.app.plans.jobs import Job, Jobs
from doseway.app.settings import Settings
from doseway.ledger.drafts import Draft, Unless
from doseway.ledger.sequencer import Sequencer
from doseway.model.clock import Clock
from doseway.model.errors import ConflictError, DataError, UsageError
from doseway.model.plan_facts import NetworkPut, PlanAnswered
from doseway.plan.example import example_files
from doseway.plan.record import MODEL_VERSION, Planned, network_hash, to_bytes

EXAMPLE: Final = "essential-medicines"
_EXAMPLE_TITLE: Final = "Worked example: six essential medicines for the United States"
_EXAMPLE_FILE: Final = "essential-medicines.zip"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LONGEST: Final = 200
_HEADLINE: Final = 500


class PlanRoom:
    """Planning over an open log. Thread-safe.

    Args:
        sequencer: the log's only writer. settings: where the queue is kept, and how much it may take.
        clock: when something was asked.
    """

    def __init__(self, sequencer: Sequencer, settings: Settings, clock: Clock) -> None:
        self._sequencer = sequencer
        self._clock = clock
        self.settings = settings
        self.log = sequencer.log
        self.book = Book(self.log)
        how = settings.plan
        self.jobs = Jobs(
            settings.store / "plans",
            workers=how.workers,
            memory_bytes=how.memory_mib << 20,
            where=settings.workers,
            take=self._take,
        )
        self._answer = lru_cache(maxsize=8)(self._read_answer)

    def version(self, network: str, number: int | None = None) -> NetworkVersion:
        """Return a network in a version, by default the newest.

        Raises:
            UsageError: there is none.
        """
        listed = self.book.versions(network)
        found = next((one for one in listed if number in {None, one.version}), None)
        if found is None:
            what = f"network {network!r}" if not listed else f"version {number} of the network {network!r}"
            raise UsageError(f"there is no {what}")
        return found

    def file(self, one: NetworkVersion) -> bytes:
        """Return the file of a version as it was brought."""
        return b"".join(self.log.blob(one.index))

    def examined(self, one: NetworkVersion) -> uploads.Examined:
        """Read and check a version."""
        return uploads.examined(self.file(one), one.file)

    def put(
        self, network: str, data: bytes, file: str, *, title: str = "", replaces: int | None = None, by: str
    ) -> NetworkVersion:
        """Bring a network, or a new version of one. The same bytes once more change nothing.

        Args:
            network: its id, 1 to 64 of a-z 0-9 . _ -. data, file: its bytes and name.
            title: for people; by default that of the version before.
            replaces: the version that was read, 0 for a new network; None: whichever is the newest.
            by: who brings it.

        Raises:
            DataError: the id is none, or the file is no network at all. One with errors in it is kept.
            ConflictError: somebody else brought a newer version.
        """
        if not _ID.fullmatch(network):
            raise DataError(f"{network!r} is no id of a network", hint="It is 1 to 64 of a-z 0-9 . _ -.")
        listed, after = self.book.versions(network), self.log.last_tagged(_tag(network))
        before = listed[0] if listed else None
        known = before.version if before else 0
        if replaces not in {None, known}:
            raise ConflictError(f"the network {network} is in version {known}, not {replaces}", hint="Read it again.")
        digest = hashlib.sha256(data).hexdigest()
        if before and before.file_sha256 == digest:
            return before
        file = PurePosixPath(file.replace("\\", "/")).name[-_LONGEST:] or "network"
        found = uploads.examined(data, file)
        blob = self._sequencer.stage(data)
        rows = {name: len(table) for name, table in found.network.tables.items()} if found.network else {}
        body = NetworkPut(
            network=network, title=(title or (before.title if before else network))[:_LONGEST], version=known + 1,
            replaces=known, file=file, size_bytes=len(data), file_sha256=digest,
            tables_sha256=network_hash(found.network) if found.network else "",
            rows={name: count for name, count in rows.items() if count}, errors=found.errors,
            warnings=len(found.findings) - found.errors, commitment=blob.commitment.hex(),
        )  # fmt: skip
        draft = Draft(body=body, by=by, tags=(ROOM, _tag(network)), blob=blob)
        self._sequencer.append([draft], unless=Unless((_tag(network),), -1 if after is None else after))
        return self.version(network, known + 1)

    def put_example(self, by: str) -> NetworkVersion:
        """Bring the worked example; once it is there, nothing changes."""
        listed = self.book.versions(EXAMPLE)
        if listed:
            return listed[0]
        data = uploads.zipped(example_files())
        return self.put(EXAMPLE, data, _EXAMPLE_FILE, title=_EXAMPLE_TITLE, by=by)

    def ask(self, one: NetworkVersion, question: str, parameters: Any, *, by: str, is_form: bool = False) -> Job:
        """Ask a question about a version of a network.

        Raises:
            UsageError: there is no such question, or no such answer to rest on.
            DataError: a parameter does not fit, or the network has errors.
            Pushback: too many questions wait.
        """
        ask = read_ask(question, parameters, strict=not is_form)
        if one.errors:
            what = f"version {one.version} of {one.network} has {one.errors} errors"
            raise DataError(what, hint="Mend the tables, and bring them again.")
        plan = None
        if isinstance(ask, AskRoadmap) and ask.answer is not None:
            plan = to_bytes(self.plan_of(ask.answer))
        job = Job(
            id=0, network=one.network, version=one.version, question=question, parameters=plain(ask), by=by,
            asked_at_ms=self._clock.now_ms(),
        )  # fmt: skip
        return self.jobs.ask(job, one.file, self.file(one), plan)

    def answer(self, index: int) -> tuple[AnswerHead, made.Made]:
        """Return an answer as it was kept.

        Raises:
            UsageError: there is none. HashMismatch: its bytes are not those that were logged.
        """
        head = self.book.answer(index)
        if head is None:
            raise UsageError(f"there is no answer {index}")
        return head, self._answer(index)

    def plan_of(self, index: int) -> Planned:
        """Return the plan in an answer. Raises UsageError where it has none."""
        _, answer = self.answer(index)
        if answer.plan is None:
            raise UsageError(f"answer {index} holds no plan", hint="Choose one about the cheapest plan, or about risk.")
        return answer.plan

    def compared(self, first: int, second: int) -> made.Made:
        """Compare the plans of two answers. Raises as `plan_of`."""
        head, names = self.answer(first)[0], (f"answer {first}", f"answer {second}")
        network = self.examined(self.version(head.network, head.version)).network
        return compared(self.plan_of(first), self.plan_of(second), names, network)

    def close(self) -> None:
        """End what runs."""
        self.jobs.close()

    def _read_answer(self, index: int) -> made.Made:
        return made.from_bytes(self.answer_bytes(index))

    def answer_bytes(self, index: int) -> bytes:
        """Return the bytes of an answer, which the log commits to."""
        return b"".join(self.log.blob(index))

    def _take(self, job: Job, data: bytes, seconds: float) -> int:
        """Take an answer into the log."""
        answer, one, blob = made.from_bytes(data), self.version(job.network, job.version), self._sequencer.stage(data)
        body = PlanAnswered(
            network=job.network, version=job.version, put=one.index, tables_sha256=one.tables_sha256,
            question=job.question, parameters=_logged(job.parameters), status=answer.status,
            is_stopped=job.is_stopping, currency=answer.currency, cost=_decimal(answer.cost),
            bound=_decimal(answer.bound), gap=_decimal(answer.gap), took_ms=round(seconds * 1000),
            model=MODEL_VERSION, solver=solver(), software=f"doseway {__version__}",
            headline=answer.headline[:_HEADLINE], answer_sha256=hashlib.sha256(data).hexdigest(),
            commitment=blob.commitment.hex(),
        )  # fmt: skip
        draft = Draft(body=body, by=job.by, tags=(ROOM, f"plan:{job.network}"), blob=blob)
        return self._sequencer.append([draft])[0].index


def solver() -> str:
    """Return which solver is installed, with its version."""
    try:
        return f"HiGHS {version('highspy')}"
    except PackageNotFoundError:
        return "none"


@contextmanager
def open_plans(settings: Settings, sequencer: Sequencer, clock: Clock) -> Iterator[PlanRoom]:
    """Open planning over a log that is open for writing; what was interrupted is known as that."""
    room = PlanRoom(sequencer, settings, clock)
    try:
        yield room
    finally:
        room.close()


def _tag(network: str) -> str:
    return f"network:{network}"


def _decimal(value: float | None) -> str | None:
    """Write a number for the log, which holds no binary floats."""
    return None if value is None else f"{Decimal(repr(value)).normalize():f}"


def _logged(value: Any) -> Any:
    """Write parameters for the log."""
    if isinstance(value, dict):
        return {name: _logged(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_logged(one) for one in value]
    return _decimal(value) if isinstance(value, float) else value
