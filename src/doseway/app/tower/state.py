"""What the tower carries from chunk to chunk, and the events that change it. Immutable: pages read it freely."""

from typing import Any

import msgspec

from doseway.app.board import AlertState, Phase
from doseway.app.tower.history import EMPTY, History
from doseway.coldchain.judgement import Judgement, Verdict
from doseway.model.documents import DeviceCard, Leg, Shipment, Site
from doseway.model.findings import Finding
from doseway.transit.phases import Milestone

Window = tuple[int, int | None]
"""From an instant up to, and without, another; None: still."""


class Context(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the documents say that a shipment is judged by.

    Attributes:
        limits, ambient_limits, watch: canonical JSON of the snapshots of profiles and watch; empty: none.
        legs: absolute. sites, cards: by id, those that matter to it.
        error: why it cannot be judged as its document asks; empty where it can.
    """

    shipment: Shipment
    limits: bytes = b""
    ambient_limits: bytes = b""
    watch: bytes = b""
    legs: tuple[Leg, ...] = ()
    sites: dict[str, Site] = {}
    cards: dict[str, DeviceCard] = {}
    error: str = ""


class Carried(msgspec.Struct, frozen=True, gc=False):
    """One device with a shipment: what it observed, and when it was with it.

    Attributes:
        heard_ms: the newest of it that its clock can have seen before it arrived; None: nothing.
        packets: the indexes of the packets that it came in, sorted, as little-endian int64.
    """

    history: History = EMPTY
    windows: tuple[Window, ...] = ()
    heard_ms: int | None = None
    packets: bytes = b""


class Found(msgspec.Struct, frozen=True, gc=False):
    """A finding with the snapshot of the parameters that it was found by."""

    finding: Finding
    limits: dict[str, Any] = {}


class Failure(msgspec.Struct, frozen=True, gc=False):
    """A rule that crashed on a shipment."""

    rule: str
    rule_id: str
    error: str


def crash_text(failure: Failure) -> str:
    """Say that a rule crashed, and what that means."""
    return f"The rule “{failure.rule_id}” failed ({failure.error}): its limits are not watched."


class Judged(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The temperature judgement of a shipment: of all its readings, never of the way in which they came.

    Attributes:
        judgement: as `coldchain` gives it; sensors are named `device/sensor`.
        unwatched: the rules beside temperature that crash now; what they would have found is unknown.
        budget_left_ms: the least of its budgets of time; None where there is none.
    """

    judgement: Judgement
    found: tuple[Found, ...] = ()
    failures: tuple[Failure, ...] = ()
    unwatched: tuple[Failure, ...] = ()
    budget_left_ms: int | None = None

    @property
    def verdict(self) -> Verdict:
        """The proposed verdict: at least undecided while a rule crashes."""
        least = Verdict.UNDECIDED if self.unwatched else self.judgement.verdict
        return max(self.judgement.verdict, least, key=lambda one: one.rank)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences that lead to the verdict, those of the judgement first."""
        return (*self.judgement.reasons, *map(crash_text, self.unwatched))


class Progress(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How far a shipment is: its phase, the number of its leg, and when it may be expected; None where unknown."""

    phase: Phase = "planned"
    leg: int | None = None
    eta_at_ms: int | None = None


class Watched(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was found beside temperature, the rules that crashed, and how far the shipment is."""

    found: tuple[Found, ...] = ()
    failures: tuple[Failure, ...] = ()
    progress: Progress = Progress()


class Published(msgspec.Struct, frozen=True, gc=False):
    """What was said about one alert so far; `revisions` counts the facts."""

    finding: Finding
    state: AlertState
    revisions: int


class Holder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All that is known about one subject: a shipment, or a device that is with none.

    Attributes:
        devices: by id, sorted. published: by alert id. failures: those that were told.
        milestones: what people and partners' systems said happened, sorted, each once.
        lint: how many findings somebody should look at before it departs; what it is judged by says it, no reading.
        disposition: what a person decided last. progress: how far it is. rests_on: the newest fact that it rests on.
    """

    context: Context | None = None
    devices: dict[str, Carried] = {}
    published: dict[str, Published] = {}
    failures: tuple[Failure, ...] = ()
    judged: Judged | None = None
    progress: Progress = Progress()
    milestones: tuple[Milestone, ...] = ()
    lint: int = 0
    disposition: str = ""
    rests_on: int = -1

    @property
    def heard_ms(self) -> int:
        """The newest observation of its devices; 0 before the first."""
        return max((one.heard_ms or 0 for one in self.devices.values()), default=0)


class State(msgspec.Struct, frozen=True, gc=False):
    """One partition: its subjects, and the event time that ticks have told, up to which silence counts."""

    holders: dict[str, Holder] = {}
    until_ms: int = 0


class Observed(msgspec.Struct, frozen=True, gc=False):
    """A device observed something while it was with a subject: `carried` has it, without windows."""

    holder: str
    device: str
    index: int
    carried: Carried


class Assigned(msgspec.Struct, frozen=True, gc=False):
    """A device was put to a subject or taken from it: this is all that it observed there, and when it was there."""

    holder: str
    device: str
    index: int
    carried: Carried


class Described(msgspec.Struct, frozen=True, gc=False):
    """The documents of a shipment changed."""

    holder: str
    index: int
    context: Context


class Told(msgspec.Struct, frozen=True, gc=False):
    """The log has a fact about an alert: `finding` is the whole of it now, None where it was retracted.

    `number` counts the facts about the alert, from 1: what was said in the same breath as the state is not told twice.
    """

    holder: str
    index: int
    alert: str
    number: int
    state: AlertState
    finding: Finding | None


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The log has the fact that a rule crashed."""

    holder: str
    index: int
    failure: Failure


class Decided(msgspec.Struct, frozen=True, gc=False):
    """A person decided on the shipment."""

    holder: str
    index: int
    disposition: str


class Reported(msgspec.Struct, frozen=True, gc=False):
    """A person or a partner's system said what happened to the shipment."""

    holder: str
    index: int
    milestone: Milestone


class Ticked(msgspec.Struct, frozen=True, gc=False):
    """Time went by, heard or not."""

    until_ms: int


Event = Observed | Assigned | Described | Told | Failed | Decided | Reported | Ticked


def shipment_holder(shipment: str) -> str:
    """Return the subject that a shipment is."""
    return f"shipment:{shipment}"


def device_holder(device: str) -> str:
    """Return the subject that a device with no shipment is."""
    return f"device:{device}"


def shipment_of(holder: str) -> str:
    """Return the shipment that a subject is; empty for a device."""
    kind, _, name = holder.partition(":")
    return name if kind == "shipment" else ""


def state_of(finding: Finding) -> AlertState:
    """Return the state of an alert that is not retracted: it is open while its finding lasts."""
    return "open" if finding.end_ms is None else "closed"
