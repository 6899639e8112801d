"""Refusals and failures as RFC 9457 problem details: a stable code, what happened, and what to do next."""

from typing import Any, Final

from doseway.api.asgi import Refused, Response
from doseway.model.canonical import encode

PROBLEM: Final = "application/problem+json"
_TITLES: Final = {
    400: "The request is malformed",
    401: "Who are you?",
    403: "This key may not do that",
    404: "There is nothing here",
    405: "This method does not work here",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "This kind of body is not taken",
    422: "The body cannot be decoded",
    429: "Too much is waiting",
    503: "The log does not answer",
}
_CODES: Final = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method",
    408: "too-slow",
    413: "too-large",
    415: "media-type",
}


def problem(
    status: int,
    detail: str,
    *headers: tuple[bytes, bytes],
    code: str = "",
    hint: str = "",
    **members: Any,
) -> Response:
    """Make a problem answer; `code` defaults to the usual one of the status, `members` are further JSON members."""
    code = code or _CODES[status]
    document = {
        "type": f"urn:doseway:problem:{code}",
        "title": _TITLES[status],
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint,
        **members,
    }
    return Response(status, encode(document) + b"\n", PROBLEM, ((b"cache-control", b"no-store"), *headers))


def as_problem(refusal: Refused) -> Refused:
    """Turn a refusal in plain words into a problem; one that is a problem stays as it is."""
    response = refusal.response
    if response.content_type == PROBLEM:
        return refusal
    extra = [header for header in response.headers if header[0] != b"cache-control"]
    return Refused(problem(response.status, response.body.decode().strip(), *extra))
