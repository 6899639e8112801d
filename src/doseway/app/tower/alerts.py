"""What changed between the findings now and what the log says: the facts that an alert is made of.

**Which finding is which alert.** Findings are a function of the readings; an alert is the thread that a person follows
through its revisions. Within one rule, entry, device and sensor, a finding goes with the live alert whose id its own
start would give, else with the live one that it overlaps most. So when late data moves a start, the alert is extended
and keeps who acknowledged it; when it splits an episode, one part goes on and the other is opened; when it joins two,
one goes on and the other is retracted. Every finding has exactly one live alert and every live alert one finding, hence
the findings of live alerts are a function of the readings, whatever the order in which they came.

**Its id** is derived from shipment, rule, version, entry, device, sensor and the start that it was opened with;
findings of one start are counted. The same facts in the same log give the same id, and a replay repeats nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from doseway.app.tower.state import Found, Published
from doseway.model.canonical import encode
from doseway.model.facts import AlertClosed, AlertExtended, AlertOpened, AlertRetracted, AlertShortened
from doseway.model.findings import Finding

Revision = AlertOpened | AlertExtended | AlertShortened | AlertRetracted | AlertClosed

ALARM: Final = "rule_failed"
"""The rule of the alarm that a crashed rule is: it rests on no observation."""
_ID_CHARACTERS: Final = 32
_NO_END: Final = 1 << 62

Thread = tuple[str, int, str, str, str]
"""Rule, version, entry, device, sensor: findings of one thread do not overlap without being one."""


def end_of(finding: Finding) -> int:
    """Return when a finding ends; one that lasts ends after everything."""
    return _NO_END if finding.end_ms is None else finding.end_ms


def thread_of(finding: Finding) -> Thread:
    """Return what a finding must share with an alert to be the same."""
    return finding.rule, finding.rule_version, finding.rule_id, finding.device, finding.sensor


def alert_id(shipment: str, finding: Finding, number: int = 0) -> str:
    """Return the id of the alert that a finding opens; `number` counts those of one thread with the same start."""
    window = encode([shipment, *thread_of(finding), finding.start_ms, number])
    return hashlib.sha256(b"doseway/alert\n" + window).hexdigest()[:_ID_CHARACTERS]


def revise(shipment: str, published: Mapping[str, Published], found: Iterable[Found], because: str) -> list[Revision]:
    """Return the facts that bring what was published to what is found now; none where it is the same.

    Args:
        shipment: whose alerts they are.
        published: by alert id, retracted ones too.
        found: all that is found now, in any order.
        because: why it may differ from before.
    """
    live: dict[Thread, dict[str, Finding]] = {}
    for alert, known in published.items():
        if known.state != "retracted":
            live.setdefault(thread_of(known.finding), {})[alert] = known.finding
    now: dict[Thread, list[Found]] = {}
    for one in found:
        now.setdefault(thread_of(one.finding), []).append(one)
    facts: list[Revision] = []
    for thread in sorted(live.keys() | now.keys()):
        alerts, findings = live.get(thread, {}), now.get(thread, [])
        if not _is_said(alerts, findings):
            facts += _revise_thread(shipment, alerts, findings, because)
    return facts


def _is_said(live: Mapping[str, Finding], found: Sequence[Found]) -> bool:
    """Tell whether every live alert has its finding and every finding its alert, as at nearly every reading."""
    return sorted(live.values(), key=_window) == sorted((one.finding for one in found), key=_window)


def _window(finding: Finding) -> tuple[int, int, int]:
    return finding.start_ms, finding.raised_ms, end_of(finding)


def _revise_thread(
    shipment: str, live: Mapping[str, Finding], found: Sequence[Found], because: str
) -> Iterable[Revision]:
    findings = _numbered(shipment, found)
    matched = _matched(live, {alert: one.finding for alert, one in findings.items()})
    for alert in sorted(live.keys() - matched.values()):
        yield AlertRetracted(alert=alert, shipment=shipment, because=because)
    for own_id, one in findings.items():
        alert = matched.get(own_id, own_id)
        if own_id in matched:
            yield from _changed(shipment, alert, live[alert], one.finding, because)
        else:
            yield AlertOpened(
                alert=_free(alert, live), shipment=shipment, finding=one.finding, limits=one.limits, because=because
            )


def _numbered(shipment: str, found: Sequence[Found]) -> dict[str, Found]:
    """Return findings by the id that each would open, in the order of their windows."""
    numbered: dict[str, Found] = {}
    starts: dict[int, int] = {}
    for one in sorted(found, key=lambda each: _order(each.finding)):
        number = starts.get(one.finding.start_ms, 0)
        starts[one.finding.start_ms] = number + 1
        numbered[alert_id(shipment, one.finding, number)] = one
    return numbered


def _order(finding: Finding) -> tuple[int, int, int, bytes]:
    return *_window(finding), encode(finding)


def _matched(live: Mapping[str, Finding], findings: Mapping[str, Finding]) -> dict[str, str]:
    """Return the live alert of each finding that has one: its own first, then by overlap, the longest first."""
    matched = {own_id: own_id for own_id in findings if own_id in live}
    pairs = sorted(
        (-_overlap(finding, known), known.start_ms, alert, finding.start_ms, own_id)
        for own_id, finding in findings.items()
        if own_id not in matched
        for alert, known in live.items()
        if alert not in findings and _overlap(finding, known) >= 0
    )
    taken = set(matched.values())
    for _, _, alert, _, own_id in pairs:
        if own_id not in matched and alert not in taken:
            matched[own_id] = alert
            taken.add(alert)
    return matched


def _overlap(one: Finding, other: Finding) -> int:
    """Return the time that two windows share; negative where they share none, 0 where they touch."""
    return min(end_of(one), end_of(other)) - max(one.start_ms, other.start_ms)


def _free(alert: str, live: Mapping[str, Finding]) -> str:
    assert alert not in live, "a finding whose own alert lives goes with it"
    return alert


def _changed(shipment: str, alert: str, old: Finding, new: Finding, because: str) -> Iterable[Revision]:
    if new == old:
        return
    if new.end_ms is not None and old.end_ms is None:
        yield AlertClosed(alert=alert, shipment=shipment, finding=new)
    elif _covers(new, old):
        yield AlertExtended(alert=alert, shipment=shipment, finding=new, because=because)
    else:
        yield AlertShortened(alert=alert, shipment=shipment, finding=new, because=because)


def _covers(new: Finding, old: Finding) -> bool:
    """Tell whether a finding covers all of another: equal windows with other figures count as covered."""
    return new.start_ms <= old.start_ms and end_of(new) >= end_of(old)
