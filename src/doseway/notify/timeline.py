"""Who is to be told what and when: a pure function of the policy and of an alert's story.

The whole timeline is worked out each time; what has been put into the outbox before is not put there again. So a
restart, a replay or a late acknowledgement need no bookkeeping: what is no longer due is no longer on the timeline.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from doseway.model.findings import Finding, Severity
from doseway.model.ids import content_id
from doseway.notify.policy import Address, Policy, Recipient, Route, rank
from doseway.notify.quiet import quiet_until, zone_of

Kind = Literal["opened", "escalated", "repeated", "closed", "retracted", "test"]
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 24 * 60 * _MINUTE_MS
_MOST_SWALLOWED: Final = 300


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one alert, in times of our clock.

    Attributes:
        alert, shipment: ids. finding: as last said. limits: those in force.
        parties: of the shipment, as `role:id`.
        opened_at_ms: when it was recorded. acknowledged_at_ms: the first acknowledgement.
        snoozed: (from, until), notices within are not sent.
        ended_at_ms, end: when it was closed or retracted, and which of both.
    """

    alert: str
    shipment: str
    finding: Finding
    limits: dict[str, object] = {}
    parties: frozenset[str] = frozenset()
    opened_at_ms: int
    acknowledged_at_ms: int | None = None
    snoozed: tuple[tuple[int, int], ...] = ()
    ended_at_ms: int | None = None
    end: Literal["", "closed", "retracted"] = ""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.finding.severity


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One message that is due to one address.

    Attributes:
        revision: which saying about the alert it is, such as `level-1` or `repeat-3`; with alert, recipient and address
            it makes the notice one of its kind.
        level: of the escalation, from 0.
        due_at_ms: when it may be sent, quiet hours and snoozing taken into account.
    """

    alert: str
    revision: str
    recipient: str
    address: Address
    kind: Kind
    level: int
    due_at_ms: int

    @property
    def id(self) -> str:
        """The notice's identity, hex; equal notices have an equal one."""
        parts = (self.alert, self.revision, self.recipient, self.address.channel, self.address.to)
        return content_id("notice", *(part.encode() for part in parts)).hex()


def timeline(policy: Policy, story: Story) -> list[Notice]:
    """Return all notices about an alert as far as it is known, by the time at which they are due.

    An acknowledgement ends escalation and repetition. The end of the alert ends them too, and is told to whoever was
    told of its beginning. One saying goes to one address once, also where several routes want it.
    """
    names = frozenset({story.finding.rule, story.finding.rule_id})
    unique: dict[str, Notice] = {}
    for route in policy.route:
        if route.matches(severity=story.severity, rules=names, shipment=story.shipment, parties=story.parties):
            for notice in _of_route(policy, route, story):
                unique.setdefault(notice.id, notice)
    return sorted(unique.values(), key=lambda notice: (notice.due_at_ms, notice.level, notice.id))


def due(policy: Policy, story: Story, now_ms: int) -> list[Notice]:
    """Return what is due now or was due before; of several repetitions to one address only the newest.

    Of an alert that has ended nothing is told that was due a day ago: a new recipient wants no old stories.
    """
    oldest_ms = now_ms - _DAY_MS if story.end else 0
    found = [notice for notice in timeline(policy, story) if oldest_ms <= notice.due_at_ms <= now_ms]
    newest = {(one.recipient, one.address): one for one in found if one.kind == "repeated"}
    return [one for one in found if one.kind != "repeated" or newest[one.recipient, one.address] is one]


def next_due_ms(policy: Policy, story: Story, now_ms: int) -> int | None:
    """Return when the next notice falls due after now; None: none will, as far as is known."""
    return min((one.due_at_ms for one in timeline(policy, story) if one.due_at_ms > now_ms), default=None)


def _of_route(policy: Policy, route: Route, story: Story) -> Iterator[Notice]:
    told: dict[tuple[str, Address], list[int]] = {}
    for at_ms, level, revision, kind in _sayings(route, story):
        names = route.levels[level].to if kind != "repeated" else _reached(route, story, at_ms)
        for recipient in (policy.recipient_of(name) for name in dict.fromkeys(names)):
            due_ms = _allowed_ms(recipient, story, at_ms)
            if not _is_wanted(story, kind, at_ms, due_ms):
                continue
            for address in recipient.addresses:
                times = told.setdefault((recipient.id, address), [])
                is_new = kind != "repeated" or not times or due_ms > times[-1]  # quiet hours end with one message
                if is_new and len(times) < route.max_notifications:
                    times.append(due_ms)
                    yield _notice(story, recipient, address, revision, kind, level, due_ms)
    if story.end and story.ended_at_ms is not None and route.tells_end:
        for (name, address), times in told.items():
            if times[0] < story.ended_at_ms:  # else they hear of the beginning and the end at once
                due_ms = _allowed_ms(policy.recipient_of(name), story, story.ended_at_ms)
                yield _notice(story, policy.recipient_of(name), address, "end", story.end, 0, due_ms)


def _sayings(route: Route, story: Story) -> Iterator[tuple[int, int, str, Kind]]:
    """Give the levels and the repetitions in the order of their times: (at, level, revision, kind).

    A repetition within a snooze is left out; a level within one is delayed, see `_allowed_ms`.
    """
    found: list[tuple[int, int, str, Kind]] = [
        (
            story.opened_at_ms + level.after_min * _MINUTE_MS,
            number,
            f"level-{number}",
            "escalated" if number else "opened",
        )
        for number, level in enumerate(route.levels)
    ]
    if route.renotify_every_min:
        step_ms = route.renotify_every_min * _MINUTE_MS
        # Those that quiet hours or a snooze swallow do not count, so there are more than may be sent.
        most = route.max_notifications + min(2 * _DAY_MS // step_ms, _MOST_SWALLOWED)
        found += [
            (story.opened_at_ms + number * step_ms, 0, f"repeat-{number}", "repeated")
            for number in range(1, most + 1)
            if not any(start <= story.opened_at_ms + number * step_ms < until for start, until in story.snoozed)
        ]
    yield from sorted(found)


def _reached(route: Route, story: Story, at_ms: int) -> list[str]:
    """Return everybody whose level was reached before an instant."""
    passed_ms = at_ms - story.opened_at_ms
    return [name for level in route.levels if level.after_min * _MINUTE_MS < passed_ms for name in level.to]


def _allowed_ms(recipient: Recipient, story: Story, at_ms: int) -> int:
    """Return when a saying may reach somebody: after snoozing, and after quiet hours unless it is grave enough."""
    for start_ms, until_ms in story.snoozed:
        if start_ms <= at_ms < until_ms:
            at_ms = until_ms
    if recipient.quiet is None or rank(story.severity) >= rank(recipient.quiet.override):
        return at_ms
    return quiet_until(recipient.quiet, zone_of(recipient.zone), at_ms)


def _is_wanted(story: Story, kind: Kind, at_ms: int, due_ms: int) -> bool:
    """Tell whether there is still something to say then: nobody has taken it on, and it has not ended.

    An alert that began and closed within somebody's quiet hours is told after them: it was never seen by anybody.
    """
    if story.acknowledged_at_ms is not None and due_ms >= story.acknowledged_at_ms:
        return False
    if story.ended_at_ms is None or due_ms < story.ended_at_ms:
        return True
    return kind == "opened" and story.end == "closed" and at_ms < story.ended_at_ms


def _notice(
    story: Story, recipient: Recipient, address: Address, revision: str, kind: Kind, level: int, due_ms: int
) -> Notice:
    return Notice(
        alert=story.alert,
        revision=revision,
        recipient=recipient.id,
        address=address,
        kind=kind,
        level=level,
        due_at_ms=due_ms,
    )
