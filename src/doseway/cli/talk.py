"""How the command line speaks: data goes to standard output, talk to standard error."""

import io
import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from doseway.model.errors import DosewayError

_MOVES: Final = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029)
_VISIBLE: Final = {number: chr(number).encode("unicode_escape").decode() for number in _MOVES}
_VISIBLE_LINES: Final = {number: text for number, text in _VISIBLE.items() if number != ord("\n")}


def visible(text: object) -> str:
    """Write what would move a terminal's cursor, colour or writing direction as an escape, as Python does.

    Names and texts come from files that anybody may have made; they must not be able to draw a verdict.
    """
    return str(text).translate(_VISIBLE)


def visible_lines(text: str) -> str:
    """Do the same to a text of several lines."""
    return text.translate(_VISIBLE_LINES)


def tell(text: str) -> None:
    """Write a line of the answer to standard output."""
    click.echo(visible_lines(text))


def say(text: str) -> None:
    """Tell the person at the terminal something; never mixed with data."""
    click.echo(visible_lines(text), err=True)


def explain(error: DosewayError) -> None:
    """Say what went wrong, where, and what to do."""
    where = f"{visible(error.where)}: " if error.where and str(error.where) else ""
    colour = False if os.environ.get("NO_COLOR") else None  # https://no-color.org; None: as the stream can
    click.secho(f"{error.code}: ", fg="red", bold=True, err=True, nl=False, color=colour)
    say(f"{where}{error.what}.")
    if error.hint:
        say(error.hint)


def failed(path: Path, error: DosewayError, *, as_json: bool) -> None:
    """Say that one file of several cannot be used; the others go on."""
    if as_json:
        where = str(error.where or "")
        name = os.fsencode(path).decode("utf-8", errors="replace")
        print_json({"file": name, "error": error.code, "what": error.what, "where": where, "hint": error.hint})
    explain(error)


def print_json(value: Any) -> None:
    """Write one JSON value as one line on standard output (NDJSON for lists of things)."""
    import msgspec  # noqa: PLC0415  # loaded only when JSON is asked for

    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def is_terminal() -> bool:
    """Tell whether a person is looking: progress bars and colour are for people only."""
    return sys.stderr.isatty()


def settle_streams() -> None:
    """Make standard output say the same bytes on every system: UTF-8 with bare newlines, as signed notes need them.

    A terminal keeps its own encoding, and shows `?` for what it cannot show.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="replace", newline="\n")
