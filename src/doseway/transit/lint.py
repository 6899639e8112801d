"""Which rules of a watch can never fire on a shipment: said before it departs, not found out afterwards.

A tracker without the sensor, a phase that the shipment never reaches, a zone that nobody drew: each makes a rule
silent, and silence reads as "fine".
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, get_args

from doseway.model.documents import DeviceCard, Leg, Shipment, Site
from doseway.model.journey import Phase
from doseway.model.linting import contradictions, place_of, raised_late, too_coarse, too_slow
from doseway.model.readings import Note, Quantity
from doseway.model.units import SECOND_MS
from doseway.model.watch import RULES, Watch
from doseway.model.watching import WatchSpec
from doseway.model.wording import duration

WORDS: Final[Mapping[str, str]] = {
    **{quantity.value: f"a device that measures {quantity.value}" for quantity in Quantity},
    "device": "a device",
    "two-devices": "at least two devices",
    "position": "a device that reports positions",
    "signal": "a device",
    "legs": "planned legs",
    "origin": "the site of the origin",
    "sites": "a site with a fence",
    "corridor": "a leg with a corridor",
    "promise": "the promised time of arrival",
    "risk-site": "a site with the use `risk`",
}
"""The words for what a rule cannot do without, and how they are told."""
ARRANGED: Final = frozenset({"two-devices", "risk-site", "corridor"})
"""What a shipment has only where somebody arranged it: a rule that needs it is silent on any other by intent."""
_WAY: Final = frozenset({"legs", "origin", "sites", "corridor"})
_TWO: Final = 2


def lint(
    watch: Watch,
    shipment: Shipment,
    legs: Sequence[Leg],
    sites: Mapping[str, Site],
    devices: Sequence[DeviceCard],
) -> tuple[Note, ...]:
    """Return a note for each rule that cannot fire or contradicts another, and for a plan later than promised.

    Args:
        watch: the rules.
        shipment, legs, sites: the documents as a journey has them.
        devices: the cards of its devices. One that does not say what it measures is taken to measure everything.
    """
    has, phases = _present(shipment, legs, sites, devices), _reachable(legs, sites, devices)
    notes = [*contradictions(watch.rules)]
    if not legs and any(spec.phases or _WAY & _needed(spec) for spec in watch.rules):
        notes.append(Note("no-way", "No way is planned for it: rules about its way, and for parts of it, are silent."))
        has, phases = has | _WAY, set(get_args(Phase))  # said once, and not for each of them
    notes += [note for spec in watch.rules for note in _notes(spec, has, phases, legs, sites, devices)]
    if legs and shipment.promised_at_ms is not None and legs[-1].arrive_at_ms > shipment.promised_at_ms:
        by = duration(legs[-1].arrive_at_ms - shipment.promised_at_ms)
        notes.append(Note("planned-late", f"The plan itself arrives {by} later than promised."))
    return tuple(notes)


def _needed(spec: WatchSpec) -> set[str]:
    return {word for words in RULES.get(spec.rule).needs for word in words}


def _present(
    shipment: Shipment, legs: Sequence[Leg], sites: Mapping[str, Site], devices: Sequence[DeviceCard]
) -> set[str]:
    """Return the words that hold."""
    named = {name for leg in legs for name in (leg.from_site, leg.to_site)}
    holds = {
        "device": bool(devices),
        "signal": bool(devices),
        "two-devices": len(devices) >= _TWO,
        "position": any(one.has_positions for one in devices),
        "legs": bool(legs),
        "origin": bool(legs) and legs[0].from_site in sites,
        "sites": bool(named & sites.keys()),
        "corridor": any(leg.corridor_m and {leg.from_site, leg.to_site} <= sites.keys() for leg in legs),
        "promise": shipment.promised_at_ms is not None,
        "risk-site": any("risk" in site.uses for site in sites.values()),
    }
    holds |= {word.value: any(not one.measures or word in one.measures for one in devices) for word in Quantity}
    return {word for word, does in holds.items() if does}


def _reachable(legs: Sequence[Leg], sites: Mapping[str, Site], devices: Sequence[DeviceCard]) -> set[Phase]:
    """Return the phases that a shipment comes to without anybody saying so."""
    phases: set[Phase] = {"planned", "closed"}
    if devices:
        phases.add("at-origin")
    if legs:
        phases.add("in-transit")
    if legs and (legs[-1].to_site in sites or not any(one.has_positions for one in devices)):
        phases |= {"arrived", "delivered"}
    return phases


def _notes(
    spec: WatchSpec,
    has: Collection[str],
    phases: Collection[Phase],
    legs: Sequence[Leg],
    sites: Mapping[str, Site],
    devices: Sequence[DeviceCard],
) -> list[Note]:
    rule = RULES.get(spec.rule)
    where = place_of(spec)
    name = spec.title or rule.title
    for words in rule.needs:
        if not set(words) & set(has):
            what = " or ".join(WORDS.get(word, word) for word in words)
            code = "not-arranged" if set(words) <= ARRANGED else "never-fires"
            return [Note(code, f"“{name}” can never fire: it needs {what}.", where)]
    if spec.phases and not set(spec.phases) & set(phases):
        what = " or ".join(spec.phases)
        return [Note("never-active", f"“{name}” can never fire: the shipment is never {what}.", where)]
    intervals_ms = [one.interval_s * SECOND_MS for one in devices]
    return [
        *_without_fence(spec, name, sites),
        *(too_slow(spec, name, legs[-1].arrive_at_ms - legs[0].depart_at_ms) if legs else ()),
        *too_coarse(spec, name, getattr(spec, "max_gap_ms", None), intervals_ms),
        *raised_late(spec, name, intervals_ms),
    ]


def _without_fence(spec: WatchSpec, name: str, sites: Mapping[str, Site]) -> list[Note]:
    """Tell of sites that a rule names and that nobody drew, or that are no concern of this shipment."""
    named: tuple[str, ...] = getattr(spec, "sites", ())
    missing = [one for one in named if one not in sites]
    if not missing:
        return []
    where = " and ".join(missing)
    if len(missing) < len(named):
        text = f"“{name}” never fires at {where}: the shipment knows no such site."
    else:
        text = f"“{name}” can never fire: the shipment knows no site {where}."
    return [Note("no-fence", text, place_of(spec))]
