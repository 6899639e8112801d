"""A small network as somebody brings it, planning over a log in a folder, and questions waited for."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.plan.conftest import chain_rows

from doseway.app import logbook
from doseway.app.plans.jobs import Job
from doseway.app.plans.room import PlanRoom, open_plans
from doseway.app.settings import PlanSettings, Settings
from doseway.ledger.sequencer import Sequencer
from doseway.model.units import UnixMs
from doseway.plan.seeing.workbook import network_workbook
from doseway.plan.tables import from_rows

PATIENCE_S = 120.0


class StoppedClock:
    def now_ms(self) -> UnixMs:
        return UnixMs(1_795_000_000_000)


@cache
def tiny() -> bytes:
    """The small network, made once: a workbook holds the instant at which it was made."""
    return workbook()


def workbook(**changes: list[dict[str, Any]]) -> bytes:
    return network_workbook(from_rows(**{**chain_rows(), **changes}))


def csv_zip(files: dict[str, str | bytes], folder: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(folder + name, text)
    return out.getvalue()


def settings_in(folder: Path, where: str = "2", **plan: Any) -> Settings:
    return Settings(store=folder / "store", origin="doseway.test/log", workers=where, plan=PlanSettings(**plan))


@contextmanager
def room_in(folder: Path, **plan: Any) -> Iterator[tuple[PlanRoom, Sequencer]]:
    settings = settings_in(folder, **plan)
    with logbook.writing(settings) as sequencer, open_plans(settings, sequencer, StoppedClock()) as room:
        yield room, sequencer


def ended(room: PlanRoom, job: Job) -> Job:
    """Wait until a question is over."""
    for _ in range(10_000):
        if job.is_over:
            return job
        changed = room.jobs.wait(job.id, job, PATIENCE_S)
        assert changed is not None
        assert changed != job, f"nothing new of {job}"
        job = changed
    raise AssertionError(job)


def answered(room: PlanRoom, job: Job) -> int:
    """Wait for an answer, and return its index."""
    over = ended(room, job)
    assert over.state == "answered", (over, (room.settings.store / "plans" / str(job.id) / "worker.log").read_text())
    assert over.answer is not None
    return over.answer
