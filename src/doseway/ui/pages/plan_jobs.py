"""A question under way: how far it is, with bound and gap; stopped, it keeps the best plan so far."""

from contextlib import suppress
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from doseway.app.plans.jobs import Job
from doseway.model.errors import ConflictError, DosewayError
from doseway.ui.pages import plan_words as words
from doseway.ui.pages.overview import Form
from doseway.ui.pages.plan import network_page, plans_of
from doseway.ui.pages.plan_forms import told
from doseway.ui.rendering import PageRequest, is_part, must_be_ours, render


@post("/plan/networks/{network:str}/ask", needs="plan", include_in_schema=False, sync_to_thread=True)
def ask_question(request: PageRequest, network: FromPath[str], data: Form) -> Response[Any]:
    """Ask a question about the newest version, and show how far it is."""
    must_be_ours(request, data)
    question = str(data.get("question", ""))
    if question not in words.TITLES:
        raise NotFoundException(f"there is no question {question!r}")
    room = plans_of(request)
    try:
        parameters = told(question, data)
        if question == "roadmap" and str(data.get("answer", "")).isdecimal():
            parameters["answer"] = int(data["answer"])
        one = room.version(network)
        job = room.ask(one, question, parameters, by=request.user.name, is_form=True)
    except DosewayError as error:
        return network_page(request, network, wrong=error, asked=question, typed=data)
    return Redirect(f"/plan/jobs/{job.id}", status_code=303)


@get("/plan/jobs/{job:int}", needs="read", include_in_schema=False, sync_to_thread=True)
def show_job(request: PageRequest, job: FromPath[int]) -> Response[str]:
    """Show how far a question is, or only that part when htmx asks; lead to the answer once there is one."""
    one = _known(request, job)
    if one.answer is not None and is_part(request):
        return Response("", headers={"HX-Redirect": f"/plan/answers/{one.answer}"})
    if one.answer is not None:
        return Redirect(f"/plan/answers/{one.answer}", status_code=303)
    context = {
        "job": one,
        "network": plans_of(request).version(one.network, one.version),
        "before": plans_of(request).jobs.position(one.id),
        "words": words,
        "wrong": None,
    }
    return render(request, "_plan_job.html" if is_part(request) else "plan_job.html", context)


@post("/plan/jobs/{job:int}/stop", needs="plan", include_in_schema=False, sync_to_thread=True)
def stop_job(request: PageRequest, job: FromPath[int], data: Form) -> Redirect:
    """End a question with the best plan so far; a second time, at once."""
    must_be_ours(request, data)
    _known(request, job)
    with suppress(ConflictError):  # it ended by itself in the meantime, which is as good
        plans_of(request).jobs.stop(job)
    return Redirect(f"/plan/jobs/{job}", status_code=303)


@post("/plan/jobs/{job:int}/again", needs="plan", include_in_schema=False, sync_to_thread=True)
def start_again(request: PageRequest, job: FromPath[int], data: Form) -> Redirect:
    """Start a question again that was interrupted."""
    must_be_ours(request, data)
    _known(request, job)
    plans_of(request).jobs.again(job)
    return Redirect(f"/plan/jobs/{job}", status_code=303)


def _known(request: PageRequest, number: int) -> Job:
    job = plans_of(request).jobs.job(number)
    if job is None:
        raise NotFoundException(f"there is no question {number}")
    return job
