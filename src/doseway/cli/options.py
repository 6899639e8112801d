"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import rich_click as click

from doseway.app.settings import Settings, load_settings

Command = TypeVar("Command", bound=Callable[..., Any])


def reading_options(command: Command) -> Command:
    """Add how files are read and judged."""
    for option in (
        click.option("--format", "format_id", default="", metavar="ID", help="The format, if detection is wrong."),
        click.option(
            "--mapping",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="FILE",
            help="The columns of a table, declared in TOML, where detection fails.",
        ),
        click.option(
            "--issuer",
            "issuers",
            multiple=True,
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="FILE",
            help="A public key of a logger issuer that you trust; may be repeated.",
        ),
        click.option(
            "--zone", default="", metavar="ZONE", help="Zone of device times without one: +01:00, Europe/Zurich, UTC."
        ),
        click.option("--profile", default="", metavar="ID|FILE", help="The limits: a built-in profile or a TOML file."),
    ):
        command = option(command)
    return command


def store_option(command: Command) -> Command:
    """Add where the log is."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        metavar="FOLDER",
        help="The folder of the log; else DOSEWAY_STORE, `doseway.toml`, or doseway-data.",
    )(command)


def settings_at(store: Path | None) -> Settings:
    """Load the settings, with the store that the command line names."""
    settings = load_settings()
    return settings if store is None else msgspec.structs.replace(settings, store=store)
