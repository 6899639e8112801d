"""The state of the log in a few lines: what is in it, and who has seen it."""

import os
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from doseway.app import logbook
from doseway.app.packets import PacketsView, read_packets
from doseway.app.settings import Settings
from doseway.engines.sqlite_views import SqliteViews
from doseway.ledger.log import Log
from doseway.ledger.note import open_note
from doseway.ledger.projection import ProjectionRunner
from doseway.model.errors import DosewayError, IntegrityError


def log_status(settings: Settings) -> dict[str, Any]:
    """Return origin, key, size, root, witnesses and packets of the user's log.

    Raises:
        Unavailable: there is no log.
        IntegrityError: it is not in order.
    """
    with logbook.reading(settings) as log:
        head = log.head()
        return {
            "origin": log.origin,
            "vkey": str(log.keys()[-1]),
            "size": head.size,
            "root": head.root.hex(),
            "cosigned": _cosigned(settings, log),
            "packets": _packets(settings, log),
        }


def _cosigned(settings: Settings, log: Log) -> str:
    note = log.cosigned()
    if note is None:
        return "by nobody yet"
    try:
        witnesses = {one.key: one.name for one in logbook.read_policy(settings).witnesses}
    except DosewayError:
        witnesses = {}
    opened = open_note(note, [*log.keys(), *witnesses])
    names = [witnesses[one.key] for one in opened.signatures if one.key in witnesses]
    return f"{log.open(note).size} entries, by {', '.join(names) or 'witnesses that the policy no longer names'}"


def _packets(settings: Settings, log: Log) -> list[dict[str, Any]]:
    """Bring the view of packets up to the log, and read it."""
    with ExitStack() as opened:
        folder = settings.store
        if not os.access(folder, os.W_OK):  # an auditor's copy: the view is made elsewhere, and thrown away
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        views = opened.enter_context(closing(SqliteViews(folder / "views.sqlite")))
        for projection in ProjectionRunner(log, views, [PacketsView()]).catch_up():
            if projection.error:
                raise IntegrityError(f"entry {projection.failed_at} cannot be shown: {projection.error}")
        return read_packets(views.query("SELECT * FROM packets ORDER BY packet"))
