"""A company's day at the tower: what has to come of it, what did, and one shipment's evidence."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from doseway.app.board import AlertRow
from doseway.app.demo_files import Say, expect, verify_apart
from doseway.app.settings import Settings
from doseway.app.shipment_packing import pack_shipment
from doseway.app.tower.opening import Tower
from doseway.app.traffic import Day, Expected
from doseway.model.clock import iso_utc
from doseway.model.findings import Severity

START_MS: Final = 1_795_478_400_000
"""2026-11-24T00:00Z: a Tuesday, after the days that the logger's file tells of."""
SEED: Final = 1
_COUNTED: Final = frozenset({Severity.WARNING, Severity.HIGH, Severity.CRITICAL})
_PAGE: Final = 500


def differences(tower: Tower, day: Day) -> Iterator[str]:
    """Yield in words each expected alert that is missing or another, and each that nobody expected.

    What was retracted on the way depends on how messages happened to overtake each other, so it need not be expected.
    """
    rest = [one for one in all_alerts(tower) if one.finding.severity in _COUNTED]
    for wanted in day.expected:
        found = next((one for one in rest if _is_it(one, wanted)), None)
        if found is None:
            yield f"missing: {_wanted(wanted)}"
        else:
            rest.remove(found)
    yield from (f"not expected: {_found(one)}" for one in rest if one.state != "retracted")


def all_alerts(tower: Tower) -> list[AlertRow]:
    """Return every alert of the tower, whatever its state."""
    found: list[AlertRow] = []
    after = ""
    while page := tower.board.alerts(states=("open", "closed", "retracted"), after=after, limit=_PAGE):
        found += page
        after = page[-1].alert
    return found


def prove(settings: Settings, tower: Tower, shipment: str, folder: Path, say: Say) -> None:
    """Pack a shipment's evidence, cosigned by the witness of the settings' policy, and verify it without Doseway.

    Raises:
        DemoFailed: the pack does not verify.
    """
    out = folder / f"{shipment}.evidence.zip"
    packed = pack_shipment(settings, tower, shipment, title=f"Shipment {shipment}", out=out)
    say(f"{out.name}: {out.stat().st_size:,} bytes, sealed as entry {packed.seal}")
    expect(verify_apart(out, settings), {0, 1}, say)


def summary(tower: Tower, day: Day) -> Sequence[str]:
    """Return what the day came to, a line each."""
    alerts = all_alerts(tower)
    states = {state: sum(one.state == state for one in alerts) for state in ("open", "closed", "retracted")}
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    packets = ", ".join(f"{count:,} {state}" for state, count in tower.packets.items())
    return (
        f"{len(day.messages):,} messages of {iso_utc(day.start_ms)[:10]}, seed {day.seed}; packets: {packets}",
        f"{tower.sequencer.log.size:,} facts in the log; {len(alerts)} alerts: {told}",
    )


def _is_it(one: AlertRow, wanted: Expected) -> bool:
    finding = one.finding
    return (
        (one.shipment, finding.rule_id, finding.severity) == (wanted.shipment, wanted.rule_id, wanted.severity)
        and abs(finding.start_ms - wanted.start_ms) <= wanted.within_ms
        and (one.state == "retracted") == wanted.is_retracted
    )


def _wanted(wanted: Expected) -> str:
    taken_back = ", retracted" if wanted.is_retracted else ""
    return f"{wanted.shipment} {wanted.rule_id} ({wanted.severity}{taken_back}) about {iso_utc(wanted.start_ms)}"


def _found(one: AlertRow) -> str:
    finding = one.finding
    return f"{one.shipment} {finding.rule_id} ({finding.severity}, {one.state}) from {iso_utc(finding.start_ms)}"
