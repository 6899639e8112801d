"""The application: the JSON API, the pages that it is given, and raw ASGI applications mounted beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Litestar, Request, Response, asgi
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

from doseway.api import access, fresh, health, openapi
from doseway.api.asgi import Application
from doseway.api.headers import protect
from doseway.api.patience import hurried
from doseway.api.problems import Problem, handler
from doseway.api.v1 import (
    alerts,
    documents,
    evidence,
    files,
    plan_answers,
    plan_networks,
    plan_questions,
    rules,
    shipments,
    stream,
)
from doseway.app.accounts import Accounts
from doseway.app.board import Tower
from doseway.model.accounts import Who

MOST_BODY_BYTES: Final = 64 * 1024 * 1024
MOST_FILE_BYTES: Final = 2 << 30


@dataclass(frozen=True)
class Mount:
    """A raw ASGI application below a path; `needs` is the permission, or `public` where it guards itself."""

    app: Application
    needs: str = access.PUBLIC


@dataclass(frozen=True)
class Pages:
    """What the pages bring: their routes, and the page that says what went wrong."""

    routes: Sequence[ControllerRouterHandler] = ()
    problem: Callable[[Request[Any, Any, Any], Problem], Response[Any]] | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


def make_app(
    tower: Tower,
    accounts: Accounts,
    *,
    pages: Pages | None = None,
    mounts: Mapping[str, Mount] | None = None,
    is_https: bool = False,
    visitor: Who | None = None,
    most_file_bytes: int = MOST_FILE_BYTES,
) -> Litestar:
    """Make the application.

    Args:
        tower: what it is about.
        accounts: who may come in.
        pages: what people see; None: the API alone.
        mounts: by path, such as `/ingest`.
        is_https: whether browsers reach it by https.
        visitor: who everybody is without signing in, in a demonstration on loopback only; None: nobody.
        most_file_bytes: of a logger's file; it is streamed to the disk.
    """
    shown = pages or Pages()
    meter = health.Meter()
    state = State({"tower": tower, "accounts": accounts, "meter": meter, "is_https": is_https, **shown.state})
    refuse = handler(tower.board.index, shown.problem)
    app = Litestar(
        route_handlers=[
            *_api(most_file_bytes),
            *shown.routes,
            *(_mounted(path, one) for path, one in (mounts or {}).items()),
        ],
        guards=[access.guard],
        before_request=fresh.wait(tower.board),
        exception_handlers={HTTPException: refuse, Exception: refuse},
        openapi_config=openapi.config(),
        request_max_body_size=MOST_BODY_BYTES,
        state=state,
        logging_config=None,
    )
    # Around everything, so that an address that does not exist is answered like any other.
    handled = hurried(access.identify(accounts, visitor)(app.asgi_handler))
    app.asgi_handler = meter.middleware(protect(is_https=is_https)(fresh.stamp(tower.board)(handled)))
    return app


def _api(most_file_bytes: int) -> list[ControllerRouterHandler]:
    return [
        shipments.routes(),
        alerts.routes(),
        *documents.routes(),
        evidence.routes(),
        files.routes(most_file_bytes),
        plan_networks.routes(),
        plan_questions.routes(),
        plan_answers.routes(),
        rules.routes(),
        stream.routes(),
        health.healthz,
        health.readyz,
        health.metrics,
    ]


def _mounted(path: str, mount: Mount) -> ControllerRouterHandler:
    inner: ASGIApp = mount.app  # type: ignore[assignment]  # our own words for the same protocol

    @asgi(path, is_mount=True, copy_scope=True, needs=mount.needs)
    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = scope["path"].rstrip("/")  # Litestar takes the prefix away, and ends what is left by a slash
        await inner(scope, receive, send)

    return run
