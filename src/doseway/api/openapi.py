"""The description of the API (OpenAPI 3.1), made from the routes themselves; the same that is in docs/reference."""

from typing import Any, Final

import msgspec
from litestar import Litestar, Request, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from doseway import __version__
from doseway.api.problems import Problem
from doseway.api.refusals import PROBLEM

_REFUSAL: Final = {"description": "What went wrong, and what to do.", "content": {}}
_INDEX: Final = {"description": "How many facts the answer knew of.", "schema": {"type": "integer", "minimum": 0}}
_AT_LEAST: Final = {
    "name": "at_least",
    "in": "query",
    "description": "Wait, for at most a second, until the views have taken the fact at this index.",
    "required": False,
    "schema": {"type": "integer", "minimum": 0},
}
_METHODS: Final = ("get", "put", "post", "delete")


class _Whole(JsonRenderPlugin):
    """Shows the whole description, where Litestar by itself would show only what it knows of the routes."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002  # its own
        return msgspec.json.encode(description(request.app))


def config() -> OpenAPIConfig:
    """Return what the description says in general, without the pages that usually show it: they load from elsewhere."""
    schemes = {
        "key": SecurityScheme(type="http", scheme="bearer", description="`doseway key create` makes one."),
        "session": SecurityScheme(type="apiKey", name="doseway_session", security_scheme_in="cookie"),
    }
    return OpenAPIConfig(
        title="Doseway",
        version=__version__,
        description="What the tower of medicines on the move knows, and what it may be asked to do.",
        components=[Components(security_schemes=schemes)],  # type: ignore[arg-type]  # references are optional
        security=[{"key": []}, {"session": []}],
        render_plugins=[_Whole()],
        openapi_router=Router("/v1/schema", route_handlers=[], opt={"needs": "read"}, include_in_schema=False),
    )


def description(app: Litestar) -> dict[str, Any]:
    """Return the description, with what holds for all routes: the index, `at_least`, and problems as errors."""
    schema = app.openapi_schema.to_schema()
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    schema["components"]["schemas"]["Problem"] = _problem()
    for path in schema["paths"].values():
        for method in _METHODS:
            if method in path:
                _complete(path[method], content)
    return schema


def _complete(operation: dict[str, Any], content: dict[str, Any]) -> None:
    answers = {code: one for code, one in operation["responses"].items() if code.startswith("2") or code == "503"}
    for one in answers.values():
        one["headers"] = {**one.get("headers", {}), "Doseway-Index": _INDEX}
    operation["responses"] = {**answers, "default": {**_REFUSAL, "content": content}}
    operation["parameters"] = [*operation.get("parameters", []), _AT_LEAST]


def _problem() -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in ("type", "title", "code", "hint", "detail")}
    numbers = {name: {"type": "integer"} for name in ("status", "index")}
    return {
        "title": Problem.__name__,
        "description": (Problem.__doc__ or "").partition("\n")[0],
        "type": "object",
        "properties": {**texts, **numbers},
        "required": ["type", "title", "status", "code"],
    }
