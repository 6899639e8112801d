"""What could be wrong with a set-up, checked one by one; nothing is changed."""

import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from doseway import __version__
from doseway.app import logbook
from doseway.app.keys import read_key
from doseway.app.settings import Settings
from doseway.coldchain import registry as rules
from doseway.engines.witness_http import HttpWitness
from doseway.intake import message_registry as messages
from doseway.intake import registry as formats
from doseway.model.errors import DosewayError
from doseway.model.watch import RULES as WATCH_RULES

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_OLDEST_SQLITE: Final = (3, 37, 0)  # STRICT tables


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at, and what to do about it."""

    is_well: bool
    what: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """Look at everything that Doseway needs."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Check(True, f"Doseway {__version__} on Python {python}")
    yield Check(
        sqlite3.sqlite_version_info >= _OLDEST_SQLITE,
        f"SQLite {sqlite3.sqlite_version}",
        "" if sqlite3.sqlite_version_info >= _OLDEST_SQLITE else "Use a Python with SQLite 3.37 or newer.",
    )
    yield _plugins("formats", len(formats.all_formats()), formats.broken())
    yield _plugins("message formats", len(messages.all_formats()), messages.broken())
    yield _plugins("rules", len(rules.names()), rules.broken())
    yield _plugins("watch rules", len(WATCH_RULES.names()), WATCH_RULES.broken())
    if not logbook.exists(settings):
        yield Check(True, f"no log in {settings.store} yet", "`doseway import FILE` begins one.")
        return
    for check in (_key, _policy, _log, _anchor):
        yield _guarded(check, settings)
    yield from _witnesses(settings)


def _plugins(what: str, loaded: int, broken: dict[str, str]) -> Check:
    return Check(not broken, f"{loaded} {what}", " ".join(f"{name}: {why}." for name, why in broken.items()))


def _guarded(check: Callable[[Settings], Check], settings: Settings) -> Check:
    try:
        return check(settings)
    except DosewayError as error:
        where = f"{error.where}: " if error.where and str(error.where) else ""
        return Check(False, f"{where}{error.what}", error.hint)


def _key(settings: Settings) -> Check:
    path = logbook.key_path(settings)
    key = read_key(path)
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        return Check(False, f"the log key {path} can be read by others", f"Run: chmod 600 {path}")
    return Check(True, f"log key {key.signer().vkey}")


def _policy(settings: Settings) -> Check:
    policy = logbook.read_policy(settings)
    with logbook.reading(settings) as log:
        missing = set(log.keys()) - {one.key for one in policy.logs}
    if missing:
        advice = f"Add this line: log {min(map(str, missing))}"
        return Check(False, f"the policy {logbook.policy_path(settings)} does not name a key of the log", advice)
    names = ", ".join(one.name for one in policy.witnesses)
    if not names:
        advice = "Without witnesses the log proves nothing against its own operator: docs/how-to/run-a-witness."
        return Check(True, "policy: no witnesses", advice)
    return Check(True, f"policy: witnesses {names}; quorum {policy.explain()}")


def _log(settings: Settings) -> Check:
    with logbook.reading(settings) as log:
        return Check(True, f"log {log.origin} with {log.size} entries", "`doseway log verify` checks each of them.")


def _anchor(settings: Settings) -> Check:
    path = settings.anchor_path
    if not path.exists():
        return Check(False, f"the anchor {path} is missing", "Restore it, or see docs/how-to/verify-a-log.")
    if _device(path) == _device(settings.store):
        return Check(True, f"anchor {path}", "It is on the same disk as the store: a restored disk takes both back.")
    return Check(True, f"anchor {path}, on another disk than the store")


def _device(path: Path) -> int:
    return path.stat().st_dev


def _witnesses(settings: Settings) -> Iterator[Check]:
    try:
        policy = logbook.read_policy(settings)
        with logbook.reading(settings) as log:
            origin = log.origin
    except DosewayError:
        return  # told above
    for one in policy.witnesses:
        if not one.url:
            continue
        try:
            with closing(HttpWitness(one.name, one.key, one.url)) as port:
                port.latest(origin)
        except DosewayError as error:
            yield Check(False, f"witness {one.name} does not answer: {error.what}", f"Is {one.url} right and up?")
        else:
            yield Check(True, f"witness {one.name} at {one.url} answers")
