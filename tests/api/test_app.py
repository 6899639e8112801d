"""The JSON API: paging, versions, freshness, problems, headers, evidence. Every answer is checked against OpenAPI."""

import threading
from typing import Any

import pytest
from tests.api.api_kit import Api, api_over

from doseway.model.documents import KINDS


def walk(api: Api, path: str) -> list[Any]:
    rows: list[Any] = []
    for _ in range(100):
        answer = api.viewer.get(path)
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        link = answer.headers.get("link")
        if link is None:
            return rows
        path = link.split(">")[0].removeprefix("<")
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(
    ("path", "key", "count"),
    [
        ("/v1/shipments?limit=7", "id", 60),
        ("/v1/shipments?limit=60", "id", 60),
        ("/v1/alerts?limit=3&state=open&state=closed&state=retracted", "alert", 10),
        ("/v1/devices?limit=11", "device", 60),
        ("/v1/shipments/shp-0001/timeline?limit=3", "index", 4),
    ],
)
def test_pages_give_every_row_once(api: Api, path: str, key: str, count: int) -> None:
    rows = walk(api, path)
    assert len({row[key] for row in rows}) == len(rows) == count


def test_shipments_are_found_by_words_phases_and_alerts(api: Api) -> None:
    assert {row["id"] for row in walk(api, "/v1/shipments?text=vaxilin%204704")} == {"shp-0004"}
    assert {row["phase"] for row in walk(api, "/v1/shipments?phase=planned&phase=closed")} == {"planned", "closed"}
    assert all(row["open_alerts"] for row in walk(api, "/v1/shipments?is_alerting=true"))
    assert len(api.viewer.get("/v1/positions").json()) == 45


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_comes_back_as_it_is_and_every_kind_can_be_listed(api: Api, kind: str) -> None:
    rows = walk(api, f"/v1/documents/{kind}?limit=25")
    assert rows
    one = rows[0]["document"]
    read = api.viewer.get(f"/v1/documents/{kind}/{one['id']}")
    assert (read.json(), read.headers["etag"]) == (one, '"1"')


def test_a_change_names_the_version_that_it_read(api: Api) -> None:
    path = "/v1/documents/site/basel-plant"
    read = api.quality.get(path)
    changed = read.json() | {"title": "Basel works"}
    assert api.quality.put(path, json=changed).status_code == 428
    assert api.quality.put(path, json=changed, headers={"if-match": '"2"'}).status_code == 412
    assert api.quality.put(path, json=changed, headers={"if-match": "*"}).status_code == 412
    put = api.quality.put(path, json=changed, headers={"if-match": read.headers["etag"]})
    assert (put.status_code, put.headers["etag"]) == (200, '"2"')
    again = api.quality.get(f"{path}?at_least={put.json()['index']}")
    assert (again.json(), again.headers["etag"]) == (changed, '"2"')
    assert api.quality.put(path, json=changed, headers={"if-match": '"1"'}).status_code == 412
    assert api.quality.put("/v1/documents/site/other", json=changed).status_code == 422
    assert (
        api.quality.put("/v1/documents/party/new", json={"id": "new"}, headers={"if-match": '"1"'}).status_code == 412
    )


def test_who_is_second_in_a_race_is_told(api: Api) -> None:
    put = api.memory.put

    def raced(document: Any, *, replaces: int, by: str) -> int:
        put(document, replaces=replaces, by="somebody else")
        return put(document, replaces=replaces, by=by)

    api.memory.put = raced  # type: ignore[method-assign]
    answer = api.quality.put("/v1/documents/party/new", json={"id": "new"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["hint"]


def test_at_least_waits_for_the_fact_and_says_when_it_does_not_come(api: Api) -> None:
    wanted = api.memory.index()
    timer = threading.Timer(0.1, lambda: api.memory.acknowledge("a000excursion", comment="seen", by="x"))
    timer.start()
    answer = api.viewer.get(f"/v1/alerts/a000excursion?at_least={wanted}")
    timer.join()
    assert (answer.status_code, answer.json()["comment"]) == (200, "seen")
    late = api.viewer.get(f"/v1/alerts?at_least={wanted + 100}")
    assert (late.status_code, late.headers["retry-after"]) == (503, "5")
    assert late.headers["doseway-index"] == str(api.memory.index())
    assert "Doseway-Index" in late.json()["hint"]
    assert api.viewer.get("/v1/alerts?at_least=soon").status_code == 400


def test_devices_come_and_go_and_two_shipments_do_not_share_one(api: Api) -> None:
    told = {"device": "TRK-1001", "at_ms": 1_773_237_600_000}
    assert api.logistics.post("/v1/shipments/shp-0002/devices", json=told).status_code == 409
    assert api.logistics.delete("/v1/shipments/shp-0001/devices/TRK-1001?at_ms=1773237600000").status_code == 200
    assert api.logistics.post("/v1/shipments/shp-0002/devices", json=told).status_code == 201
    assert api.memory.by_device["TRK-1001"].shipment == "shp-0002"
    assert api.logistics.delete("/v1/shipments/shp-0001/devices/TRK-1001?at_ms=1").status_code == 422


def test_channels_keep_their_extremes_and_gaps(api: Api) -> None:
    temperature = api.viewer.get("/v1/shipments/shp-0001/channels?buckets=50").json()[0]
    assert (temperature["quantity"], max(temperature["high_milli"]) > 31_000) == ("temperature", True)
    assert temperature["gaps_ms"]
    assert temperature["limits_milli"] == [15_000, 25_000]
    assert len(api.viewer.get("/v1/shipments/shp-0001/route?points=10").json()) == 10


def test_a_pack_is_sealed_and_verifies_and_a_changed_one_does_not(api: Api) -> None:
    answer = api.quality.post("/v1/shipments/shp-0001/evidence")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert int(answer.headers["doseway-seal"]) >= 3
    verified = api.quality.post("/v1/evidence/verify", content=answer.content).json()
    assert (verified["verdict"], verified["tampered"]) == ("NOT WITNESSED", [])
    changed = bytearray(answer.content)
    changed[len(changed) // 2] ^= 1
    assert api.quality.post("/v1/evidence/verify", content=bytes(changed)).json()["verdict"] == "TAMPERED"
    nothing = api.quality.post("/v1/shipments/shp-0002/evidence")
    assert (nothing.status_code, nothing.json()["code"]) == (422, "data")


def test_rules_are_tried_on_history_against_what_fired(api: Api) -> None:
    toml = api.viewer.get("/v1/profiles/usp-crt").json()["toml"]
    by_name = api.viewer.post("/v1/try", json={"rule": "usp-crt", "shipment": "shp-0001"}).json()
    by_text = api.viewer.post("/v1/try", json={"toml": toml, "shipment": "shp-0001"}).json()
    assert by_name == by_text
    (trial,) = by_name
    assert (trial["subject"], trial["verdict"]) == ("shp-0001", "undecided")
    assert {one["compared"] for one in trial["fired"]} <= {"new", "changed", "same"}
    narrow = {"rule": "usp-crt/above-25", "shipment": "shp-0001"}
    (hot,) = api.viewer.post("/v1/try", json=narrow).json()
    (cold,) = api.viewer.post("/v1/try", json={**narrow, "changes": {"limit_c": "90"}}).json()
    assert (len(hot["fired"]), cold["fired"]) == (1, [])
    (light,) = api.viewer.post("/v1/try", json={"rule": "own-vans", "device": "TRK-1001"}).json()
    assert [one["finding"]["rule"] for one in light["fired"]] == ["light"]
    everywhere = api.viewer.post("/v1/try", json={"rule": "light"}).json()
    assert len(everywhere) > 30


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 422, "data"),
        ({"rule": "light", "toml": "id = 1"}, 422, "data"),
        ({"toml": "id = 1", "shipment": "shp-0001"}, 422, "profile"),
        ({"rule": "ligth", "shipment": "shp-0001"}, 400, "usage"),
        ({"rule": "light", "changes": {"limit_lx": "5"}, "shipment": "shp-0001"}, 400, "usage"),
        ({"rule": "light", "changes": {"limit_lux": "much"}, "shipment": "shp-0001"}, 422, "profile"),
        ({"rule": "light", "shipment": "shp-9999"}, 422, "data"),
        ({"rule": "light", "device": "nobody"}, 422, "data"),
    ],
)
def test_what_cannot_be_tried_is_said(api: Api, asked: dict[str, Any], status: int, code: str) -> None:
    answer = api.viewer.post("/v1/try", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_books_are_listed_read_and_changed_by_who_may(api: Api) -> None:
    heads = api.viewer.get("/v1/watches").json()
    assert [(one["id"], one["is_own"]) for one in heads] == [("own-vans", True), ("standard", False)]
    read = api.viewer.get("/v1/documents/profile/own-fridge")
    changed = read.json() | {"title": "All fridges"}
    path, match = "/v1/documents/profile/own-fridge", {"if-match": read.headers["etag"]}
    assert api.logistics.put(path, json=changed, headers=match).status_code == 403
    assert api.quality.put(path, json=changed).status_code == 428
    assert api.quality.put(path, json=changed, headers=match).headers["etag"] == '"2"'
    assert (
        api.viewer.get("/v1/profiles/own-fridge").json()["toml"].startswith('id = "own-fridge"\ntitle = "All fridges"')
    )
    assert api.viewer.get("/v1/profiles/nothing").status_code == 404
    wrong = {"id": "w", "rules": [{"rule": "light", "id": "l", "rule_version": 1}]}
    answer = api.logistics.put("/v1/documents/watch/w", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "profile")


def test_a_table_is_imported_row_by_row(api: Api) -> None:
    table = b"id,title\nnorth,North\nSOUTH,South\n"
    answer = api.logistics.post("/v1/documents/party/import?name=parties.csv", content=table)
    assert [(one["row"], one["outcome"]) for one in answer.json()] == [(2, "new"), (3, "wrong")]
    assert api.logistics.post("/v1/documents/profile/import", content=b"id,rule\n").status_code == 403
    limits = b"id,rule,side,limit_c\nfridge,excursion,high,8\nfridge,freeze,,0\n"
    rows = api.quality.post("/v1/documents/profile/import?name=p.csv", content=limits).json()
    assert [(one["id"], one["outcome"]) for one in rows] == [("fridge", "new"), ("fridge", "new")]
    assert len(api.viewer.get("/v1/documents/profile/fridge").json()["rules"]) == 2
    assert api.quality.post("/v1/documents/party/import", content=b"\xff").status_code == 422


def test_what_is_wrong_before_a_departure_is_listed_and_milestones_are_reported(api: Api) -> None:
    (note,) = api.viewer.get("/v1/shipments/shp-0004/lint").json()
    assert (note["code"], note["is_advice"]) == ("no-device", False)
    assert {row["phase"] for row in walk(api, "/v1/shipments?is_unready=true")} == {"planned"}
    told = {"milestone": "departed", "at_ms": 1_773_237_600_000}
    assert api.viewer.post("/v1/shipments/shp-0004/milestones", json=told).status_code == 403
    assert (
        api.logistics.post("/v1/shipments/shp-0004/milestones", json={**told, "milestone": "sank"}).status_code == 400
    )
    assert api.logistics.post("/v1/shipments/shp-0004/milestones", json=told).status_code == 201
    assert api.viewer.get("/v1/shipments/shp-0004").json()["phase"] == "in-transit"
    assert api.viewer.get("/v1/shipments/none/lint").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/shipments/nope", 404, "not-found"),
        ("/v1/alerts/nope", 404, "not-found"),
        ("/v1/documents/site/nope", 404, "not-found"),
        ("/v1/documents/nope/x", 404, "not-found"),
        ("/v1/nope", 404, "not-found"),
        ("/v1/shipments?limit=0", 400, "usage"),
        ("/v1/shipments?limit=many", 400, "usage"),
        ("/v1/shipments?phase=lost", 400, "usage"),
        ("/v1/shipments/shp-0001/channels?buckets=99999", 400, "usage"),
        ("/v1/stream?after=-7", 400, "usage"),
    ],
)
def test_what_is_wrong_is_a_problem_with_code_and_index(api: Api, path: str, status: int, code: str) -> None:
    answer = api.viewer.get(path)
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["index"] == api.memory.index() == int(answer.headers["doseway-index"])


def test_bad_bodies_say_where(api: Api) -> None:
    for body in (b"", b"{", b"[]", b'{"comment": ""}', b'{"comment": "x", "other": 1}', b'{"comment": 3}', b"\xff\xfe"):
        answer = api.quality.post(
            "/v1/alerts/a000excursion/acknowledge", content=body, headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "usage"), body
    assert api.quality.post("/v1/log").status_code == 405


def test_a_fault_says_nothing_of_its_inside(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("/secret/path")

    api.memory.alerts = crash  # type: ignore[assignment,method-assign]
    answer = api.viewer.get("/v1/alerts")
    assert (answer.status_code, answer.json()["code"], "secret" in answer.text) == (500, "fault", False)
    assert "/secret/path" in caplog.text


@pytest.mark.parametrize("path", ["/v1/alerts", "/nope", "/healthz", "/v1/nope", "/sign-in"])
def test_every_answer_has_the_headers_that_keep_it_safe(api: Api, path: str) -> None:
    answer = api.viewer.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers


def test_behind_https_cookies_and_browsers_stay_on_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with api_over(tmp_path_factory.mktemp("https"), is_https=True) as api:
        assert api.nobody.get("/healthz").headers["strict-transport-security"].startswith("max-age=")
        api.accounts.add("maria", "correct-horse-battery", ["viewer"])
        answer = api.nobody.post(
            "/sign-in", data={"name": "maria", "password": "correct-horse-battery"}, follow_redirects=False
        )
        assert "Secure" in answer.headers["set-cookie"]


def test_ready_and_figures(api: Api) -> None:
    assert api.viewer.get("/readyz").json() == {"is_ready": True, "why_not": [], "away": []}
    figures = api.viewer.get("/metrics").text
    for name in (
        "doseway_log_entries 4.0",
        "doseway_alerts_open 8.0",
        "doseway_devices_silent 1.0",
        'doseway_view_lag_facts{view="shipments"} 0.0',
    ):
        assert name in figures
    assert api.viewer.get("/v1/log").json()["size"] == 4
    assert api.viewer.get("/v1/log/checkpoint").text.startswith("doseway.test/log\n4\n")


def test_the_description_is_served_and_lists_what_there_is(api: Api) -> None:
    described = api.viewer.get("/v1/schema/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert len(described["paths"]) > 30
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if method in {"get", "put", "post", "delete"}:
                assert operation["responses"]["default"]["content"]["application/problem+json"], path
