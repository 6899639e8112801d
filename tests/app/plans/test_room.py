"""Networks and answers are facts: versions, who, what, how good; questions run beside the log and outlive a tower."""

import hashlib
import os
import signal
from pathlib import Path

import msgspec
import pytest
from tests.app.plans.plan_kit import answered, ended, room_in, tiny, workbook

from doseway.app.plans.asks import ASKS, TITLES
from doseway.app.plans.jobs import MOST_WAITING, Job
from doseway.app.plans.request import Progress
from doseway.model.errors import ConflictError, DataError, Pushback, UsageError
from doseway.model.plan_facts import NetworkPut, PlanAnswered
from doseway.plan.record import network_hash


def test_a_network_version_is_a_fact_with_its_bytes(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, sequencer):
        one = room.put("tiny", tiny(), "C:\\plans\\tiny.xlsx", title="Tiny", by="account:paula")
        fact = sequencer.log.fact(one.index).fact
        body = fact.content()
        assert isinstance(body, NetworkPut)
        assert (fact.by, body.file, body.version, body.replaces) == ("account:paula", "tiny.xlsx", 1, 0)
        assert body.file_sha256 == hashlib.sha256(tiny()).hexdigest()
        network = room.examined(one).network
        assert network is not None
        assert body.tables_sha256 == network_hash(network)
        assert room.file(one) == tiny()
        assert room.put("tiny", tiny(), "again.xlsx", by="account:paula") == one
        assert len(room.book.versions("tiny")) == 1
    with room_in(tmp_path) as (room, _):
        assert room.book.networks() == [one]


def test_only_one_of_two_is_first(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, _):
        room.put("tiny", tiny(), "tiny.xlsx", replaces=0, by="a")
        with pytest.raises(ConflictError, match="version 1, not 0"):
            room.put("tiny", workbook(), "tiny.xlsx", replaces=0, by="b")
        assert room.put("tiny", workbook(), "tiny.xlsx", replaces=1, by="b").version == 2
        with pytest.raises(DataError, match="no id"):
            room.put("../etc", tiny(), "tiny.xlsx", by="a")
        with pytest.raises(UsageError, match="no version 7"):
            room.version("tiny", 7)


def test_every_question_has_a_title_and_an_answer_says_how_it_came_to_be(tmp_path: Path) -> None:
    assert set(ASKS) == set(TITLES)
    with room_in(tmp_path, workers=2) as (room, sequencer):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        jobs = [room.ask(one, name, {"gap": 0.001}, by="account:paula") for name in ASKS]
        for name, job in zip(ASKS, jobs, strict=True):
            index = answered(room, job)
            fact = sequencer.log.fact(index).fact
            body = fact.content()
            assert isinstance(body, PlanAnswered)
            assert (fact.by, body.question, body.network, body.put) == ("account:paula", name, "tiny", one.index)
            assert body.parameters == {"gap": "0.001"}
            assert body.answer_sha256 == hashlib.sha256(room.answer_bytes(index)).hexdigest()
            head, made = room.answer(index)
            assert (head.tables_sha256, made.question) == (one.tables_sha256, name)
            assert made.chapters[0].words
            if name in {"cheapest", "export", "uncertain", "roadmap", "why"}:
                assert head.bound is not None
                assert head.gap is not None
                assert made.plan is not None
                assert float(head.gap) <= 0.001
        assert [one.question for one in room.book.answers()] == [
            sequencer.log.fact(i.index).fact.content().question  # type: ignore[attr-defined]  # all are answers
            for i in room.book.answers()
        ]


def test_a_roadmap_rests_on_the_plan_that_is_named(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, _):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        plan = answered(room, room.ask(one, "why", {"failed": ["country:IN"]}, by="a"))
        _, roadmap = room.answer(answered(room, room.ask(one, "roadmap", {"answer": plan}, by="a")))
        assert roadmap.plan == room.plan_of(plan)
        assert any("Open the idle share" in line or "b1" in line for line in roadmap.chapters[0].words)
        hurt = answered(room, room.ask(one, "failures", {}, by="a"))
        with pytest.raises(UsageError, match="holds no plan"):
            room.ask(one, "roadmap", {"answer": hurt}, by="a")


def test_what_no_plan_can_keep_is_an_answer_in_planners_words(tmp_path: Path) -> None:
    demand = [{"market": "Home", "product": "vial", "quantity": 1e9, "price": 10}]
    with room_in(tmp_path) as (room, _):
        one = room.put("tiny", workbook(demand=demand), "tiny.xlsx", by="a")
        head, made = room.answer(answered(room, room.ask(one, "cheapest", {}, by="a")))
        assert (head.status, head.cost) == ("infeasible", None)
        assert made.reasons
        assert all(reason in made.chapters[0].words for reason in made.reasons)


def test_questions_wait_in_turn_and_can_be_taken_out(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, _):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        first, second, third = (room.ask(one, "cheapest", {}, by="a") for _ in range(3))
        assert [room.jobs.position(job.id) for job in (second, third)] == [0, 1]
        assert room.jobs.stop(third.id).state == "stopped"
        with pytest.raises(ConflictError, match="over"):
            room.jobs.stop(third.id)
        with pytest.raises(ConflictError, match="not interrupted"):
            room.jobs.again(third.id)
        assert answered(room, first) < answered(room, second)
        for _ in range(MOST_WAITING + 1):
            room.ask(one, "failures", {}, by="a")
        with pytest.raises(Pushback):
            room.ask(one, "failures", {}, by="a")


def test_a_killed_worker_fails_its_question_and_the_next_one_runs(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, _):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        job, following = room.ask(one, "uncertain", {"scenarios": 2000}, by="a"), room.ask(one, "failures", {}, by="a")
        os.kill(room.jobs._running[job.id].pid, signal.SIGKILL)
        over = ended(room, job)
        assert (over.state, over.code) == ("failed", "lost")
        assert "memory" in over.hint
        assert answered(room, following)


def test_scenarios_are_solved_where_the_settings_say(tmp_path: Path) -> None:
    with room_in(tmp_path, where="spark://nowhere") as (room, _):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        over = ended(room, room.ask(one, "uncertain", {"scenarios": 2}, by="a"))
        assert (over.state, over.code) == ("failed", "usage")
        assert "dask" in over.hint


@pytest.mark.slow
def test_a_question_is_answered_by_processes_of_dask(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    with room_in(tmp_path, where="dask:2") as (room, _):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        assert answered(room, room.ask(one, "uncertain", {"scenarios": 20, "is_quick": True}, by="a"))


def test_too_little_memory_fails_the_question_and_not_the_tower(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, _):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        room.jobs._memory_bytes = 64 << 20
        over = ended(room, room.ask(one, "cheapest", {}, by="a"))
        assert over.state == "failed"
        assert over.code in {"memory", "lost"}
        assert over.hint
        room.jobs._memory_bytes = 4 << 30
        assert answered(room, room.ask(one, "cheapest", {}, by="a"))


def test_a_restart_finds_what_was_interrupted_and_starts_it_again(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, _):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        running = room.ask(one, "uncertain", {"scenarios": 3000}, by="a")
        waiting = room.ask(one, "failures", {}, by="a")
    with room_in(tmp_path) as (room, sequencer):
        assert {job.id: job.state for job in room.jobs.listed()} == {
            running.id: "interrupted",
            waiting.id: "interrupted",
        }
        assert room.book.answers() == []
        again = room.jobs.again(waiting.id)
        index = answered(room, again)
        assert room.jobs.job(running.id).state == "interrupted"  # type: ignore[union-attr]  # it is there
        assert sequencer.log.fact(index).fact.by == "a"
        assert not (tmp_path / "store" / "plans" / str(waiting.id) / "network").exists()


def test_a_damaged_note_of_a_job_is_left_out(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, _):
        one = room.put("tiny", tiny(), "tiny.xlsx", by="a")
        answered(room, room.ask(one, "failures", {}, by="a"))
    path = tmp_path / "store" / "plans" / "1" / "job.json"
    path.write_bytes(path.read_bytes()[:20])
    with room_in(tmp_path) as (room, _):
        assert room.jobs.listed() == []
        assert len(room.book.answers()) == 1


def test_a_job_survives_the_way_to_the_disk() -> None:
    job = Job(
        id=3, network="n", version=1, question="why", parameters={"failed": ["country:IN"], "gap": 0.01}, by="a",
        asked_at_ms=1, progress=Progress(seconds=1.5, gap=0.2),
    )  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode(job), type=Job) == job


@pytest.mark.slow
def test_stopped_it_keeps_the_best_plan_so_far_with_its_gap(tmp_path: Path) -> None:
    with room_in(tmp_path) as (room, _):
        one = room.put_example("a")
        job = room.ask(one, "cheapest", {"gap": 0.0, "seconds": 3600}, by="a")
        while not (job.progress and job.progress.gap is not None):
            job = room.jobs.wait(job.id, job, 120.0)  # type: ignore[assignment]  # it is there
            assert not job.is_over
        assert room.jobs.stop(job.id).is_stopping
        head, made = room.answer(answered(room, room.jobs.job(job.id) or job))
        assert (head.status, head.is_stopped) == ("feasible", True)
        assert head.gap is not None
        assert float(head.gap) > 0
        assert made.plan is not None
        assert made.plan.decisions or made.plan.flows
