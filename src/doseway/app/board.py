"""What the pages, the API and the commands see of the tower, and what they may ask it to do.

The structs are rows of the tower's views; `Board` reads them, `Desk` does things, `Changes` tells of new facts, and
`Archive` is the log behind them. `Tower` holds the four, and planning; pages and API know nothing else of it.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, Protocol

import msgspec

from doseway.app.books import Book
from doseway.app.importing import Imported
from doseway.app.inspecting import How
from doseway.app.trial import Trial, Where
from doseway.intake.door import DoorState
from doseway.model.documents import Document
from doseway.model.findings import Finding, Severity

if TYPE_CHECKING:
    from doseway.app.plans.room import PlanRoom

Phase = Literal["planned", "at-origin", "in-transit", "arrived", "delivered", "closed"]
AlertState = Literal["open", "closed", "retracted"]


class ShipmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the overview.

    Attributes:
        eta_at_ms: estimated; None where nothing can be said. leg: number of the leg it is on, from 0; None: none.
        latitude_udeg, longitude_udeg, located_at_ms: the newest good position.
        temperature_milli, temperature_at_ms: the newest product temperature.
        verdict: the proposed verdict of `coldchain`. disposition: the decision of a person; empty: none yet.
        open_alerts, worst: of the alerts that are open.
        lint: how many findings before the departure somebody should look at; 0 once it is under way.
        index: of the newest fact that the row rests on.
    """

    id: str
    title: str
    product: str
    phase: Phase
    from_site: str
    to_site: str
    mode: str
    leg: int | None
    promised_at_ms: int | None
    eta_at_ms: int | None
    latitude_udeg: int | None
    longitude_udeg: int | None
    located_at_ms: int | None
    heard_at_ms: int | None
    temperature_milli: int | None
    temperature_at_ms: int | None
    verdict: str
    disposition: str
    open_alerts: int
    worst: Severity | None
    index: int
    lint: int = 0

    @property
    def is_late(self) -> bool:
        """Whether it is expected after the promised time."""
        return self.eta_at_ms is not None and self.promised_at_ms is not None and self.eta_at_ms > self.promised_at_ms


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many there are.

    Attributes:
        phases: shipments by phase.
        alerting, located, late, unready: shipments with open alerts, with a position, expected late, with rules that
            can never fire.
        open_alerts: alerts.
    """

    phases: dict[Phase, int]
    alerting: int
    located: int
    late: int
    unready: int
    open_alerts: int

    @property
    def shipments(self) -> int:
        """All shipments."""
        return sum(self.phases.values())


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it stands.

    Attributes:
        revisions: how often something was said about it; `index` is the newest of that.
        is_on_erased: it rests on bytes that were erased since, so that nobody can check it any more.
    """

    alert: str
    shipment: str
    state: AlertState
    finding: Finding
    limits: dict[str, object]
    opened_at_ms: int
    opened_index: int
    index: int
    revisions: int
    acknowledged_by: str = ""
    comment: str = ""
    snoozed_until_ms: int | None = None
    level: int = 0
    is_on_erased: bool = False


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One device: known by its card, or heard without one (`is_known` False)."""

    device: str
    model: str
    is_known: bool
    shipment: str
    heard_at_ms: int | None
    battery_milli: int | None
    is_silent: bool


class ChannelPoints(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of a shipment for a chart: buckets by time, each with its least and greatest value, none averaged.

    Attributes:
        at_ms, low_milli, high_milli: columns of equal length. gaps_ms: (from, to) without observation.
        limits_milli: (low, high) of the profile in force where it has such a band.
    """

    device: str
    sensor: str
    quantity: str
    at_ms: tuple[int, ...]
    low_milli: tuple[int, ...]
    high_milli: tuple[int, ...]
    gaps_ms: tuple[tuple[int, int], ...] = ()
    limits_milli: tuple[int | None, int | None] = (None, None)


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about a shipment: `text` in English, and what that is made of.

    Attributes:
        values: the fact's own figures and words, by name. alert, finding: of facts about an alert.
    """

    index: int
    at_ms: int
    type: str
    by: str
    text: str
    values: dict[str, int | str] = {}
    alert: str = ""
    finding: Finding | None = None


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A document in its newest version."""

    kind: str
    id: str
    version: int
    index: int
    document: Document


BEFORE: Final = frozenset({"planned", "at-origin"})
"""The phases in which something can still be done about how a shipment is going to be watched."""


class LintNote(msgspec.Struct, frozen=True, kw_only=True):
    """Something about how a shipment is going to be watched that somebody should look at before it departs.

    Attributes:
        code: stable, for programs. text: one sentence for a person, in English.
        where: `devices`, `limits`, `ambient limits` or `watch`. rule: the entry that it is about; empty: none.
        is_advice: it may well be so by intent, and is not counted.
    """

    code: str
    text: str
    where: str
    rule: str = ""
    is_advice: bool = False


class ShipmentQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the overview asks for: words in id, title or product; phases; a page of ids.

    Attributes:
        is_alerting: only with open alerts. is_unready: only with findings before the departure.
    """

    text: str = ""
    phases: tuple[Phase, ...] = ()
    is_alerting: bool = False
    is_unready: bool = False
    after: str = ""
    limit: int = 100


class Board(Protocol):
    """Reads the views. Every answer is of one state of the log; `index` says of which."""

    def index(self) -> int:
        """Return how many facts the views have taken."""

    def wait_for(self, index: int, timeout_s: float) -> bool:
        """Wait until the views have taken the fact at `index`; False when they have not in time."""

    def shipments(self, query: ShipmentQuery) -> Sequence[ShipmentRow]:
        """Return a page of shipments, sorted by id."""

    def shipment(self, shipment: str) -> ShipmentRow | None:
        """Return one shipment."""

    def alerts(
        self, *, shipment: str = "", states: Sequence[AlertState] = ("open",), after: str = "", limit: int = 100
    ) -> Sequence[AlertRow]:
        """Return alerts, the gravest and then the newest first; `after` is the last alert id of the page before."""

    def alert(self, alert: str) -> AlertRow | None:
        """Return one alert."""

    def counts(self) -> Counts:
        """Return how many there are of what the overview counts."""

    def devices(
        self, *, text: str = "", shipment: str = "", is_silent: bool = False, after: str = "", limit: int = 100
    ) -> Sequence[DeviceRow]:
        """Return a page of devices, sorted by id: with these words in id or model, of a shipment, only silent ones."""

    def count_silent(self) -> int:
        """Return how many devices are silent."""

    def channels(self, shipment: str, *, first_ms: int, last_ms: int, buckets: int) -> Sequence[ChannelPoints]:
        """Return every channel of a shipment within a span, in at most so many buckets each."""

    def route(self, shipment: str, *, points: int = 500) -> Sequence[tuple[int, int, int, int | None]]:
        """Return the way so far: (at_ms, latitude_udeg, longitude_udeg, accuracy_mm), thinned to so many points."""

    def timeline(self, shipment: str, *, after: int = -1, limit: int = 100) -> Sequence[TimelineRow]:
        """Return the facts about a shipment, the oldest first, behind an index."""

    def document(self, kind: str, document: str) -> Stored | None:
        """Return a document in its newest version."""

    def documents(self, kind: str, *, after: str = "", limit: int = 100) -> Sequence[Stored]:
        """Return a page of documents of a kind, sorted by id."""


class Desk(Protocol):
    """What a person, or a program in a person's name, does. Each returns the index of its fact, durable."""

    def put(self, document: Document, *, replaces: int, by: str) -> int:
        """Put a document; `replaces` is the version that was read, 0 for a new one.

        Raises:
            ConflictError: somebody else put a newer version. DataError: it refers to what is not there.
        """

    def associate(self, shipment: str, device: str, *, at_ms: int, by: str) -> int:
        """Put a device to a shipment from an instant on. Raises ConflictError while it is with another."""

    def dissociate(self, shipment: str, device: str, *, at_ms: int, by: str) -> int:
        """Take a device from a shipment."""

    def report(self, shipment: str, milestone: str, *, at_ms: int, by: str) -> int:
        """Record what a person or a partner's system says happened. Raises DataError for an unknown milestone."""

    def acknowledge(self, alert: str, *, comment: str, by: str) -> int:
        """Acknowledge an alert. Raises DataError for an empty comment or an unknown alert."""

    def snooze(self, alert: str, *, until_ms: int, comment: str, by: str) -> int:
        """Silence an alert's notices until an instant."""

    def decide(self, shipment: str, disposition: str, *, reason: str, units: tuple[str, ...] = (), by: str) -> int:
        """Record the disposition of a shipment. Raises DataError for an empty reason or an unknown disposition."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that the views have taken: its index, its type, and the shipment that it concerns, if one."""

    index: int
    type: str
    shipment: str = ""


class Changes(Protocol):
    """Tells pages what is new."""

    def subscribe(self, after: int) -> AsyncIterator[Change]:
        """Yield the facts behind an index in order, each once, and wait for more; never one the views have not yet."""


class WitnessSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One witness of the policy, and the size of the log that it cosigned last; None: never."""

    name: str
    size: int | None
    at_ms: int | None


class ViewLag(msgspec.Struct, frozen=True, kw_only=True):
    """One view: how many facts it has taken; `error` says where it stopped, empty while it goes on."""

    name: str
    taken: int
    error: str = ""


class LogStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the log.

    Attributes:
        size, root, checkpoint_at_ms: of the last checkpoint. note: the checkpoint itself, a C2SP signed note.
        quorum: the policy's rule in words. packets: received, by state.
        failing: rules that crash, by id, each with the number of shipments that it does not watch therefore.
        doors: those that hold a connection.
    """

    origin: str
    vkey: str
    size: int
    root: str
    note: str
    checkpoint_at_ms: int
    quorum: str
    witnesses: tuple[WitnessSeen, ...]
    views: tuple[ViewLag, ...]
    packets: dict[str, int]
    failing: dict[str, int] = {}
    doors: tuple[DoorState, ...] = ()


class Archive(Protocol):
    """The log itself, as pages see it."""

    def status(self) -> LogStatus:
        """Return the state of the log. Raises Unavailable while it does not answer."""

    def policy(self) -> str:
        """Return the text of the policy: whose signatures count."""

    def how(self, *, profile: str = "", zone: str = "") -> How:
        """Join what somebody says of a logger's file with the settings, and with the caps of an upload.

        Raises:
            UsageError: there is no such built-in profile or zone.
        """

    def take_in(self, stream: BinaryIO, name: str, how_to: How) -> Imported:
        """Import one logger file, as `doseway import` does."""

    def pack(self, shipment: str, *, title: str, out: Path) -> int:
        """Write the evidence pack of a shipment; return the index of its seal.

        Raises:
            DataError: nothing was received for it yet. Unavailable: the pack cannot be written.
        """

    def book(self, kind: str, name: str) -> Book:
        """Return a profile or a watch, the user's own or a built-in one. Raises ProfileError where there is none."""

    def try_out(self, book: Book, where: Where) -> Sequence[Trial]:
        """Try a profile or a watch on history, on each subject for itself. Stores nothing.

        Raises:
            DataError: there is no such shipment or device, or there are too many for one answer.
        """

    def lint(self, shipment: str) -> Sequence[LintNote]:
        """Return what is wrong with how a shipment is going to be watched. Raises DataError for an unknown one."""

    def record_session(self, account: str, *, is_refused: bool) -> int:
        """Record that an account signed in, or was refused."""


@dataclass(frozen=True)
class Tower:
    """All that pages and API know of the tower; `plans` is None where there is no planning."""

    board: Board
    desk: Desk
    changes: Changes
    archive: Archive
    plans: "PlanRoom | None" = None
