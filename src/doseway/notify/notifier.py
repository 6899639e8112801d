"""From facts about alerts to notices in the outbox: folds each alert's story, and puts what falls due."""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from doseway.ledger.outbox import Outbox
from doseway.model.facts import (
    AlertAcknowledged,
    AlertClosed,
    AlertExtended,
    AlertOpened,
    AlertRetracted,
    AlertShortened,
    AlertSnoozed,
    Fact,
)
from doseway.notify.outbox import Entry
from doseway.notify.policy import Policy
from doseway.notify.timeline import Notice, Story, due, next_due_ms
from doseway.notify.wording import compose

_KEPT_MS: Final = 25 * 3_600_000
"""How long after its end an alert is looked at: nothing is told of it later."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says of a shipment beside its id: `parties` as `role:id`, `place` where it is."""

    title: str = ""
    parties: frozenset[str] = frozenset()
    place: str = ""


Describe = Callable[[str], Card]
Escalated = Callable[[Notice, Story], None]


def told_of(story: Story | None, fact: Fact, parties: Callable[[str], frozenset[str]]) -> Story | None:
    """Return an alert's story after a fact about it; None: it is about no alert, or one that was never opened."""
    body = fact.content()
    if isinstance(body, AlertOpened):
        return Story(
            alert=body.alert,
            shipment=body.shipment,
            finding=body.finding,
            limits=body.limits,
            parties=parties(body.shipment),
            opened_at_ms=fact.at_ms,
        )
    if story is None:
        return None
    if isinstance(body, AlertExtended | AlertShortened):
        return replace(story, finding=body.finding, ended_at_ms=None, end="")
    if isinstance(body, AlertClosed):
        return replace(story, finding=body.finding, ended_at_ms=fact.at_ms, end="closed")
    if isinstance(body, AlertRetracted):
        return replace(story, ended_at_ms=fact.at_ms, end="retracted")
    if isinstance(body, AlertAcknowledged):
        return replace(story, acknowledged_at_ms=story.acknowledged_at_ms or fact.at_ms)
    if isinstance(body, AlertSnoozed):
        return replace(story, snoozed=(*story.snoozed, (fact.at_ms, body.until_ms)))
    return story


class Notifier:
    """Knows the alerts that may still have to be told. For one thread.

    Start it with the facts of the log from the beginning, or from where no alert was open; what was put into the
    outbox before is not put again.
    """

    def __init__(
        self,
        policy: Policy,
        outbox: Outbox,
        describe: Describe,
        *,
        url: str = "",
        escalated: Escalated = lambda _notice, _story: None,
    ) -> None:
        """Begin without alerts.

        Args:
            policy: who is told what.
            outbox: where notices go.
            describe: says what a shipment is to people; called when something is due.
            url: of the tower, for links; empty: none.
            escalated: called for each notice of a level beyond the first, maybe more than once.
        """
        self._policy = policy
        self._outbox = outbox
        self._describe = describe
        self._url = url.rstrip("/")
        self._escalated = escalated
        self._stories: dict[str, Story] = {}
        self._next_ms: dict[str, int] = {}

    def take(self, fact: Fact) -> None:
        """Take the next fact of the log; one that is about no alert changes nothing."""
        if not fact.type.startswith("alert."):
            return
        alert = str(getattr(fact.content(), "alert", ""))
        story = told_of(self._stories.get(alert), fact, lambda shipment: self._describe(shipment).parties)
        if story is not None:
            self._stories[alert] = story
            self._next_ms[alert] = 0

    def tick(self, now_ms: int) -> int:
        """Put what is due by now into the outbox; return how many notices that were. Durable on return.

        Raises:
            Unavailable: the outbox does not answer; the notices are put by a later call.
        """
        put = 0
        for alert in [alert for alert, at_ms in self._next_ms.items() if at_ms <= now_ms]:
            put += self._tell(self._stories[alert], now_ms)
            self._look_again(alert, now_ms)
        return put

    def _tell(self, story: Story, now_ms: int) -> int:
        notices = due(self._policy, story, now_ms)
        if not notices:
            return 0
        card = self._describe(story.shipment)
        put = self._outbox.put([self._entry(notice, story, card).item() for notice in notices])
        for notice in notices:
            if notice.kind == "escalated":
                self._escalated(notice, story)  # again after a failure: whoever records it does so once
        return put

    def _entry(self, notice: Notice, story: Story, card: Card) -> Entry:
        recipient = self._policy.recipient_of(notice.recipient)
        message = compose(notice, story, recipient, title=card.title, place=card.place, url=self._url)
        return Entry(notice=notice, message=message)

    def _look_again(self, alert: str, now_ms: int) -> None:
        """Remember when the alert is due again; forget one that has ended long ago."""
        story = self._stories[alert]
        at_ms = next_due_ms(self._policy, story, now_ms)
        forget_ms = None if story.ended_at_ms is None else story.ended_at_ms + _KEPT_MS
        if at_ms is None and forget_ms is not None and now_ms < forget_ms:
            at_ms = forget_ms
        if at_ms is not None:
            self._next_ms[alert] = at_ms
            return
        del self._next_ms[alert]
        if forget_ms is not None:
            del self._stories[alert]
