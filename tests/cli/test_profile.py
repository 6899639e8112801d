"""`doseway profile`: list, show, try."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doseway.coldchain.profile import builtin_ids

Run = Callable[..., Any]


def test_every_built_in_profile_is_listed_with_its_source(run: Run) -> None:
    told = [json.loads(line) for line in run("profile", "list", "--json").out.splitlines()]
    assert [one["id"] for one in told] == list(builtin_ids())
    assert all(one["title"] and one["source"] for one in told)


@pytest.mark.parametrize("name", builtin_ids())
def test_a_shown_profile_can_be_saved_and_used(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "own.toml").write_text(run("profile", "show", name).out, encoding="utf-8")
    assert json.loads(run("profile", "show", "own.toml", "--json").out) == json.loads(
        run("profile", "show", name, "--json").out
    )


def test_a_wrong_key_is_told_with_the_nearest_one(run: Run, tmp_path: Path) -> None:
    text = run("profile", "show", "usp-cct").out.replace("limit_c", "limt_c", 1)
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    ran = run("profile", "show", "own.toml")
    assert ran.code == 3
    assert "limit_c" in ran.err


def test_try_tells_what_it_would_find_beside_the_devices_own_limits(run: Run, examples: Path) -> None:
    ran = run("profile", "try", "usp-crt", examples / "good-shipment.txt")
    assert ran.code == 1
    assert "usp-crt" in ran.out
    assert "(device-settings: within-label)" in ran.out
