"""The user's log: where ports meet engines. A folder with the store, its key, its policy and its anchor.

<store>/log.sqlite   facts, tiles, raw bytes           <store>/log.key   the key that signs checkpoints
<store>/policy       whose signatures count            <anchor>          the last published head, once more
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from doseway.app.keys import StoredKey, find_or_create_key, next_key_path, put_next_key_in_force, read_key
from doseway.app.settings import Settings
from doseway.engines.anchor_file import FileAnchor, FileAnchorReader
from doseway.engines.sqlite import SqliteReader, SqliteStore
from doseway.ledger.log import Log, open_log
from doseway.ledger.policy import Policy, parse_policy
from doseway.ledger.sequencer import Sequencer, open_sequencer
from doseway.model.errors import Place, Unavailable
from doseway.model.units import UnixMs


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
def writing(settings: Settings, *, renew_anchor: bool = False) -> Iterator[Sequencer]:
    """Open the log for writing; the first call makes it, with a new key.

    Raises:
        Unavailable: another process writes to it, or the disk does not answer.
        IntegrityError: it is not the continuation of what was published.
    """
    settings.store.mkdir(parents=True, exist_ok=True)
    settle_keys(settings)
    key = _key(settings)
    with ExitStack() as opened:
        store = SqliteStore(database_path(settings))
        opened.callback(store.close)
        anchor = FileAnchor(settings.anchor_path)
        opened.callback(anchor.close)
        sequencer = open_sequencer(store, anchor, key.signer(), SystemClock(), renew_anchor=renew_anchor)
        opened.pop_all()  # from here on the sequencer closes them
    with sequencer:
        _write_first_policy(settings, key)
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
    return parse_policy(policy_text(settings))


def policy_text(settings: Settings) -> str:
    """Return the policy's text. Raises Unavailable where there is none."""
    path = policy_path(settings)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable("the policy cannot be read", where=Place(str(path))) from error


def settle_keys(settings: Settings) -> Path | None:
    """Bring key files and policy in line with the log after a rotation, also after one that a crash interrupted.

    Returns:
        Where the old key is kept; None where nothing was to be done.
    """
    path = key_path(settings)
    if not next_key_path(path).exists() or not exists(settings):
        return None
    with reading(settings) as log:
        in_force = log.keys()[-1]
    if read_key(next_key_path(path)).signer().vkey != in_force:
        next_key_path(path).unlink()  # made, and never used
        return None
    if f"log {in_force}" not in policy_text(settings):
        with policy_path(settings).open("a", encoding="utf-8") as policy:
            policy.write(f"log {in_force}\n")
    return put_next_key_in_force(path)


def _key(settings: Settings) -> StoredKey:
    """Return the log's key. A log without its key is an accident, and not the moment to make another one."""
    path = key_path(settings)
    return read_key(path) if exists(settings) else find_or_create_key(path, settings.origin)


def _write_first_policy(settings: Settings, key: StoredKey) -> None:
    path = policy_path(settings)
    if path.exists():
        return
    text = (
        "# Whose signatures count (C2SP tlog-policy). Add witnesses of other organisations, and a quorum of them:\n"
        "#   witness NAME VKEY URL\n#   group all-of-them 2 NAME NAME NAME\n#   quorum all-of-them\n"
        f"log {key.signer().vkey}\nquorum none\n"
    )
    path.write_text(text, encoding="utf-8")
