"""The log as pages see it: its state, files taken in, evidence packed, profiles tried on history."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from doseway import __version__
from doseway.app import logbook
from doseway.app.board import LintNote, LogStatus, ViewLag, WitnessSeen
from doseway.app.books import Book
from doseway.app.importing import Imported, import_stream
from doseway.app.inspecting import How, how
from doseway.app.settings import Settings
from doseway.app.tower.past import Past
from doseway.app.trial import Trial, Where
from doseway.coldchain import profile as profiles
from doseway.intake.door import DoorState
from doseway.ledger.drafts import Draft
from doseway.ledger.log import Log
from doseway.ledger.note import open_note
from doseway.ledger.sequencer import Sequencer
from doseway.model.errors import UsageError
from doseway.model.facts import SessionStarted
from doseway.model.units import SECOND_MS

_BY: Final = f"doseway {__version__}"


class LogArchive:
    """The `Archive` of `doseway.app.board` over an open log.

    Args:
        settings: where the log is.
        sequencer: its only writer.
        pack: writes the evidence of a shipment under a title, and returns the index of its seal.
        past: what is known, to try rules on.
        views: how far the views are; packets: how many packets are in which state.
        failing: on how many shipments rules crash, by the rule's id.
        doors: the state of those that hold a connection.
    """

    def __init__(
        self,
        settings: Settings,
        sequencer: Sequencer,
        *,
        pack: Callable[[str, str, Path], int],
        past: Callable[[], Past],
        views: Callable[[], Iterable[ViewLag]],
        packets: Callable[[], dict[str, int]],
        failing: Callable[[], dict[str, int]] = dict,
        doors: Callable[[], tuple[DoorState, ...]] = tuple,
    ) -> None:
        self._settings = settings
        self._sequencer = sequencer
        self._pack = pack
        self._past = past
        self._views = views
        self._packets = packets
        self._failing = failing
        self._doors = doors

    def status(self) -> LogStatus:
        """Return the state of the log. Raises Unavailable while it does not answer."""
        log = self._sequencer.log
        head, policy = log.head(), logbook.read_policy(self._settings)
        return LogStatus(
            origin=log.origin,
            vkey=str(log.keys()[-1]),
            size=head.size,
            root=head.root.hex(),
            note=head.note.decode(),
            checkpoint_at_ms=log.fact(head.size - 1).fact.at_ms,
            quorum=policy.explain(),
            witnesses=tuple(self._witnesses(log)),
            views=tuple(self._views()),
            packets=self._packets(),
            failing=self._failing(),
            doors=self._doors(),
        )

    def policy(self) -> str:
        """Return the text of the policy: whose signatures count."""
        return logbook.policy_text(self._settings)

    def how(self, *, profile: str = "", zone: str = "") -> How:
        """Join what somebody says of a logger's file with the settings; a request names no files of this machine.

        Raises:
            UsageError: there is no such built-in profile or zone.
        """
        if profile and profile not in profiles.builtin_ids():
            known = ", ".join(profiles.builtin_ids())
            raise UsageError(f"there is no profile {profile[:60]!r}", hint=f"Built in: {known}.")
        joined = how(self._settings, profile=profile, zone=zone)
        return msgspec.structs.replace(joined, max_readings=self._settings.doors.http.max_file_readings)

    def take_in(self, stream: BinaryIO, name: str, how_to: How) -> Imported:
        """Import one logger file, as `doseway import` does."""
        return import_stream(self._sequencer, stream, name, how_to)

    def pack(self, shipment: str, *, title: str, out: Path) -> int:
        """Write the evidence pack of a shipment; return the index of its seal. Raises as `pack_shipment` does."""
        return self._pack(shipment, title, out)

    def book(self, kind: str, name: str) -> Book:
        """Return a profile or a watch, the user's own or a built-in one."""
        return self._past().book(kind, name)

    def try_out(self, book: Book, where: Where) -> Sequence[Trial]:
        """Try a profile or a watch on history. Stores nothing."""
        return self._past().try_out(book, where)

    def lint(self, shipment: str) -> Sequence[LintNote]:
        """Return what is wrong with how a shipment is going to be watched."""
        return self._past().lint(shipment)

    def record_session(self, account: str, *, is_refused: bool) -> int:
        """Record that an account signed in, or was refused."""
        body = SessionStarted(account=account, is_refused=is_refused)
        return self._sequencer.append([Draft(body=body, by=_BY, tags=(f"account:{account}",))])[0].index

    def _witnesses(self, log: Log) -> Iterable[WitnessSeen]:
        """Tell what each witness of the policy has cosigned of this log."""
        policy, note = logbook.read_policy(self._settings), log.cosigned()
        if note is None:
            yield from (WitnessSeen(name=one.name, size=None, at_ms=None) for one in policy.witnesses)
            return
        size = log.open(note).size
        opened = open_note(note, [*log.keys(), *(one.key for one in policy.witnesses)])
        signed = {one.key: one.timestamp for one in opened.signatures}
        for one in policy.witnesses:
            time_s = signed.get(one.key)
            at_ms = None if time_s is None else time_s * SECOND_MS
            yield WitnessSeen(name=one.name, size=None if time_s is None else size, at_ms=at_ms)
