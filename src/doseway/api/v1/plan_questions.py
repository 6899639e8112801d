"""Planning, what is asked: a question becomes a job that is watched, stopped with the best plan so far, answered."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Response, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from doseway.api.v1.common import AnyRequest, Id
from doseway.api.v1.plan_common import Number, known_job, known_version, plans_of
from doseway.app.plans import asks
from doseway.app.plans.jobs import Job
from doseway.app.plans.room import PlanRoom

HEARTBEAT_S: Final = 10.0
Version = Annotated[int | None, QueryParameter(ge=1, le=2**31, description="Of the network; by default the newest.")]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question that can be asked, and what it may be told, with the defaults."""

    id: str
    title: str
    parameters: dict[str, Any]


@get("/plan/questions", needs="read", sync_to_thread=False)
def list_questions() -> list[Question]:
    """List the questions; each is asked at `/v1/plan/networks/{network}/questions/{id}`."""
    return [
        Question(id=name, title=asks.TITLES[name], parameters=msgspec.to_builtins(kind()))
        for name, kind in asks.ASKS.items()
    ]


def _asked(request: AnyRequest, network: str, version: int | None, question: str, ask: asks.Ask) -> Response[Job]:
    """Put a question into the queue, and say where it can be watched."""
    one = known_version(request, network, version)
    job = plans_of(request).ask(one, question, msgspec.to_builtins(ask), by=request.user.name)
    return Response(job, status_code=202, headers={"Location": f"/v1/plan/jobs/{job.id}"})


@post("/plan/networks/{network:str}/questions/cheapest", needs="plan", status_code=202, sync_to_thread=True)
def ask_cheapest(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskCheapest], version: Version = None
) -> Response[Job]:
    """Ask for the cheapest plan that serves demand."""
    return _asked(request, network, version, "cheapest", data)


@post("/plan/networks/{network:str}/questions/capacity", needs="plan", status_code=202, sync_to_thread=True)
def ask_capacity(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskCapacity], version: Version = None
) -> Response[Job]:
    """Ask how many doses more idle capacity gives, at what cost, and what binds."""
    return _asked(request, network, version, "capacity", data)


@post("/plan/networks/{network:str}/questions/resource", needs="plan", status_code=202, sync_to_thread=True)
def ask_resource(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskResource], version: Version = None
) -> Response[Job]:
    """Ask what to re-source, and what a maximum share by country costs."""
    return _asked(request, network, version, "resource", data)


@post("/plan/networks/{network:str}/questions/export", needs="plan", status_code=202, sync_to_thread=True)
def ask_export(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskExport], version: Version = None
) -> Response[Job]:
    """Ask what export adds."""
    return _asked(request, network, version, "export", data)


@post("/plan/networks/{network:str}/questions/buffer", needs="plan", status_code=202, sync_to_thread=True)
def ask_buffer(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskBuffer], version: Version = None
) -> Response[Job]:
    """Ask where buffer stock of what buys most."""
    return _asked(request, network, version, "buffer", data)


@post("/plan/networks/{network:str}/questions/failures", needs="plan", status_code=202, sync_to_thread=True)
def ask_failures(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskFailures], version: Version = None
) -> Response[Job]:
    """Ask which failures hurt: time to survive against time to recover, ranked."""
    return _asked(request, network, version, "failures", data)


@post("/plan/networks/{network:str}/questions/uncertain", needs="plan", status_code=202, sync_to_thread=True)
def ask_uncertain(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskUncertain], version: Version = None
) -> Response[Job]:
    """Ask what to decide now: expected cost, worst cases, chance of a shortage by tier."""
    return _asked(request, network, version, "uncertain", data)


@post("/plan/networks/{network:str}/questions/frontier", needs="plan", status_code=202, sync_to_thread=True)
def ask_frontier(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskFrontier], version: Version = None
) -> Response[Job]:
    """Ask what resilience costs: cost against the largest share of one country."""
    return _asked(request, network, version, "frontier", data)


@post("/plan/networks/{network:str}/questions/roadmap", needs="plan", status_code=202, sync_to_thread=True)
def ask_roadmap(
    request: AnyRequest, network: Id, data: JSONBody[asks.AskRoadmap], version: Version = None
) -> Response[Job]:
    """Ask what to decide when, of the plan in an answer or of the cheapest one."""
    return _asked(request, network, version, "roadmap", data)


@post("/plan/networks/{network:str}/questions/why", needs="plan", status_code=202, sync_to_thread=True)
def ask_why(request: AnyRequest, network: Id, data: JSONBody[asks.AskWhy], version: Version = None) -> Response[Job]:
    """Ask why a dose is short: the cut through which no more of it can come."""
    return _asked(request, network, version, "why", data)


@get("/plan/jobs", needs="read", sync_to_thread=True)
def list_jobs(request: AnyRequest) -> list[Job]:
    """List the questions that wait, run or have ended, the newest first."""
    return plans_of(request).jobs.listed()


@get("/plan/jobs/{job:int}", needs="read", sync_to_thread=True)
def get_job(request: AnyRequest, job: Number) -> Job:
    """Return how far a question is; once it is answered, `answer` is at `/v1/plan/answers/{answer}`."""
    return known_job(request, job)


@post("/plan/jobs/{job:int}/stop", needs="plan", status_code=200, sync_to_thread=True)
def stop_job(request: AnyRequest, job: Number) -> Job:
    """End a question with the best plan so far, which is its answer; a second time, end it at once."""
    known_job(request, job)
    return plans_of(request).jobs.stop(job)


@post("/plan/jobs/{job:int}/again", needs="plan", status_code=202, sync_to_thread=True)
def start_again(request: AnyRequest, job: Number) -> Job:
    """Start a question again that was interrupted; it goes on from its checkpoint where it left one."""
    known_job(request, job)
    return plans_of(request).jobs.again(job)


@get(
    "/plan/jobs/{job:int}/events",
    needs="read",
    media_type="text/event-stream",
    responses={
        200: ResponseSpec(
            str, generate_examples=False, media_type="text/event-stream", description="Events until it is over."
        )
    },
)
async def watch_job(request: AnyRequest, job: Number) -> Response[Any]:
    """Stream a question as server-sent events, each the whole job as it stands, until it is over."""
    return ServerSentEvent(_events(plans_of(request), known_job(request, job)))


async def _events(room: PlanRoom, job: Job) -> AsyncIterator[ServerSentEventMessage]:
    seen: Job | None = job
    while seen is not None:
        yield ServerSentEventMessage(event="job", data=msgspec.json.encode(seen).decode())
        if seen.is_over:
            return
        before = seen
        while seen == before:
            seen = await asyncio.to_thread(room.jobs.wait, job.id, before, HEARTBEAT_S)
            if seen == before:
                yield ServerSentEventMessage(comment="still here")


def routes() -> Router:
    """Return the routes of this file."""
    handlers: list[Any] = [
        list_questions, ask_cheapest, ask_capacity, ask_resource, ask_export, ask_buffer, ask_failures, ask_uncertain,
        ask_frontier, ask_roadmap, ask_why, list_jobs, get_job, stop_job, start_again, watch_job,
    ]  # fmt: skip
    return Router("/v1", route_handlers=handlers, tags=["planning"])
