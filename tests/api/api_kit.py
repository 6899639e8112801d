"""An application over the fixture tower, and a client that checks every answer against the description of the API."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from argon2 import PasswordHasher
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient
from tests.ui.fixture_board import Memory, fixture_tower

from doseway.api.access import demo_visitor
from doseway.api.openapi import description
from doseway.app.accounts import Accounts
from doseway.app.logbook import SystemClock
from doseway.app.settings import DoorSettings, HttpSettings, Settings
from doseway.cli.composing import compose
from doseway.engines.accounts_sqlite import SqliteAccounts
from doseway.model.accounts import ROLES

PASSWORD = "correct-horse-battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ADDRESS = "http://127.0.0.1"


class Checked(TestClient[Litestar]):
    """A client whose every JSON answer below /v1 has to be as the description says."""

    key = ""

    def request(self, method: str, url: Any, **kwargs: Any) -> Response:
        headers = dict(kwargs.pop("headers", None) or {})
        if self.key:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        answer = super().request(method, url, headers=headers, **kwargs)
        check(self.app, method.lower(), answer)
        return answer


def check(app: Litestar, method: str, answer: Response) -> None:
    path = answer.request.url.path
    operation = operation_of(document(app), path, method)
    if operation is None:
        return
    described = operation["responses"].get(str(answer.status_code)) or operation["responses"]["default"]
    assert "doseway-index" in answer.headers
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code >= 400 and answer.status_code != 503:
        assert kind == "application/problem+json", (path, answer.text)
    if not kind.endswith("json"):
        return
    schema = described["content"][kind]["schema"]
    jsonschema_rs.validator_for({**schema, "components": document(app)["components"]}).validate(answer.json())


_DOCUMENT: dict[str, Any] = {}


def document(app: Litestar) -> dict[str, Any]:
    """The description, made once: it is of the routes, and these are the same in every application."""
    if not _DOCUMENT:
        _DOCUMENT.update(description(app))
    return _DOCUMENT


@cache
def pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]+\}", r"[^/]+", template))


def operation_of(doc: dict[str, Any], path: str, method: str) -> dict[str, Any] | None:
    found = [template for template in doc["paths"] if pattern(template).fullmatch(path)]
    template = min(found, key=lambda one: one.count("{"), default=None)
    return doc["paths"][template].get(method) if template else None


class Api:
    """The application, its memory, its accounts, and a client for each role."""

    def __init__(self, app: Litestar, memory: Memory, accounts: Accounts, clients: dict[str, Checked]) -> None:
        self.app = app
        self.memory = memory
        self.accounts = accounts
        self.clients = clients
        self.nobody = clients["nobody"]
        self.quality = clients["quality"]
        self.viewer = clients["viewer"]
        self.logistics = clients["logistics"]


@contextmanager
def api_over(
    folder: Path, *, is_https: bool = False, is_demo: bool = False, http: HttpSettings | None = None
) -> Iterator[Api]:
    store = SqliteAccounts(folder / "accounts.sqlite")
    accounts = Accounts(store, SystemClock(), CHEAP)
    doors = DoorSettings(http=http or HttpSettings())
    settings = Settings(store=folder / "store", is_https=is_https, doors=doors)
    with fixture_tower(folder) as (tower, memory):
        app = compose(tower, accounts, settings, is_demo=is_demo)
        clients = {name: Checked(app, base_url=ADDRESS) for name in ("nobody", *ROLES)}
        for role in ROLES:
            clients[role].key = accounts.create_key(role, roles=[role])[1]
        with clients["nobody"]:
            yield Api(app, memory, accounts, clients)
    store.close()


__all__ = ["ADDRESS", "CHEAP", "PASSWORD", "Api", "Checked", "api_over", "demo_visitor"]
