"""A solve runs beside the doors: messages are taken in and acknowledged while it goes on."""

import json
from pathlib import Path

from tests.app.plans.plan_kit import StoppedClock, tiny
from tests.app.tower.tower_kit import START_MS, TinyFormat

from doseway.app.plans.room import open_plans
from doseway.app.settings import Settings
from doseway.app.tower.opening import open_tower
from doseway.intake.door import Incoming

PATIENCE_S = 60.0


def test_messages_are_acknowledged_while_a_question_is_answered(tmp_path: Path) -> None:
    settings = Settings(store=tmp_path / "store", origin="doseway.test/log")
    with open_tower(settings, messages={TinyFormat.id: TinyFormat()}) as tower:
        with open_plans(settings, tower.sequencer, StoppedClock()) as room:
            one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
            job = room.ask(one, "uncertain", {"scenarios": 4000}, by="a")
            while not (job.progress and job.progress.seconds > 1):
                job = room.jobs.wait(job.id, job, PATIENCE_S)  # type: ignore[assignment]  # it is there
            taken = 0
            for number in range(200):
                body = json.dumps([{"d": f"d-{number}", "t": [[START_MS + number, 5_000]]}]).encode()
                incoming = Incoming(door="http", format="tiny", body=body, by="key:x", received_at_ms=START_MS)
                taken += tower.admit(incoming).result(PATIENCE_S).readings
            still = room.jobs.job(job.id)
            assert still is not None
            assert still.state == "running"
            assert taken == 200
        assert tower.failure is None
