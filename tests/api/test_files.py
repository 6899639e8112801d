"""A logger's file by the API: imported as `doseway import` does, refused where it is too large, never half of it."""

from pathlib import Path

import pytest
from tests.api.api_kit import Api, api_over

from doseway.app.settings import HttpSettings


def test_a_file_is_taken_in_judged_and_the_same_again_is_told(api: Api, examples: Path) -> None:
    body = (examples / "freezing.txt").read_bytes()
    first = api.quality.post("/v1/files", params={"name": "freezing.txt", "zone": "UTC"}, content=body)
    assert first.status_code == 201, first.text
    told = first.json()
    assert (told["is_duplicate"], told["format"]) == (False, "berlinger")
    assert told["verdict"] != "within-label"
    assert told["reasons"]
    again = api.quality.post("/v1/files", params={"name": "freezing.txt", "zone": "UTC"}, content=body)
    assert again.json() == told | {"is_duplicate": True}


def test_limits_are_those_of_the_profile_that_is_named(api: Api, examples: Path) -> None:
    body = (examples / "freezing.txt").read_bytes()
    verdicts = set()
    for profile in ("frozen", "usp-cct"):
        params = {"name": "freezing.txt", "zone": "UTC", "profile": profile}
        told = api.quality.post("/v1/files", params=params, content=body).json()
        verdicts.add((told["verdict"], told["judged"]))
    assert len(verdicts) == 2
    answer = api.quality.post("/v1/files", params={"name": "a", "profile": "../etc/passwd.toml"}, content=body)
    assert (answer.status_code, "there is no profile" in answer.text) == (400, True)


@pytest.mark.parametrize(("body", "says"), [(b"", "empty"), (b"\x00\x01 no file of a logger", "kept as packet")])
def test_what_cannot_be_read_is_said_and_its_bytes_are_kept(api: Api, body: bytes, says: str) -> None:
    answer = api.quality.post("/v1/files", params={"name": "a.bin"}, content=body)
    assert answer.status_code == 422
    assert says in answer.json()["title"] + answer.json()["hint"]


def test_a_file_beyond_the_limit_is_refused_with_a_hint_and_leaves_nothing(tmp_path: Path) -> None:
    with api_over(tmp_path, http=HttpSettings(max_file_bytes=1_000)) as small:
        before = small.app.state["tower"].archive.status().size
        exact = small.quality.post("/v1/files", params={"name": "a"}, content=b"x" * 1_000)
        assert exact.status_code == 422
        size = small.app.state["tower"].archive.status().size
        assert size > before
        for content in (b"x" * 1_001, iter([b"x" * 600, b"x" * 600])):  # the second does not say how long it is
            answer = small.quality.post("/v1/files", params={"name": "b"}, content=content)
            assert answer.status_code == 413
            assert "max_file_bytes" in answer.json()["hint"]
        form = {"csrf": "x"}
        page = small.quality.post("/import", data=form, files={"file": ("a.txt", b"x" * 2_000)})
        assert page.status_code == 413
        assert small.app.state["tower"].archive.status().size == size
