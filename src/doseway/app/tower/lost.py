"""What can no longer be read, because bytes were erased: what was found in it stands as it was said.

Erasing takes the observations out of every later judgement; the facts about alerts stay in the log, and the tower must
not take back in silence what it can no longer check. So an alert that reaches over a lost observation is revised only
by a finding that still reaches over it and tells of another time (it goes on, or has ended since), and the time of a
lost observation is never told as silence.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from doseway.app.tower.alerts import ALARM, end_of, thread_of
from doseway.app.tower.history import Span
from doseway.app.tower.state import Found, Holder, Published
from doseway.model.findings import Finding

_SILENCE: Final = frozenset({"gap", "no_signal"})
"""Rules that find that nothing was observed."""


def lost_of(holder: Holder, device: str = "") -> Iterator[Span]:
    """Yield when lost packets of a shipment's device observed; of all its devices where none is named."""
    for name, carried in holder.devices.items():
        if device in {"", name}:
            yield from carried.history.lost


def rests_on_lost(holder: Holder, finding: Finding) -> bool:
    """Tell whether a finding reaches over an observation that can no longer be read."""
    return finding.rule != ALARM and any(_touched(holder, finding))


def without_lost(holder: Holder, found: Iterable[Found]) -> tuple[Mapping[str, Published], list[Found]]:
    """Return what may be revised: the alerts without those that stand as they were said, and the findings for them."""
    if not any(lost_of(holder)):
        return holder.published, list(found)
    found = [one for one in found if not _is_hole(holder, one.finding)]
    standing = {
        alert: known.finding
        for alert, known in holder.published.items()
        if known.state != "retracted"
        and known.finding.rule != ALARM
        and not _is_confirmed(holder, known.finding, found)
    }
    free = [one for one in found if not any(_is_part(one.finding, of) for of in standing.values())]
    return {alert: known for alert, known in holder.published.items() if alert not in standing}, free


def _touched(holder: Holder, finding: Finding) -> Iterator[Span]:
    for start_ms, end_ms in lost_of(holder, finding.device):
        if start_ms <= end_of(finding) and end_ms >= finding.start_ms:
            yield start_ms, end_ms


def _is_confirmed(holder: Holder, known: Finding, found: Iterable[Found]) -> bool:
    """Tell whether what is left to read bears an alert out as far as what is lost; without a loss it need not."""
    until_ms = max((end_ms for _, end_ms in _touched(holder, known)), default=None)
    if until_ms is None:
        return True
    needed_ms = min(until_ms, end_of(known))
    same = (one.finding for one in found if thread_of(one.finding) == thread_of(known))
    return any(
        one.start_ms <= known.start_ms
        and end_of(one) >= needed_ms
        and (one.start_ms, one.end_ms) != (known.start_ms, known.end_ms)
        and not _adds_lost(holder, known, one)
        for one in same
    )


def _adds_lost(holder: Holder, known: Finding, now: Finding) -> bool:
    """Tell whether something was lost in the time that a finding adds: maybe it showed that the matter was over."""
    return any(
        (start_ms < known.start_ms and end_ms >= now.start_ms) or (end_ms > end_of(known) and start_ms <= end_of(now))
        for start_ms, end_ms in lost_of(holder, known.device)
    )


def _is_hole(holder: Holder, finding: Finding) -> bool:
    """Tell whether silence was found where something was observed that is lost."""
    return finding.rule in _SILENCE and any(
        finding.start_ms < end_ms and start_ms < end_of(finding) for start_ms, end_ms in _touched(holder, finding)
    )


def _is_part(finding: Finding, of: Finding) -> bool:
    overlaps = finding.start_ms <= end_of(of) and end_of(finding) >= of.start_ms
    return overlaps and thread_of(finding) == thread_of(of)
