"""Notifications of this tower: its policy, its channels and its outbox; who would be told, and a test message."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from doseway.app.board import Board
from doseway.app.settings import NotifySettings, Settings
from doseway.engines.outbox_sqlite import SqliteOutbox
from doseway.ledger.drafts import Draft
from doseway.ledger.sequencer import Sequencer
from doseway.model.clock import Clock
from doseway.model.documents import Shipment
from doseway.model.errors import ConflictError, UsageError
from doseway.model.facts import NotificationDelivered, NotificationFailed
from doseway.model.findings import Finding, Severity
from doseway.model.ids import ContentId
from doseway.notify import registry
from doseway.notify.dispatch import Dispatcher, Record
from doseway.notify.notifier import Card, Describe, Notifier
from doseway.notify.policy import Address, Policy, read_policy
from doseway.notify.port import Channel
from doseway.notify.timeline import Notice, Story
from doseway.notify.wording import compose

SYSTEM = "system"


@dataclass(frozen=True)
class Office:
    """What a running tower needs to tell people. Close it in the end.

    Attributes:
        notifier: takes the facts and puts notices into the outbox. dispatcher: sends them.
    """

    notifier: Notifier
    dispatcher: Dispatcher
    outbox: SqliteOutbox

    def close(self) -> None:
        """Let go of the outbox."""
        self.outbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Escalate(Protocol):
    """Puts an alert at the next level, once: `TowerDesk.escalate`."""

    def __call__(self, alert: str, *, level: int, by: str) -> int:
        """Return the index of the fact. Raises ConflictError: it is at that level already, or was acknowledged."""


def open_office(
    settings: Settings, sequencer: Sequencer, describe: Describe, clock: Clock, escalate: Escalate
) -> Office | None:
    """Set notifications up as the settings say; None: they name no policy, and nobody is told.

    Args:
        settings: what is set up. sequencer: of the log that fates are recorded in.
        describe: says what a shipment is to people. clock: says what is due.
        escalate: records that nobody acknowledged an alert in time.

    Raises:
        DataError, UsageError: policy or a channel's options are wrong, or the policy uses a channel without options.
        Unavailable: a file cannot be read, or the outbox not opened.
    """
    if settings.notify.policy is None:
        return None
    policy = read_policy(settings.notify.policy)
    channels = make_channels(settings.notify, policy)

    def escalated(notice: Notice, story: Story) -> None:
        with suppress(ConflictError):  # each recipient of a level has a notice, and the fact is there once
            escalate(story.alert, level=notice.level, by=SYSTEM)

    with ExitStack() as opened:
        outbox = SqliteOutbox(outbox_path(settings))
        opened.callback(outbox.close)
        notifier = Notifier(policy, outbox, describe, url=settings.notify.url, escalated=escalated)
        dispatcher = Dispatcher(outbox, channels, record_in(sequencer), clock)
        opened.pop_all()
    return Office(notifier, dispatcher, outbox)


def outbox_path(settings: Settings) -> Path:
    """Where the outbox lies."""
    return settings.store / "outbox.sqlite"


def record_in(sequencer: Sequencer) -> Record:
    """Return what records a notice's fate in a log, once."""

    def record(identity: ContentId, body: NotificationDelivered | NotificationFailed) -> None:
        draft = Draft(body=body, by=SYSTEM, tags=(f"alert:{body.alert}",), content_id=identity)
        sequencer.submit([draft]).result()

    return record


def describe_by(board: Board) -> Describe:
    """Return what looks a shipment up in the tower's views."""

    def describe(shipment: str) -> Card:
        stored = board.document(Shipment.KIND, shipment)
        if stored is None or not isinstance(stored.document, Shipment):
            return Card()
        document = stored.document
        roles = {"shipper": document.shipper, "carrier": document.carrier, "consignee": document.consignee}
        parties = frozenset(f"{role}:{party}" for role, party in roles.items() if party)
        return Card(title=document.title, parties=parties)

    return describe


def make_channels(notify: NotifySettings, policy: Policy) -> Mapping[str, Channel]:
    """Make every channel that the policy uses, so that a wrong option is said at the start and not in the night.

    Raises:
        UsageError: a channel is unknown, or an option is wrong or missing.
        Unavailable: a file that an option names cannot be read.
    """
    used = sorted({address.channel for one in policy.recipient for address in one.addresses})
    return {name: registry.by_id(name).make(notify.channels.get(name, {})) for name in used}


def policy_of(settings: Settings) -> Policy:
    """Return the policy in force.

    Raises:
        UsageError: the settings name none. DataError, Unavailable: it is wrong, or cannot be read.
    """
    if settings.notify.policy is None:
        hint = 'Set `policy = "notify.toml"` in the table [notify] of doseway.toml, or give --policy FILE.'
        raise UsageError("there is no notification policy", hint=hint)
    return read_policy(settings.notify.policy)


def example_story(severity: Severity, rule: str, shipment: str, parties: frozenset[str], at_ms: int) -> Story:
    """Make the story of an alert that opens at an instant, as the policy would see it."""
    finding = Finding(
        rule=rule,
        rule_version=1,
        rule_id=rule,
        severity=severity,
        start_ms=at_ms,
        raised_ms=at_ms,
        text="This is an example, not an alert",
    )
    return Story(alert="0" * 64, shipment=shipment, finding=finding, parties=parties, opened_at_ms=at_ms)


def send_test(settings: Settings, name: str, channel: str, now_ms: int) -> list[Address]:
    """Send somebody a test message on all their channels, or on one; return where it went.

    Raises:
        UsageError: there is no such recipient, or they have no address on that channel.
        Unavailable, DataError: a channel did not take it.
    """
    policy = policy_of(settings)
    recipient = next((one for one in policy.recipient if one.id == name), None)
    if recipient is None:
        known = ", ".join(one.id for one in policy.recipient)
        raise UsageError(f"there is no recipient {name!r}", hint=f"Known: {known}.")
    addresses = [one for one in recipient.addresses if channel in {"", one.channel}]
    if not addresses:
        raise UsageError(f"{name} has no address on the channel {channel!r}")
    story = example_story(Severity.INFO, "test", "none", frozenset(), now_ms)
    channels = make_channels(settings.notify, policy)
    for address in addresses:
        notice = Notice(
            alert=story.alert,
            revision=f"test-{now_ms}",
            recipient=name,
            address=address,
            kind="test",
            level=0,
            due_at_ms=now_ms,
        )
        message = compose(notice, story, recipient, title="", place="", url="")
        channels[address.channel].send(message, address.to)
    return addresses
