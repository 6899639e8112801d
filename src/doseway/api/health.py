"""For those who run it: alive, ready, and figures for Prometheus."""

import time
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from doseway.api.access import PUBLIC
from doseway.app.board import Tower
from doseway.model.errors import DosewayError

_BUCKETS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


_DOORS: Final = {
    "is_connected": "Whether the broker has us now: 1 or 0.",
    "breaks": "Connections that broke since the tower was opened.",
    "sessions_lost": "How often the broker had forgotten us: messages may be missing.",
    "admitted": "Messages that became durable since the tower was opened.",
    "lost": "Messages of QoS 0 that a broken connection took with it.",
}
"""The figures of a door that holds a connection."""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the tower can answer; `why_not` says what is wrong, `away` which doors' other side does not answer.

    A tower whose broker is away is ready: it answers, and what the broker keeps comes later.
    """

    is_ready: bool
    why_not: list[str]
    away: list[str] = []


class Meter:
    """The figures of one application; each application has its own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "doseway_http_requests", "Requests answered.", ("method", "status"), registry=self.registry
        )
        self.duration = Histogram(
            "doseway_http_request_duration_seconds",
            "Time until an answer began.",
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.size = Gauge("doseway_log_entries", "Facts under the last checkpoint.", registry=self.registry)
        self.lag = Gauge(
            "doseway_view_lag_facts", "Facts that a view has not taken yet.", ("view",), registry=self.registry
        )
        self.alerts = Gauge("doseway_alerts_open", "Open alerts, at most 500 counted.", registry=self.registry)
        self.silent = Gauge("doseway_devices_silent", "Devices that should be heard.", registry=self.registry)
        self.doors = {
            name: Gauge(f"doseway_door_{name}", text, ("door",), registry=self.registry)
            for name, text in _DOORS.items()
        }

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """Count and time what an application answers."""

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            started = time.perf_counter()

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    self.duration.observe(time.perf_counter() - started)
                    method = scope["method"] if scope["type"] == ScopeType.HTTP else ""
                    self.requests.labels(method, str(message["status"])).inc()
                await send(message)

            await app(scope, receive, sending)

        return run

    def text(self, tower: Tower) -> bytes:
        """Read the tower's figures and write all in Prometheus' text format."""
        status = tower.archive.status()
        self.size.set(status.size)
        for view in status.views:
            self.lag.labels(view.name).set(max(0, status.size - view.taken))
        for door in status.doors:
            for name, gauge in self.doors.items():
                gauge.labels(door.name).set(getattr(door, name))
        self.alerts.set(tower.board.counts().open_alerts)
        self.silent.set(tower.board.count_silent())
        return generate_latest(self.registry)


@get("/healthz", needs=PUBLIC, sync_to_thread=False, media_type="text/plain", tags=["operation"])
def healthz() -> str:
    """Say that the process answers."""
    return "ok\n"


@get("/readyz", needs="read", sync_to_thread=True, tags=["operation"])
def readyz(request: Request[Any, Any, Any]) -> Response[Ready]:
    """Say whether the log answers and the views keep up: 200, or 503 with what is wrong."""
    tower: Tower = request.app.state["tower"]
    away: list[str] = []
    try:
        status = tower.archive.status()
        why_not = [f"view {view.name}: {view.error}" for view in status.views if view.error]
        away = [door.name for door in status.doors if not door.is_connected]
    except DosewayError as error:
        why_not = [str(error)]
    return Response(Ready(is_ready=not why_not, why_not=why_not, away=away), status_code=503 if why_not else 200)


@get("/metrics", needs="read", sync_to_thread=True, media_type="text/plain", tags=["operation"])
def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the figures in Prometheus' text format."""
    state = request.app.state
    return Response(state["meter"].text(state["tower"]), media_type=CONTENT_TYPE_LATEST)
