"""Every route is closed to those who may not pass, and the list of routes is the application's own."""

from pathlib import Path
from typing import Any

import pytest
from litestar import get
from litestar.handlers import HTTPRouteHandler
from litestar.routes import ASGIRoute
from litestar.testing import TestClient
from tests.api.api_kit import ADDRESS, PASSWORD, Api, api_over

from doseway.app.accounts import open_accounts
from doseway.app.live import seen
from doseway.app.logbook import SystemClock
from doseway.app.settings import Settings
from doseway.app.tower.opening import open_tower
from doseway.cli.composing import compose
from doseway.cli.serve import doors_of
from doseway.model.accounts import ALLOWS, ROLES

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("POST", "/preferences"),
    ("GET", "/static/{name}"),
}
FILLED = {
    "shipment": "shp-0001",
    "alert": "a000excursion",
    "device": "TRK-1001",
    "document": "basel-plant",
    "kind": "site",
    "path": "x",
    "profile": "usp-cct",
    "watch": "standard",
    "name": "app.js",
    "network": "tiny",
    "version": "1",
    "job": "1",
    "answer": "1",
    "ending": "html",
    "question": "cheapest",
}


def routes(api: Api) -> list[tuple[str, str, HTTPRouteHandler]]:
    """Every method and path of the application, but for HEAD and OPTIONS, which Litestar adds."""
    found = []
    for route in api.app.routes:
        for handler in getattr(route, "route_handlers", []):
            methods = sorted(handler.http_methods - {"OPTIONS", "HEAD"})
            found += [(method, route.path_format, handler) for method in methods]
    return found


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def opened(api: Api) -> set[tuple[str, str]]:
    """The routes that anybody may use."""
    return {(method, path) for method, path, handler in routes(api) if handler.opt.get("needs") == "public"}


def test_nothing_but_health_and_sign_in_answers_without_them(api: Api) -> None:
    listed = routes(api)
    assert len(listed) > 55
    assert opened(api) == OPEN
    for method, path, _ in listed:
        if (method, path) not in OPEN:
            answer = api.nobody.request(method, filled(path))
            assert answer.status_code == 401, (method, path, answer.status_code)


def test_a_route_that_says_nothing_is_closed_to_everybody_and_one_that_is_open_is_noticed(api: Api) -> None:
    """What the other tests rest on: they take the routes from the application, so a new one is among them."""

    @get("/v1/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "anybody may read this"

    @get("/v1/too-open", needs="public", sync_to_thread=False)
    def too_open() -> str:
        return "anybody may read this"

    api.app.register(forgotten)
    assert opened(api) == OPEN
    assert api.nobody.get("/v1/forgotten").status_code == 401
    assert {api.clients[role].get("/v1/forgotten").status_code for role in ROLES} == {403}
    assert [handler.opt.get("needs") for _, path, handler in routes(api) if path == "/v1/forgotten"] == [None]
    api.app.register(too_open)
    assert opened(api) == OPEN | {("GET", "/v1/too-open")}, "and the test before this one would fail"


def test_the_mounted_applications_let_nobody_in_either(tmp_path: Path) -> None:
    """The ingest door guards itself, and the log for witnesses is guarded: every mount of `doseway serve` is listed."""
    settings, clock = Settings(store=tmp_path / "store"), SystemClock()
    with open_tower(settings, clock=clock) as tower:
        accounts = open_accounts(settings)
        mounts = doors_of(settings, tower, clock)(accounts)
        app = compose(seen(settings, tower), accounts, settings, mounts=mounts, clock=clock)
        listed = {route.path for route in app.routes if isinstance(route, ASGIRoute)}
        assert listed == {"/ingest", "/tlog"}, "a mount is missing from this test"
        with TestClient(app, base_url=ADDRESS) as client:
            asked = [client.post("/ingest/tive", content=b"{}"), client.get("/ingest/osmand?id=1")]
            asked += [client.get("/tlog/checkpoint"), client.get("/tlog/tile/0/000"), client.post("/tlog/x")]
            assert {one.status_code for one in asked} == {401}
            viewer = {"Authorization": f"Bearer {accounts.create_key('v', roles=['viewer'])[1]}"}
            assert client.get("/tlog/checkpoint", headers=viewer).status_code == 403
            assert client.post("/ingest/tive", content=b"{}", headers=viewer).status_code == 401
            prover = {"Authorization": f"Bearer {accounts.create_key('q', roles=['quality'])[1]}"}
            note = client.get("/tlog/checkpoint", headers=prover)
            size = int(note.text.splitlines()[1])
            assert (note.status_code, size) == (200, tower.sequencer.log.size)
            assert client.get(f"/tlog/tile/0/000.p/{size}", headers=prover).status_code == 200
        accounts.store.close()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_passes_where_it_may_and_nowhere_else(api: Api, role: str) -> None:
    client = api.clients[role]
    for method, path, handler in routes(api):
        needs: Any = handler.opt.get("needs")
        if needs == "public" or path == "/v1/stream":
            continue
        answer = client.request(method, filled(path))
        is_allowed = role in ALLOWS[needs]
        assert (answer.status_code != 403) is is_allowed, (role, method, path, answer.status_code, answer.text[:200])
        assert answer.status_code < 500, (method, path, answer.text)


def test_quality_alone_decides_and_changes_products(api: Api) -> None:
    decision = {"disposition": "release", "reason": "MKT 5.1 °C, see the report"}
    for role, expected in (("admin", 403), ("logistics", 403), ("quality", 201)):
        assert api.clients[role].post("/v1/shipments/shp-0001/disposition", json=decision).status_code == expected
    product = {"id": "new-product"}
    assert api.logistics.put("/v1/documents/product/new-product", json=product).status_code == 403
    assert api.quality.put("/v1/documents/product/new-product", json=product).status_code == 200


def signed_in(api: Api) -> str:
    """Sign in as quality with a cookie; returns the session's secret."""
    api.accounts.add("maria", PASSWORD, ["quality"])
    answer = api.nobody.post(
        "/sign-in", data={"name": "maria", "password": PASSWORD, "then": "/alerts"}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    who = api.accounts.who_has_session(api.nobody.cookies["doseway_session"])
    assert who is not None
    return who.csrf


def test_a_session_needs_its_secret_for_every_change(api: Api) -> None:
    csrf = signed_in(api)
    assert api.nobody.get("/v1/alerts").status_code == 200
    comment = {"comment": "seen"}
    assert api.nobody.post("/v1/alerts/a000excursion/acknowledge", json=comment).status_code == 403
    assert (
        api.nobody.post(
            "/v1/alerts/a000excursion/acknowledge", json=comment, headers={"x-csrf-token": "no"}
        ).status_code
        == 403
    )
    assert (
        api.nobody.post(
            "/v1/alerts/a000excursion/acknowledge", json=comment, headers={"x-csrf-token": csrf}
        ).status_code
        == 201
    )
    assert api.memory.by_alert["a000excursion"].acknowledged_by == "account:maria"
    for method, path, handler in routes(api):
        if method == "POST" and not path.startswith("/v1") and handler.opt["needs"] != "public":
            is_upload = "import" in path or "verify" in path
            form = {"files": {"file": ("a.txt", b"x")}} if is_upload else {"data": {"comment": "x"}}
            answer = api.nobody.request(method, filled(path), **form)
            assert answer.status_code == 403, (path, answer.status_code)


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_a_page_of_another_site_changes_nothing(api: Api, headers: dict[str, str]) -> None:
    csrf = signed_in(api)
    answer = api.nobody.post(
        "/v1/alerts/a000excursion/acknowledge", json={"comment": "x"}, headers=headers | {"x-csrf-token": csrf}
    )
    assert answer.status_code == 403
    assert api.nobody.post("/sign-in", data={"name": "maria", "password": PASSWORD}, headers=headers).status_code == 403


def test_a_demonstration_is_open_to_this_machine_by_its_own_name_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    with api_over(tmp_path_factory.mktemp("demo"), is_demo=True) as api:
        assert api.nobody.get("/v1/alerts").status_code == 200
        assert api.nobody.get("/v1/alerts", headers={"host": "rebound.example:7370"}).status_code == 401


def test_a_refused_and_a_good_sign_in_are_facts_and_a_guess_is_not_told_why(api: Api) -> None:
    before = api.app.state["tower"].archive.status().size
    wrong = api.nobody.post("/sign-in", data={"name": "nobody-here", "password": "secret-in-the-wrong-field"})
    assert wrong.status_code == 403
    signed_in(api)
    assert api.app.state["tower"].archive.status().size == before + 2
    again = api.nobody.post("/sign-in", data={"name": "maria", "password": "not-this-password"})
    assert (again.status_code, "wrong" in again.text) == (403, True)


def test_whoever_guesses_too_often_has_to_wait(api: Api) -> None:
    codes = [
        api.nobody.post("/sign-in", data={"name": "maria", "password": f"guess-{number}"}).status_code
        for number in range(12)
    ]
    assert codes == [403] * 10 + [429] * 2


def test_sign_out_ends_the_session_on_the_server(api: Api) -> None:
    signed_in(api)
    token = api.nobody.cookies["doseway_session"]
    api.nobody.post("/sign-out", follow_redirects=False)
    assert api.accounts.who_has_session(token) is None


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_sign_in_leads_nowhere_else(api: Api, then: str) -> None:
    api.accounts.add("maria", PASSWORD, ["quality"])
    answer = api.nobody.post(
        "/sign-in", data={"name": "maria", "password": PASSWORD, "then": then}, follow_redirects=False
    )
    assert answer.headers["location"] == "/"
