"""The user's log: where ports meet engines. A folder with the store, its key, its policy and its anchor.

<store>/log.sqlite   facts, tiles, raw bytes           <store>/log.key   the key that signs checkpoints
<store>/policy       whose signatures count            <anchor>          the last published head, once more
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from doseway.app.keys import StoredKey, find_or_create_key, make_folder, next_key_path, put_next_key_in_force, read_key
from doseway.app.settings import Settings
from doseway.engines.anchor_file import FileAnchor, FileAnchorReader
from doseway.engines.sqlite import SqliteReader, SqliteStore
from doseway.ledger.durable import write_whole
from doseway.ledger.log import Log, open_log
from doseway.ledger.policy import Policy, parse_policy
from doseway.ledger.pool import PoolSettings
from doseway.ledger.sequencer import Sequencer, open_sequencer
from doseway.model.clock import Clock
from doseway.model.errors import DataError, Place, Unavailable
from doseway.model.units import UnixMs

_FIRST_POLICY: Final = (
    "# Whose signatures count (C2SP tlog-policy). Add witnesses of other organisations, and a quorum of them:",
    "#   witness NAME VKEY URL",
    "#   group all-of-them 2 NAME NAME NAME",
    "#   quorum all-of-them",
)


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> UnixMs:
        """Return the current instant."""
        return UnixMs(time.time_ns() // 1_000_000)


def database_path(settings: Settings) -> Path:
    """Where the log's store lies."""
    return settings.store / "log.sqlite"


def key_path(settings: Settings) -> Path:
    """Where the log's signing key lies."""
    return settings.store / "log.key"


def policy_path(settings: Settings) -> Path:
    """Where the policy lies: whose signatures count."""
    return settings.store / "policy"


def exists(settings: Settings) -> bool:
    """Tell whether there is a log."""
    return database_path(settings).exists()


@contextmanager
def writing(
    settings: Settings, *, renew_anchor: bool = False, clock: Clock | None = None, pool: PoolSettings | None = None
) -> Iterator[Sequencer]:
    """Open the log for writing; the first call makes it, with a new key.

    Args:
        settings: where it lies.
        renew_anchor: accept that the anchor is missing.
        clock: tells the recorded times; by default the machine's.
        pool: how facts of many callers are gathered.

    Raises:
        Unavailable: another process writes to it, or the disk does not answer.
        IntegrityError: it is not the continuation of what was published.
    """
    make_folder(settings.store)
    with ExitStack() as opened:
        store = SqliteStore(database_path(settings))  # from here on no other process touches the keys either
        opened.callback(store.close)
        anchor = FileAnchor(settings.anchor_path)
        opened.callback(anchor.close)
        key = _key(settings, store, anchor)
        clock = clock or SystemClock()
        sequencer = open_sequencer(store, anchor, key.signer(), clock, renew_anchor=renew_anchor, settings=pool)
        opened.pop_all()  # from here on the sequencer closes them
    with sequencer:
        yield sequencer


@contextmanager
def reading(settings: Settings) -> Iterator[Log]:
    """Open the log for reading, beside a process that may be writing to it.

    Raises:
        Unavailable: there is no log.
    """
    with store_reading(settings) as store:
        yield open_log(store, FileAnchorReader(settings.anchor_path))


@contextmanager
def store_reading(settings: Settings) -> Iterator[SqliteReader]:
    """Open the bare store for reading, as it lies there.

    Raises:
        Unavailable: there is no log.
    """
    if not exists(settings):
        hint = "`doseway import FILE` begins one; `--store` or DOSEWAY_STORE says where it is."
        raise Unavailable("there is no log", hint=hint, where=Place(str(settings.store)))
    store = SqliteReader(database_path(settings))
    try:
        yield store
    finally:
        store.close()


def read_policy(settings: Settings) -> Policy:
    """Read the policy in force.

    Raises:
        Unavailable: there is none.
        DataError: it is malformed.
    """
    try:
        return parse_policy(policy_text(settings))
    except DataError as error:
        line = error.where.line if error.where else None
        raise type(error)(error.what, hint=error.hint, where=Place(str(policy_path(settings)), line)) from error


def policy_text(settings: Settings) -> str:
    """Return the policy's text. Raises Unavailable where there is none."""
    path = policy_path(settings)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "It says whose signatures count: restore it, or write it anew (docs/how-to/run-a-witness)."
        raise Unavailable("the policy cannot be read", hint=hint, where=Place(str(path))) from error


def settle_keys(settings: Settings, log: Log) -> Path | None:
    """Bring key files and policy in line with the log after a rotation, also after one that a crash interrupted.

    Call it only while the log is open for writing: another process may be about to use the next key.

    Returns:
        Where the old key is kept; None where nothing was to be done.
    """
    path = key_path(settings)
    if not next_key_path(path).exists():
        return None
    in_force = log.keys()[-1]
    if read_key(next_key_path(path)).signer().vkey != in_force:
        next_key_path(path).unlink()  # made, and never used
        return None
    lines = policy_text(settings).splitlines()
    if f"log {in_force}" not in lines:
        _write_policy(settings, [*lines, f"log {in_force}"])
    return put_next_key_in_force(path)


def _key(settings: Settings, store: SqliteStore, anchor: FileAnchor) -> StoredKey:
    """Return the log's key; a log that is yet to be made gets a key and a policy.

    A log that has lost one of them is an accident, and not the moment to make another one: a new policy would ask for
    no witness, in silence.
    """
    path = key_path(settings)
    if store.head() is not None:
        if next_key_path(path).exists():
            settle_keys(settings, open_log(store, anchor))
        return read_key(path)
    key = find_or_create_key(path, settings.origin)
    if not policy_path(settings).exists():
        _write_policy(settings, [*_FIRST_POLICY, f"log {key.signer().vkey}", "quorum none"])
    return key


def _write_policy(settings: Settings, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    write_whole(policy_path(settings), text.encode(), is_synced=True)
