"""How the command line speaks: data goes to standard output, talk to standard error."""

import sys
from typing import Any

import click

from doseway.model.errors import DosewayError


def say(text: str) -> None:
    """Tell the person at the terminal something; never mixed with data."""
    click.echo(text, err=True)


def explain(error: DosewayError) -> None:
    """Say what went wrong, where, and what to do."""
    where = f"{error.where}: " if error.where and str(error.where) else ""
    click.secho(f"{error.code}: ", fg="red", bold=True, err=True, nl=False)
    say(f"{where}{error.what}.")
    if error.hint:
        say(error.hint)


def print_json(value: Any) -> None:
    """Write one JSON value as one line on standard output (NDJSON for lists of things)."""
    import msgspec  # noqa: PLC0415  # loaded only when JSON is asked for

    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def is_terminal() -> bool:
    """Tell whether a person is looking: progress bars and colour are for people only."""
    return sys.stderr.isatty()
