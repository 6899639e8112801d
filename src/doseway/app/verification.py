"""Check a log: the user's own store, or one that somebody publishes as files or over HTTP."""

from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from doseway.app import logbook
from doseway.app.settings import Settings
from doseway.engines.anchor_file import FileAnchorReader
from doseway.engines.sqlite import SqliteReader
from doseway.engines.tiles_http import open_url
from doseway.engines.witness_http import HttpWitness
from doseway.ledger.findings import FindingKind, FsckReport
from doseway.ledger.fsck import Against, check
from doseway.ledger.note import VerifierKey
from doseway.ledger.published import Audited, audit
from doseway.ledger.static import open_folder
from doseway.model.errors import DosewayError, IntegrityError, UsageError

Progress = Callable[[int, int], None]

_WORTH_TWO_PROCESSES: Final = 200_000


def verify_store(
    settings: Settings, *, pinned: str = "", ask_witnesses: bool = False, progress: Progress | None = None
) -> FsckReport:
    """Check the user's own log whole, against its anchor and, if asked, against what the witnesses hold.

    Raises:
        Unavailable: the store, or a witness that is asked, does not answer.
        IntegrityError: the store is damaged so that it cannot be read.
    """
    with logbook.store_reading(settings) as store:
        store.check_file()
        against = Against(
            anchor=FileAnchorReader(settings.anchor_path),
            witnessed=tuple(_held_by_witnesses(settings)) if ask_witnesses else (),
            pinned=VerifierKey.parse(pinned) if pinned else None,
        )
        head = store.head()
        workers = 2 if head is not None and head.size >= _WORTH_TWO_PROCESSES else 1
        reopen = partial(SqliteReader, logbook.database_path(settings))
        return check(store, against, progress=progress, workers=workers, reopen=reopen)


def renew(settings: Settings) -> FsckReport:
    """Make the log's present head the anchored one, where the anchor is missing and nothing else is wrong.

    Raises:
        IntegrityError: something else is wrong, or a witness holds another history.
        Unavailable: a witness of the policy does not answer, or the store does not.
    """
    report = verify_store(settings, ask_witnesses=True)
    others = [one for one in report.findings if one.kind is not FindingKind.ANCHOR_MISSING]
    if others:
        raise IntegrityError(f"the log is not sound: {others[0].what}", hint="Run `doseway log verify`.")
    with logbook.writing(settings, renew_anchor=True):
        return report


def verify_published(where: str, vkeys: Iterable[str], *, progress: Progress | None = None) -> Audited:
    """Check a published log whole: a folder or a URL with `checkpoint` and `tile/`.

    Raises:
        UsageError: no key is given, or keys of several logs.
        HashMismatch, SignatureInvalid: it is not what its key signed; says what.
        Unavailable: something is not there.
    """
    keys = [VerifierKey.parse(vkey) for vkey in vkeys]
    origins = {key.name for key in keys}
    if len(origins) != 1:
        raise UsageError("a published log is checked with the key of one log", hint="Give its --vkey.")
    with closing(open_url(where) if "://" in where else open_folder(Path(where))) as log:
        return audit(log, origins.pop(), keys, progress=progress or (lambda *_: None))


def _held_by_witnesses(settings: Settings) -> Iterable[bytes]:
    """Fetch the checkpoints that the policy's witnesses hold of this log."""
    policy = logbook.read_policy(settings)
    for key in {log.key.name for log in policy.logs}:
        for one in policy.witnesses:
            if not one.url:
                continue
            port = HttpWitness(one.name, one.key, one.url)
            try:
                note = port.latest(key)
            except DosewayError as error:
                hint = "Without --witnesses the log is checked against itself and the anchor."
                raise type(error)(f"witness {one.name}: {error.what}", hint=hint) from error
            finally:
                port.close()
            if note is not None:
                yield note
