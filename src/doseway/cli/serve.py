"""`doseway serve`: the tower with its doors, alerts, API and pages."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import rich_click as click

from doseway.cli.options import settings_at, store_option
from doseway.cli.talk import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from doseway.api.app import Mount
    from doseway.app.accounts import Accounts
    from doseway.app.background import Work
    from doseway.app.doors import OpenDoor
    from doseway.app.settings import Settings
    from doseway.app.tower.opening import Tower
    from doseway.model.clock import Clock


@click.command(epilog="Example:\n\n  doseway serve --port 7370 --store data")
@click.option("--host", default="", metavar="ADDRESS", help="Where to listen; else as the settings say.")
@click.option("--port", default=None, type=click.IntRange(0, 65535), help="Its port; 0: a free one.")
@store_option
def serve(*, host: str, port: int | None, store: Path | None) -> int:
    """Run the tower until Ctrl-C: messages in at /ingest/FORMAT, pages at /, the API at /v1.

    Nothing but /healthz and the sign-in page answers without an account or an API key: `doseway account add`,
    `doseway key create`. Other doors and notifications are set up in doseway.toml.
    """
    from doseway.app.logbook import SystemClock  # noqa: PLC0415  # loads everything

    settings = settings_at(store)
    if host:
        settings = msgspec.structs.replace(settings, host=host)
    if port is not None:
        settings = msgspec.structs.replace(settings, port=port)
    run_tower(settings, SystemClock(), on_ready=lambda url: say(f"The tower is at {url}. Ctrl-C stops it."))
    return 0


def run_tower(settings: "Settings", clock: "Clock", *, on_ready: "Callable[[str], None]") -> None:
    """Open the tower with everything that the settings name, and serve it until SIGINT or SIGTERM.

    Args:
        settings: all of it. clock: the tower's. on_ready: called with the address once requests are answered.

    Raises:
        DosewayError: something cannot be opened, or a door failed for good.
    """
    from doseway.app.background import running  # noqa: PLC0415  # loads everything
    from doseway.app.doors import make_doors  # noqa: PLC0415
    from doseway.app.live import seen, ticking  # noqa: PLC0415
    from doseway.app.plans.room import open_plans  # noqa: PLC0415
    from doseway.app.tower.opening import open_tower  # noqa: PLC0415
    from doseway.cli.serving import serve_tower  # noqa: PLC0415

    failures: list[BaseException] = []
    with ExitStack() as opened:
        tower = opened.enter_context(open_tower(settings, clock=clock))
        doors = make_doors(settings, tower.admit, tower.admit.lot, clock)
        works = beside(settings, tower, clock, opened, doors)

        def fail(error: BaseException) -> None:
            failures.append(error)
            os.kill(os.getpid(), signal.SIGTERM)  # a tower with a broken door must not look as if it were open

        plans = opened.enter_context(open_plans(settings, tower.sequencer, clock))
        opened.enter_context(running(works, fail))
        opened.enter_context(ticking(tower.tick))
        serve_tower(
            seen(settings, tower, plans, doors),
            settings,
            mounts=doors_of(settings, tower, clock),
            clock=clock,
            on_ready=on_ready,
        )
    if failures:
        raise failures[0]


def beside(
    settings: "Settings", tower: "Tower", clock: "Clock", opened: ExitStack, doors: "Sequence[OpenDoor]"
) -> list["Work"]:
    """Return what runs beside the server: the other doors, and notifications, as far as they are set up."""
    from doseway.app.doors import run_doors  # noqa: PLC0415  # as above
    from doseway.app.notifying import describe_by, open_office  # noqa: PLC0415
    from doseway.app.telling import tell  # noqa: PLC0415

    works: list[Work] = []
    if doors:
        works.append(lambda: run_doors(doors))
    office = open_office(settings, tower.sequencer, describe_by(tower.board), clock, tower.desk.escalate)
    if office is not None:
        opened.callback(office.close)
        works.append(lambda: tell(office, tower.sequencer.log, clock))
    return works


def doors_of(
    settings: "Settings", tower: "Tower", clock: "Clock", *, is_open: bool = False
) -> "Callable[[Accounts], Mapping[str, Mount]]":
    """Return what makes the raw applications beside the pages: the ingest door, and the log for its witnesses.

    With `is_open` anybody may send; only a demonstration on loopback wants that.
    """
    from doseway.api.app import Mount  # noqa: PLC0415  # loads the server
    from doseway.api.ingest import IngestLimits, ingest_app  # noqa: PLC0415
    from doseway.api.tiles import tiles_app  # noqa: PLC0415
    from doseway.app.account_keys import AccountKeys  # noqa: PLC0415
    from doseway.intake import message_registry  # noqa: PLC0415
    from doseway.intake.keyring import FirstRing, FixedKeyRing  # noqa: PLC0415

    http = settings.doors.http
    limits = IngestLimits(max_bytes=http.max_bytes, replay_s=http.replay_s)
    others = [] if http.keys_file is None else [FixedKeyRing.read(http.keys_file)]

    def mounts(accounts: "Accounts") -> "Mapping[str, Mount]":
        keys = None if is_open else FirstRing(AccountKeys(accounts), *others)
        door = ingest_app(tower.admit.lot, message_registry.names(), clock, keys=keys, limits=limits)
        return {
            "/ingest": Mount(door),
            "/tlog": Mount(tiles_app(tower.sequencer.log), needs="prove"),  # what is mounted sees no prefix
        }

    return mounts
