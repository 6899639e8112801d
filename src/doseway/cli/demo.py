"""`doseway demo`: the whole way once."""

import tempfile
from pathlib import Path

import rich_click as click

from doseway.cli.talk import say
from doseway.model.errors import UsageError


@click.command(epilog="Example:\n\n  doseway demo")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Run there and leave it."
)
def demo(keep: Path | None) -> int:
    """Import the example files, have them witnessed by a second process, pack one, verify it, and attack it.

    Needs no set-up and no network, and leaves nothing behind.
    """
    from doseway.app.demo import run_demo  # noqa: PLC0415  # loads everything

    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise UsageError(f"{keep} is not empty", hint="Name a new folder.")
        keep.mkdir(parents=True, exist_ok=True)
        run_demo(keep, click.echo)
        say(f"Everything is in {keep}.")
        return 0
    with tempfile.TemporaryDirectory(prefix="doseway-demo-") as folder:
        run_demo(Path(folder), click.echo)
    return 0
