"""`doseway serve`: the tower with its doors, alerts, API and pages."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from doseway.cli.options import settings_at, store_option
from doseway.cli.talk import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from doseway.api.app import Mount
    from doseway.app.accounts import Accounts
    from doseway.app.tower.opening import Tower
    from doseway.model.clock import Clock


@click.command(epilog="Example:\n\n  doseway serve --port 7370 --store data")
@click.option("--host", default="", metavar="ADDRESS", help="Where to listen; else as the settings say.")
@click.option("--port", default=None, type=click.IntRange(0, 65535), help="Its port; 0: a free one.")
@store_option
def serve(*, host: str, port: int | None, store: Path | None) -> int:
    """Run the tower until Ctrl-C: messages in at /ingest/FORMAT, pages at /, the API at /v1.

    Nothing but /healthz and the sign-in page answers without an account or an API key: `doseway account add`,
    `doseway key create`.
    """
    from doseway.app.live import seen, ticking  # noqa: PLC0415  # loads everything
    from doseway.app.logbook import SystemClock  # noqa: PLC0415
    from doseway.app.tower.opening import open_tower  # noqa: PLC0415
    from doseway.cli.serving import serve_tower  # noqa: PLC0415

    settings = settings_at(store)
    if host:
        settings = msgspec.structs.replace(settings, host=host)
    if port is not None:
        settings = msgspec.structs.replace(settings, port=port)
    with open_tower(settings) as tower, ticking(tower.tick):
        serve_tower(
            seen(settings, tower),
            settings,
            mounts=doors_of(tower, SystemClock()),
            on_ready=lambda url: say(f"The tower is at {url}. Ctrl-C stops it."),
        )
    return 0


def doors_of(tower: "Tower", clock: "Clock") -> "Callable[[Accounts], Mapping[str, Mount]]":
    """Return what makes the raw applications beside the pages: the ingest door, and the log for its witnesses."""
    from doseway.api.app import Mount  # noqa: PLC0415  # loads the server
    from doseway.api.ingest import ingest_app  # noqa: PLC0415
    from doseway.api.tiles import tiles_app  # noqa: PLC0415
    from doseway.app.account_keys import AccountKeys  # noqa: PLC0415
    from doseway.intake import message_registry  # noqa: PLC0415

    def mounts(accounts: "Accounts") -> "Mapping[str, Mount]":
        keys = AccountKeys(accounts)
        return {
            "/ingest": Mount(ingest_app(tower.admit, message_registry.names(), clock, keys=keys)),
            "/tlog": Mount(tiles_app(tower.sequencer.log, prefix="/tlog"), needs="prove"),
        }

    return mounts
