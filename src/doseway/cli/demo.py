"""`doseway demo`: a company's day at the tower, and the whole way of a logger's file."""

import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from doseway.cli.talk import say
from doseway.model.errors import UsageError

if TYPE_CHECKING:
    from doseway.app.playing import Player
    from doseway.app.settings import Settings
    from doseway.app.traffic import Day


@click.command(epilog="Example:\n\n  doseway demo --check")
@click.option("--check", is_flag=True, help="The day as fast as it goes, with no browser; says what differs.")
@click.option("--files", is_flag=True, help="Only the logger files: imported, witnessed, packed, attacked.")
@click.option("--speed", type=click.FloatRange(1, 600), default=600, show_default=True, help="Times faster than life.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same day.")
@click.option("--port", type=click.IntRange(0, 65535), default=7370, show_default=True, help="0: a free one.")
@click.option("--no-browser", is_flag=True, help="Open no page.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Run there and leave it."
)
def demo(*, check: bool, files: bool, speed: float, seed: int, port: int, no_browser: bool, keep: Path | None) -> int:
    """Take a logger's file the whole way, then play a company's day through the doors of a tower, and open its page.

    About sixty shipments by road, air and sea: one is too warm, one freezes, one is stolen, a position is made up, a
    tracker is cloned. Needs no set-up and no network. Ctrl-C leaves nothing behind.
    """
    from doseway.app.demo_files import run_files  # noqa: PLC0415  # loads everything

    with _folder(keep) as folder:
        run_files(folder / "files", click.echo)
        if check:
            return _check(folder / "day", seed)
        if not files:
            _show(folder / "day", seed, speed, port, opens=not no_browser)
    if keep is not None:
        say(f"Everything is in {keep}.")
    return 0


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="doseway-demo-") as folder:
            yield Path(folder)
        return
    if keep.exists() and any(keep.iterdir()):
        raise UsageError(f"{keep} is not empty", hint="Name a new folder.")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep


def _day(folder: Path, seed: int, port: int) -> "tuple[Day, Settings]":
    from doseway.app.demo_day import START_MS  # noqa: PLC0415  # loads everything
    from doseway.app.demo_files import ORIGIN, example_files  # noqa: PLC0415
    from doseway.app.settings import Settings  # noqa: PLC0415
    from doseway.app.traffic import plan_day  # noqa: PLC0415

    _, issuer = example_files()
    settings = Settings(store=folder / "log", origin=ORIGIN, zone="UTC", issuers=(issuer,), port=port)
    return plan_day(seed, START_MS), settings


def _check(folder: Path, seed: int) -> int:
    from doseway.app.demo_day import differences, prove, summary  # noqa: PLC0415  # loads everything

    day, settings = _day(folder, seed, 0)
    wrong: list[str] = []

    def act(player: "Player") -> None:
        say(f"Playing {len(day.messages):,} messages as fast as they go …")
        player.prepare()
        player.play()
        for line in summary(player.tower, day):
            click.echo(line)
        wrong.extend(differences(player.tower, day))
        for line in wrong or [f"all {len(day.expected)} expected alerts, and no other"]:
            click.echo(line)
        if day.expected:
            prove(settings, player.tower, day.expected[0].shipment, folder, click.echo)

    _play(day, settings, folder, None, act, ends=True)
    return 1 if wrong else 0


def _show(folder: Path, seed: int, speed: float, port: int, *, opens: bool) -> None:
    import webbrowser  # noqa: PLC0415  # only this needs it

    day, settings = _day(folder, seed, port)

    def act(player: "Player") -> None:
        player.prepare()
        say(f"The tower is at {player.url}. A day passes in {24 * 60 / speed:.0f} minutes; Ctrl-C stops it.")
        if opens:
            webbrowser.open(player.url)
        if player.play():
            say("The day is over. The tower stays open until Ctrl-C.")

    _play(day, settings, folder, speed, act, ends=False)


def _play(
    day: "Day", settings: "Settings", folder: Path, speed: float | None, act: "Callable[[Player], None]", *, ends: bool
) -> None:
    """Serve a tower and its witness from this thread, and act in another; what the act raises ends both."""
    from doseway.app.demo_files import example_files, set_policy, witnessing  # noqa: PLC0415  # loads everything
    from doseway.app.live import seen  # noqa: PLC0415
    from doseway.app.logbook import SystemClock  # noqa: PLC0415
    from doseway.app.plans.room import open_plans  # noqa: PLC0415
    from doseway.app.playing import BY, PlayedClock, Player  # noqa: PLC0415
    from doseway.app.tower.opening import open_tower  # noqa: PLC0415
    from doseway.cli.serve import doors_of  # noqa: PLC0415
    from doseway.cli.serving import serve_tower  # noqa: PLC0415

    clock = PlayedClock(day.start_ms)
    failures: list[BaseException] = []
    players: list[tuple[Player, threading.Thread]] = []
    files = example_files()[0][0].parent
    with ExitStack() as opened:
        tower = opened.enter_context(open_tower(settings, clock=clock))
        set_policy(settings, opened.enter_context(witnessing(folder / "witness", settings)))
        plans = opened.enter_context(open_plans(settings, tower.sequencer, SystemClock()))
        if not ends:
            plans.put_example(BY)

        def begin(url: str) -> None:
            player = Player(day, tower, url, clock, files, speed)
            players.append((player, threading.Thread(target=run, args=(player,), name="doseway-demo", daemon=True)))
            players[0][1].start()

        def run(player: Player) -> None:
            try:
                act(player)
            except BaseException as error:  # noqa: BLE001  # it is raised in the main thread
                failures.append(error)
            if ends or failures:
                os.kill(os.getpid(), signal.SIGTERM)

        mounts = doors_of(settings, tower, clock, is_open=True)
        serve_tower(seen(settings, tower, plans), settings, mounts=mounts, clock=clock, is_demo=True, on_ready=begin)
        for player, thread in players:
            player.stop()
            thread.join()
    if failures:
        raise failures[0]
