"""A rule book tried on history: when it would have fired, and how that differs from what did fire.

The whole history of a subject is judged, as the tower judges it; what falls out of the span that was asked for is left
out afterwards, so that no edge of the span looks like the beginning or the end of anything. Nothing is stored.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from doseway.app.books import Book
from doseway.app.tower.journeys import found_by, journey_of
from doseway.app.tower.judging import judge_all
from doseway.app.tower.sensors import product_sensors
from doseway.app.tower.state import Found, Holder
from doseway.app.trial import Firing, Trial, Where
from doseway.coldchain import profile as profiles
from doseway.coldchain.profile import Profile
from doseway.model.canonical import encode
from doseway.model.findings import Finding
from doseway.model.watching import FOREVER_MS


class Subject(NamedTuple):
    """What a book is tried on.

    Attributes:
        name: of the shipment, the device, or the files. holder: all that is known of it, its document included.
        until_ms: event time up to which silence counts.
        fired: what the rules in force found, as far as it stands. device: only what concerns it; empty: all.
        limits: the snapshot of the limits to try with what the product had used before; empty: the book's own.
        has_phases: somebody planned it, so that rules for certain phases know when these were.
        is_ambient: the book is for the air around the package.
    """

    name: str
    holder: Holder
    until_ms: int
    fired: tuple[Finding, ...] = ()
    device: str = ""
    limits: bytes = b""
    has_phases: bool = True
    is_ambient: bool = False


def try_on(subject: Subject, book: Book, where: Where) -> Trial:
    """Try a book on a subject."""
    found, failures, verdict, reasons = (
        _by_limits(subject, book) if isinstance(book, Profile) else _by_watch(subject, book)
    )
    tried = [one for one in found if _is_within(one.finding, where) and _concerns(subject, one.finding)]
    rules = {rule.rule for rule in book.rules}
    before = [
        one
        for one in subject.fired
        if one.rule in rules and _is_within(one, where) and _concerns(subject, one) and _is_judged(subject, book, one)
    ]
    fired, gone = _compare(tried, before, {rule.id for rule in book.rules})
    histories = [one.history for one in subject.holder.devices.values()]
    return Trial(
        subject=subject.name,
        fired=tuple(fired),
        gone=tuple(gone),
        observations=sum(one.size for one in histories),
        first_ms=min((at for one in histories if (at := one.oldest_ms) is not None), default=None),
        last_ms=max((at for one in histories if (at := one.newest_ms) is not None), default=None),
        verdict=verdict,
        reasons=reasons,
        failures=failures,
    )


def findings_of(subject: Subject, book: Book) -> tuple[Finding, ...]:
    """Return all that a book finds on a subject: what another is compared with."""
    found = _by_limits(subject, book)[0] if isinstance(book, Profile) else _by_watch(subject, book)[0]
    return tuple(one.finding for one in found)


_Result = tuple[Sequence[Found], tuple[str, ...], str, tuple[str, ...]]


def _by_limits(subject: Subject, book: Profile) -> _Result:
    context = subject.holder.context
    assert context is not None
    limits = subject.limits or encode(profiles.to_plain(book))
    changed = {"ambient_limits" if subject.is_ambient else "limits": limits}
    holder = msgspec.structs.replace(subject.holder, context=msgspec.structs.replace(context, **changed, error=""))
    judged = judge_all({subject.name: holder})[subject.name]
    found = [one for one in judged.found if _is_judged(subject, book, one.finding)]
    failures = tuple(f"{one.rule_id}: {one.error}" for one in judged.failures)
    if subject.is_ambient:
        return found, failures, "", ()
    return found, failures, judged.verdict.value, judged.reasons


def _by_watch(subject: Subject, book: Book) -> _Result:
    assert not isinstance(book, Profile)
    journey = journey_of(subject.holder, subject.until_ms)
    if not subject.has_phases:
        journey = replace(journey, phases=())
    watched = found_by(journey, book)
    return watched.found, tuple(f"{one.rule_id}: {one.error}" for one in watched.failures), "", ()


def _is_judged(subject: Subject, book: Book, finding: Finding) -> bool:
    """Tell whether a finding is on a sensor that the book is for: the product's, or those in the air."""
    carried = subject.holder.devices.get(finding.device)
    if not isinstance(book, Profile) or carried is None:
        return True
    return (finding.sensor in product_sensors(subject.holder, finding.device, carried)) != subject.is_ambient


def _concerns(subject: Subject, finding: Finding) -> bool:
    return subject.device in {"", finding.device}


def _is_within(finding: Finding, where: Where) -> bool:
    end_ms = FOREVER_MS if finding.end_ms is None else finding.end_ms
    return (where.first_ms is None or end_ms >= where.first_ms) and (
        where.last_ms is None or finding.start_ms <= where.last_ms
    )


def _compare(tried: Iterable[Found], fired: Iterable[Finding], entries: set[str]) -> tuple[list[Firing], list[Finding]]:
    """Match each finding with one that fired: of the same entry first, then of an entry that the book has not."""
    left = list(fired)
    firings: list[Firing] = []
    for one in sorted(tried, key=lambda each: (each.finding.start_ms, each.finding.rule_id, each.finding.device)):
        match = max(_matches(one.finding, left, entries), key=lambda pair: pair[0], default=None)
        if match is None:
            firings.append(Firing(finding=one.finding, limits=one.limits, compared="new"))
            continue
        was = left.pop(match[1])
        is_same = _window(was) == _window(one.finding)
        firings.append(
            Firing(
                finding=one.finding,
                limits=one.limits,
                compared="same" if is_same else "changed",
                was=None if is_same else was,
            )
        )
    return firings, sorted(left, key=lambda one: (one.start_ms, one.rule_id))


def _matches(finding: Finding, fired: Sequence[Finding], entries: set[str]) -> Iterator[tuple[tuple[bool, int], int]]:
    """Yield how well, and which of what fired, goes with a finding."""
    for place, one in enumerate(fired):
        is_same_entry = one.rule_id == finding.rule_id
        if (one.rule, one.device, one.sensor) != (finding.rule, finding.device, finding.sensor):
            continue
        overlap_ms = _overlap(one, finding)
        if overlap_ms >= 0 and (is_same_entry or one.rule_id not in entries):
            yield (is_same_entry, overlap_ms), place


def _window(finding: Finding) -> tuple[int, int, int | None]:
    return finding.start_ms, finding.raised_ms, finding.end_ms


def _overlap(one: Finding, other: Finding) -> int:
    ends = [FOREVER_MS if each.end_ms is None else each.end_ms for each in (one, other)]
    return min(ends) - max(one.start_ms, other.start_ms)
