"""What the resources of planning share."""

import re
from typing import Annotated, Final

from litestar.params import PathParameter

from doseway.api.problems import NotFound
from doseway.api.v1.common import AnyRequest, tower_of
from doseway.app.plans.book import NetworkVersion
from doseway.app.plans.jobs import Job
from doseway.app.plans.room import PlanRoom
from doseway.model.errors import Unavailable, UsageError

_TAG: Final = re.compile(r'(?:W/)?"(\d{1,18})"')
Number = Annotated[int, PathParameter(ge=0, le=2**53)]


def plans_of(request: AnyRequest) -> PlanRoom:
    """Return the tower's planning.

    Raises:
        Unavailable: it has none.
    """
    room = tower_of(request).plans
    if room is None:
        raise Unavailable("this tower does no planning", hint="Open it with `doseway serve`.")
    return room


def known_version(request: AnyRequest, network: str, version: int | None = None) -> NetworkVersion:
    """Return a network in a version, by default the newest. Raises NotFound."""
    try:
        return plans_of(request).version(network, version)
    except UsageError as error:
        raise NotFound(error.what) from error


def known_job(request: AnyRequest, number: int) -> Job:
    """Return a question that was asked. Raises NotFound."""
    job = plans_of(request).jobs.job(number)
    if job is None:
        raise NotFound(f"there is no question {number}")
    return job


def tag_of(text: str) -> int | None:
    """Return the version that an entity tag names; None where it is none."""
    match = _TAG.fullmatch(text.strip())
    return int(match[1]) if match else None
