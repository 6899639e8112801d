"""Errors as answers: problem details (RFC 9457) with the error's `code`, a `hint`, and the log index of the answer."""

import logging
from collections.abc import Callable
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotAuthorizedException, ValidationException

from doseway.api.refusals import PROBLEM, kind_of
from doseway.model.errors import (
    ConflictError,
    DataError,
    DosewayError,
    IntegrityError,
    Pushback,
    Unavailable,
    UsageError,
)

_LOG: Final = logging.getLogger("doseway.api")
_STATUS: Final[tuple[tuple[type[DosewayError], int], ...]] = (
    (Pushback, 429),
    (Unavailable, 503),
    (ConflictError, 409),
    (DataError, 422),
    (UsageError, 400),
    (IntegrityError, 500),
    (DosewayError, 500),
)
_CODES: Final = {
    400: "usage",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    412: "version-conflict",
    413: "too-large",
    415: "media-type",
    428: "version-required",
    503: "unavailable",
}
_HINTS: Final = {
    413: "Send less at once. How much is taken stands in the settings: `max_file_bytes` of `[doors.http]`."
}
_RETRY_S: Final = "5"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong.

    Attributes:
        type: `urn:doseway:problem:CODE`. code: stable, for programs.
        title: the sentence for people. hint: what to do next. detail: where in the input.
        index: how many facts the answer knew of.
    """

    type: str
    title: str
    status: int
    code: str
    hint: str = ""
    detail: str = ""
    index: int = 0


class NotFound(HTTPException):
    """There is no such thing; says what was looked for."""

    status_code = 404


class VersionMismatch(HTTPException):
    """`If-Match` names a version that is not the newest."""

    status_code = 412


class VersionRequired(HTTPException):
    """A document that exists is replaced without saying which version was read."""

    status_code = 428


def problem_of(error: Exception, index: int) -> tuple[Problem, dict[str, str]]:
    """Put an error into words, and the headers that go with it. What was not raised on purpose stays unsaid."""
    if isinstance(error, DosewayError):
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        headers = {"Retry-After": _RETRY_S} if isinstance(error, Unavailable) else {}
        where = str(error.where or "")
        return _problem(status, error.code, error.what, index, hint=error.hint, detail=where), headers
    if isinstance(error, HTTPException) and error.status_code < 500:  # noqa: PLR2004  # the client's
        code = _CODES.get(error.status_code, "usage")
        title = str(error.detail or code)
        hint = ""
        headers = dict(error.headers or {})
        if isinstance(error, NotAuthorizedException):
            headers["WWW-Authenticate"] = 'Bearer realm="doseway"'
            hint = "Sign in, or send an API key as `Authorization: Bearer KEY`."
        hint = hint or _HINTS.get(error.status_code, "")
        detail = _where(error) if isinstance(error, ValidationException) else ""
        return _problem(error.status_code, code, title, index, hint=hint, detail=detail), headers
    _LOG.error("a request failed", exc_info=error)
    return _problem(500, "fault", "this server failed, and its log says why", index), {}


def handler(
    index: Callable[[], int], page: Callable[[Request[Any, Any, Any], Problem], Response[Any]] | None
) -> Callable[[Request[Any, Any, Any], Exception], Response[Any]]:
    """Make the application's exception handler; browsers outside of the API get a page instead of JSON."""

    def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        problem, headers = problem_of(error, index())
        if page is not None and not request.url.path.startswith("/v1/") and _is_browser(request):
            answer = page(request, problem)
            answer.headers.update(headers)
            return answer
        return Response(problem, status_code=problem.status, media_type=PROBLEM, headers=headers)

    return handle


def _problem(status: int, code: str, title: str, index: int, *, hint: str = "", detail: str = "") -> Problem:
    return Problem(type=kind_of(code), title=title, status=status, code=code, hint=hint, detail=detail, index=index)


def _where(error: ValidationException) -> str:
    """Say which parameters or members are wrong, and how."""
    extra = error.extra if isinstance(error.extra, list) else []
    return "; ".join(f"{one.get('key', '')}: {one.get('message', '')}".strip(": ") for one in extra)


def _is_browser(request: Request[Any, Any, Any]) -> bool:
    return "text/html" in request.headers.get("accept", "")
