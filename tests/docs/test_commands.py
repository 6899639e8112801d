"""Every command in the README and the docs is run, and prints what the text says it prints.

A fenced block `console` holds commands (`$ …`, continued by `> …`) and their output; `...` stands for anything, and
runs of blanks count as one. The blocks of one page run in one shell, top to bottom, in an empty folder that has the
examples. A command that should fail is followed by `$ echo $?` and its exit code.
"""

import contextlib
import doctest
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
MARK = "=====doseway-command====="
CHECK = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PAGE_SECONDS = 240


class Step(NamedTuple):
    """One command and what it should print."""

    command: str
    output: str


def steps(page: Path) -> list[Step]:
    found: list[Step] = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], ""))
            elif line.startswith("> ") and found and not found[-1].output:
                found[-1] = Step(found[-1].command + "\n" + line[2:], "")
            else:
                found[-1] = Step(found[-1].command, found[-1].output + line + "\n")
    return found


def run(commands: list[str], folder: Path) -> list[str]:
    """Run the commands in one shell and return what each one printed, errors included."""
    script = "\n".join(f"{command}\n_code=$?; echo; echo '{MARK}'; (exit $_code)" for command in commands)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "HOME": str(folder),
    }
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
    ) as shell:
        try:
            output, _ = shell.communicate(timeout=PAGE_SECONDS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)  # servers that a page starts end with the page
    return output.split(f"{MARK}\n")[:-1]


@pytest.mark.parametrize("page", [page for page in PAGES if steps(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_says_is_what_happens(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "files", tmp_path / "examples" / "files")
    shutil.copy(ROOT / "examples" / "issuer.pub", tmp_path / "examples")
    told = steps(page)
    printed = run([step.command for step in told], tmp_path)
    assert len(printed) == len(told), f"the page stopped after {len(printed)} commands:\n{printed[-1:]}"
    checker = doctest.OutputChecker()
    for step, got in zip(told, printed, strict=True):
        got_lines = got.rstrip("\n") + "\n"
        want = step.output or "\n"
        if not checker.check_output(want, got_lines, CHECK):
            pytest.fail(f"$ {step.command}\n--- the page says\n{want}\n--- it printed\n{got_lines}", pytrace=False)


def test_there_are_commands_to_check() -> None:
    assert sum(len(steps(page)) for page in PAGES) > 20
