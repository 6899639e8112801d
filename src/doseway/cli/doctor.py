"""`doseway doctor`: explain a broken set-up in words."""

from pathlib import Path

import rich_click as click

from doseway.cli.options import settings_at, store_option
from doseway.cli.talk import tell

FINDING = 1
_MARKS = {True: "ok  ", False: "BAD "}


@click.command(epilog="Example:\n\n  doseway doctor --store data")
@store_option
def doctor(store: Path | None) -> int:
    """Check the installation, the settings, the log and its witnesses, and say what to do. Changes nothing.

    Exit code: 0 all is well, 1 something is not.
    """
    from doseway.app.doctor import examine  # noqa: PLC0415  # looks at everything

    checks = list(examine(settings_at(store)))
    for check in checks:
        tell(f"{_MARKS[check.is_well]}{check.what}")
        if check.advice:
            tell(f"    {check.advice}")
    return 0 if all(check.is_well for check in checks) else FINDING
