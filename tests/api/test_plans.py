"""Planning over HTTP: networks in versions, questions as jobs, answers as kept. All are checked against OpenAPI."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from litestar.testing import TestClient
from tests.api.api_kit import ADDRESS, PASSWORD, Api, Checked
from tests.app.plans.plan_kit import csv_zip, tiny, workbook

from doseway.app.plans.asks import ASKS
from doseway.ledger.proof import parse_proof
from doseway.model.ids import commitment
from doseway.plan.example import example_files

XLSX = {"content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
JSON = "application/json"


def put(api: Api, name: str = "tiny", data: bytes | None = None, **headers: str) -> Any:
    planner = api.clients["planner"]
    return planner.put(f"/v1/plan/networks/{name}", content=data or tiny(), headers={**XLSX, **headers})


def ask(api: Api, question: str, told: dict[str, Any] | None = None, network: str = "tiny") -> dict[str, Any]:
    planner = api.clients["planner"]
    answer = planner.post(f"/v1/plan/networks/{network}/questions/{question}", json=told or {})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/plan/jobs/{answer.json()['id']}"
    return over(planner, answer.headers["location"])


def over(client: Checked, address: str) -> dict[str, Any]:
    """Follow the events of a job to its end."""
    said = client.get(f"{address}/events").text
    lines = [line.removeprefix("data: ") for line in said.splitlines() if line.startswith("data: ")]
    job: dict[str, Any] = json.loads(lines[-1])
    assert job == client.get(address).json()
    return job


def test_a_network_comes_in_versions_and_a_change_names_what_it_read(api: Api) -> None:
    first = put(api)
    assert (first.status_code, first.headers["etag"], first.json()["findings"]) == (200, '"1"', [])
    assert first.json()["network"]["rows"]["lanes"] == 7
    changed = workbook(periods=[{"period": "Q1", "start": "2027-01-01", "days": 90}])
    assert put(api, data=changed).status_code == 428
    assert put(api, data=changed, **{"if-match": '"7"'}).status_code == 412
    assert put(api, "other", data=changed, **{"if-match": '"1"'}).status_code == 412
    second = put(api, data=changed, **{"if-match": first.headers["etag"]})
    assert second.json()["network"]["version"] == 2
    assert [one["version"] for one in api.viewer.get("/v1/plan/networks/tiny/versions").json()] == [2, 1]
    again = api.viewer.get("/v1/plan/networks/tiny/versions/1/file")
    assert again.content == tiny()
    assert api.viewer.get("/v1/plan/networks/tiny").headers["etag"] == '"2"'
    assert [one["network"] for one in api.viewer.get("/v1/plan/networks").json()] == ["tiny"]
    assert first.json()["network"]["by"].startswith("key:")


def test_what_is_wrong_is_said_with_file_row_and_column_and_marked(api: Api) -> None:
    files: dict[str, str | bytes] = dict(example_files())
    files["periods.csv"] = "period,start,days\nQ1,2027-01-01,90\nQ2,2027-13-45,90\n"
    planner = api.clients["planner"]
    answer = planner.put("/v1/plan/networks/bad?name=bad.zip", content=csv_zip(files))
    assert answer.status_code == 200
    [found] = answer.json()["findings"]
    assert (found["severity"], found["file"]) == ("error", "periods.csv")
    assert (found["row"], found["column"]) == (3, 2)
    assert answer.json()["network"]["errors"] == 1
    marked = api.viewer.get("/v1/plan/networks/bad/versions/1/marked")
    assert marked.content.startswith(b"PK")
    refused = planner.post("/v1/plan/networks/bad/questions/cheapest", json={})
    assert (refused.status_code, refused.json()["code"]) == (422, "data")


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("x.zip", b"no zip", 422),
        ("x.zip", csv_zip({"readme.txt": "nothing"}), 422),
        ("x.txt", b"words", 422),
        ("", b"words", 400),
    ],
)
def test_what_is_no_network_is_refused_and_not_kept(api: Api, name: str, data: bytes, status: int) -> None:
    planner = api.clients["planner"]
    answer = planner.put(f"/v1/plan/networks/x?name={name}", content=data)
    assert answer.status_code == status
    assert answer.json()["hint"] or answer.json()["detail"]
    assert api.viewer.get("/v1/plan/networks").json() == []


def test_a_question_is_answered_and_its_answer_is_kept_with_who_what_and_how_good(api: Api) -> None:
    put(api)
    job = ask(api, "cheapest", {"gap": 0.001})
    assert (job["state"], job["parameters"]) == ("answered", {"gap": 0.001})
    answer = api.viewer.get(f"/v1/plan/answers/{job['answer']}")
    head = answer.json()["head"]
    assert (head["network"], head["version"], head["question"], head["status"]) == ("tiny", 1, "cheapest", "optimal")
    assert (head["parameters"], head["by"]) == ({"gap": "0.001"}, job["by"])
    assert head["solver"].startswith("HiGHS 1.")
    assert float(head["bound"]) <= float(head["cost"])
    assert float(head["gap"]) <= 0.001
    assert answer.json()["answer"]["plan"]["network"] == head["tables_sha256"]
    assert answer.headers["etag"] == f'"{head["answer_sha256"]}"'
    assert [one["title"] for one in answer.json()["chapters"]][:1] == ["Cheapest plan that serves demand"]
    listed = api.viewer.get("/v1/plan/answers?network=tiny&question=cheapest").json()
    assert [one["index"] for one in listed] == [job["answer"]]


def test_every_question_is_listed_with_what_it_may_be_told_and_can_be_asked(api: Api) -> None:
    put(api)
    listed = {one["id"]: one["parameters"] for one in api.viewer.get("/v1/plan/questions").json()}
    assert set(listed) == set(ASKS)
    for name in ("failures", "frontier", "why"):
        told = {"failed": ["country:CN"], "product": "vial"} if name == "why" else {}
        job = ask(api, name, told)
        assert job["state"] == "answered", job
        answer = api.viewer.get(f"/v1/plan/answers/{job['answer']}").json()
        assert answer["chapters"][0]["words"]
        assert answer["chapters"][0]["figures"]


@pytest.mark.parametrize(
    ("question", "told", "status"),
    [
        ("cheapest", {"gap": 2}, 400),
        ("cheapest", {"speed": 1}, 400),
        ("frontier", {"shares": [1.5]}, 400),
        ("failures", {"scopes": ["planets"]}, 400),
        ("riddle", {}, 404),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(api: Api, question: str, told: Any, status: int) -> None:
    put(api)
    answer = api.clients["planner"].post(f"/v1/plan/networks/tiny/questions/{question}", json=told)
    assert answer.status_code == status, answer.text


def test_what_the_network_does_not_have_fails_the_question_and_says_so(api: Api) -> None:
    put(api)
    job = ask(api, "why", {"market": "Atlantis"})
    assert (job["state"], job["code"]) == ("failed", "usage")
    assert "Atlantis" in job["what"]
    assert api.viewer.get("/v1/plan/answers").json() == []


def test_two_answers_are_compared(api: Api) -> None:
    put(api)
    first = ask(api, "cheapest")["answer"]
    second = ask(api, "why", {"failed": ["country:CN"]})["answer"]
    compared = api.viewer.get(f"/v1/plan/comparison?first={first}&second={second}").json()
    assert compared["title"] == f"answer {first} against answer {second}"
    assert any("dearer" in line for line in compared["chapters"][0]["words"])
    failures = ask(api, "failures")["answer"]
    assert api.viewer.get(f"/v1/plan/comparison?first={first}&second={failures}").status_code == 400
    assert api.viewer.get(f"/v1/plan/comparison?first={first}&second=99999").status_code == 404


def test_an_answer_can_be_taken_along_and_proved(api: Api) -> None:
    put(api)
    index = ask(api, "cheapest")["answer"]
    for ending, start in (("html", b"<!doctype html>"), ("xlsx", b"PK"), ("pdf", b"%PDF-"), ("zip", b"PK")):
        file = api.viewer.get(f"/v1/plan/answers/{index}/report/{ending}")
        assert file.content.startswith(start), ending
        assert f".{ending}" in file.headers["content-disposition"]
    assert api.viewer.get(f"/v1/plan/answers/{index}/report/docx").status_code == 400
    archive = zipfile.ZipFile(io.BytesIO(api.viewer.get(f"/v1/plan/answers/{index}/report/zip").content))
    for name, file_name in (("answer", "answer.json"), ("network", "network.xlsx")):
        fact = json.loads(archive.read(f"{name}.fact.json"))
        digest = hashlib.sha256(archive.read(file_name)).digest()
        assert commitment(archive.read(f"{name}.salt"), digest).hex() == fact["body"]["commitment"]
        assert parse_proof(archive.read(f"{name}.tlog-proof")).index >= 0


def test_only_planners_bring_and_ask_and_a_page_needs_its_secret(api: Api) -> None:
    put(api)
    for role in ("viewer", "logistics", "quality", "security"):
        client = api.clients[role]
        assert client.put("/v1/plan/networks/x?name=x.xlsx", content=workbook()).status_code == 403
        assert client.post("/v1/plan/networks/tiny/questions/cheapest", json={}).status_code == 403
        assert client.get("/v1/plan/networks/tiny").status_code == 200
    assert api.nobody.get("/v1/plan/networks").status_code == 401
    api.accounts.add("paula", PASSWORD, ["planner"])
    browser = TestClient(api.app, base_url=ADDRESS)
    browser.post("/sign-in", data={"name": "paula", "password": PASSWORD}, headers={"origin": ADDRESS})
    assert browser.post("/v1/plan/example").status_code == 403


def test_the_worked_example_is_brought_once(api: Api) -> None:
    planner = api.clients["planner"]
    first = planner.post("/v1/plan/example").json()
    assert first["findings"] == []
    assert planner.post("/v1/plan/example").json()["network"] == first["network"]
