"""The command table: help without loading, errors as words, exit codes."""

from collections.abc import Callable
from typing import Any

import pytest

from doseway.cli.main import COMMANDS

Run = Callable[..., Any]


def test_help_lists_every_command(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    assert all(name in ran.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_or_subcommands(run: Run, name: str) -> None:
    ran = run(name, "--help")
    assert ran.code == 0
    assert "Example" in ran.out or "Commands" in ran.out


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    assert run("inspekt").code == 2


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").out.startswith("doseway, version ")
