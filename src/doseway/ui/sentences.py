"""The sentences of the pages about what rules find, what facts say and why a judgement is as it is."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from doseway.model.findings import Finding
from doseway.ui.languages import mark

FINDINGS: Final[Mapping[str, str]] = {
    "excursion:high": mark("Above %(limit)s %(when)s, peak %(peak)s."),
    "excursion:low": mark("Below %(limit)s %(when)s, peak %(peak)s."),
    "excursion:high:inclusive": mark("At or above %(limit)s %(when)s, peak %(peak)s."),
    "excursion:low:inclusive": mark("At or below %(limit)s %(when)s, peak %(peak)s."),
    "cumulative:high": mark("Above %(limit)s in all %(when)s: the budget is %(budget)s."),
    "cumulative:low": mark("Below %(limit)s in all %(when)s: the budget is %(budget)s."),
    "cumulative:high:inclusive": mark("At or above %(limit)s in all %(when)s: the budget is %(budget)s."),
    "cumulative:low:inclusive": mark("At or below %(limit)s in all %(when)s: the budget is %(budget)s."),
    "shared_budget": mark("Outside %(low)s to %(high)s in all %(when)s: the budget for hot and cold is %(budget)s."),
    "tier:single": mark("In the range of “%(entry)s” without a break %(when)s: %(single)s at a time are allowed."),
    "tier:budget": mark("In the range of “%(entry)s” %(when)s: %(budget)s are allowed, peak %(peak)s."),
    "tier": mark("In the range of “%(entry)s” %(when)s, peak %(peak)s."),
    "consumption": mark("%(used)s of the shelf life is used; the limit is %(allowed)s."),
    "mkt": mark(
        "The mean kinetic temperature of the worst %(window)s with an excursion is %(mkt)s; the limit is %(limit)s."
    ),
    "freeze": mark("Freezing: below %(limit)s %(when)s, peak %(peak)s."),
    "freeze:inclusive": mark("Freezing: at or below %(limit)s %(when)s, peak %(peak)s."),
    "heat_spike": mark("Above %(above)s without a break %(when)s: %(most)s are allowed, peak %(peak)s."),
    "heat_spike:ceiling": mark("Above the ceiling of %(ceiling)s %(when)s, peak %(peak)s."),
    "gap": mark("No records %(when)s: what happened then is unknown."),
    "sensor_disconnected": mark("The sensor gave no value %(when)s: what happened then is unknown."),
    "stuck_sensor": mark("The sensor read %(peak)s without a change %(when)s: it may be stuck."),
    "start_delay": mark("While the logger was conditioning (not counted): out of range %(when)s."),
    "battery": mark("The battery will not last: %(charge)s left at the lowest, %(when)s."),
    "door_open": mark("The door was open %(when)s."),
    "door_open:light": mark("Opened: light of up to %(lux)s %(when)s."),
    "humidity:high": mark("Humidity above %(damp_limit)s %(when)s, worst %(damp)s."),
    "humidity:low": mark("Humidity below %(damp_limit)s %(when)s, worst %(damp)s."),
    "light": mark("Light of up to %(lux)s %(when)s."),
    "tilt": mark("Tilted by more than %(tilt_limit)s %(when)s, at most %(tilt)s."),
    "shock": mark("A shock of %(blow)s."),
    "shock:row": mark("%(blows)s shocks, the hardest of %(blow)s."),
    "geofence:arrive": mark("Arrived at %(site)s."),
    "geofence:crossing": mark("Passed through %(site)s."),
    "geofence:depart": mark("Left %(site)s."),
    "geofence:dwell": mark("At %(site)s for more than %(dwell)s."),
    "late_eta": mark("Expected %(delay)s later than promised."),
    "late_eta:lasts": mark(
        "Expected %(delay)s later than promised. %(left)s of the temperature budget are left: enough until the arrival."
    ),
    "late_eta:short": mark(
        "Expected %(delay)s later than promised. %(left)s of the temperature budget are left: not enough for all of "
        "the time to the arrival out of range."
    ),
    "no_signal": mark("Not heard %(when)s."),
    "prolonged_stop": mark("Has not moved %(when)s."),
    "route_deviation": mark("Off the planned way %(when)s, up to %(beyond)s outside of its corridor."),
    "first_miles_stop": mark("Stopped %(when)s, %(away)s from the origin."),
    "risk_zone": mark("In the zone of risk %(site)s %(when)s."),
    "risk_zone:crossing": mark("Passed through the zone of risk %(site)s."),
    "separation": mark("%(device)s and %(other)s are at least %(apart)s apart, %(when)s."),
    "jamming": mark("The device reports jamming."),
    "jamming:devices": mark("These devices fell silent at once: %(devices)s."),
    "tampering": mark("The device reports: %(kind)s."),
    "theft": mark("Likely theft: %(kinds)s."),
    "cloned_device": mark("Heard from two places that cannot both be true, %(fixes)s times from the second one."),
    "spoofed_position:mock": mark("The device says that its position was set by software."),
    "spoofed_position:speed": mark("Moves faster than anything can."),
    "spoofed_position:jump": mark("Is somewhere else though it stood still before and after."),
    "spoofed_position:frozen": mark("Its coordinates are frozen while it moves."),
    "spoofed_position:disagrees": mark("Is elsewhere while the other devices of the shipment are together."),
    "rule_failed": mark("The rule “%(entry)s” failed: its limits are not watched."),
}
"""By rule and variant; the figures are those of `telling`."""

KINDS: Final[Mapping[str, str]] = {
    "opened": mark("opened"),
    "stopped": mark("stopped"),
    "off-route": mark("off the route"),
    "separated": mark("devices separated"),
    "alarmed": mark("alarmed by the device"),
    "jamming": mark("jamming"),
    "tampering": mark("tampering"),
    "removed": mark("removed"),
    "removing": mark("being removed"),
    "cut": mark("cut"),
    "sos": mark("call for help"),
}
"""The clues to a theft, and the signals that devices raise."""

BECAUSE: Final[Mapping[str, str]] = {
    "time-passed": mark("time passed"),
    "new-reading": mark("new readings"),
    "late-data": mark("late data"),
    "limits-changed": mark("the limits changed"),
    "device-assigned": mark("a device was put to it"),
}

FACTS: Final[Mapping[str, str]] = {
    "document.put:new": mark("The shipment was planned."),
    "document.put": mark("The shipment's plan is in version %(version)s."),
    "association.recorded:ADD": mark("The device %(device)s was put to the shipment at %(at_ms)s."),
    "association.recorded:DELETE": mark("The device %(device)s was taken from the shipment at %(at_ms)s."),
    "milestone.reported:departed": mark("%(who)s says that the shipment departed at %(at_ms)s."),
    "milestone.reported:arrived": mark("%(who)s says that the shipment arrived at %(at_ms)s."),
    "milestone.reported:delivered": mark("%(who)s says that the shipment was delivered at %(at_ms)s."),
    "milestone.reported:closed": mark("%(who)s says that the shipment was closed at %(at_ms)s."),
    "disposition.decided": mark("%(who)s decided: %(disposition)s. %(reason)s"),
    "rule.failed": mark("The rule %(rule)s failed: %(error)s"),
    "alert.opened": mark("Alert: %(finding)s"),
    "alert.closed": mark("Over: %(finding)s"),
    "alert.extended": mark("An alert covers more now (%(because)s): %(finding)s"),
    "alert.shortened": mark("An alert covers less now (%(because)s): %(finding)s"),
    "alert.retracted": mark("An alert was taken back (%(because)s)."),
    "alert.acknowledged": mark("%(who)s acknowledged an alert: %(comment)s"),
    "alert.snoozed": mark("%(who)s silenced an alert until %(until_ms)s: %(comment)s"),
    "alert.escalated": mark("Nobody acknowledged an alert in time: it went to level %(level)s."),
}

REASONS: Final[Mapping[str, str]] = {
    "kept": mark("All limits of “%(profile)s” were kept in %(count)s readings; %(part)s of the time was observed."),
    "no-limits": mark("No limits to judge against: choose a profile, or set alarms in the device."),
    "no-readings": mark("There are no temperature readings, so nothing is known about the product."),
    "no-valid-reading": mark("The sensor gave no valid reading, so nothing is known about the product."),
    "coverage": mark("Only %(part)s of the time was observed (%(least)s are required): %(span)s are unknown."),
    "failed": mark("The rule “%(entry)s” failed (%(error)s), so its limits were not checked."),
    "more": mark("%(count)s more of “%(entry)s”, %(span)s out of range in all."),
}


def variant(one: Finding, limits: Mapping[str, Any]) -> str:
    """Return which sentence of `FINDINGS` a finding needs."""
    which = _VARIANTS.get(one.rule)
    return ":".join(filter(None, (one.rule, which(one, limits) if which else "")))


def _side(_: Finding, limits: Mapping[str, Any]) -> str:
    return str(limits.get("side", "high"))


def _inclusive(_: Finding, limits: Mapping[str, Any]) -> str:
    return "inclusive" if limits.get("comparison") == "inclusive" else ""


def _side_inclusive(one: Finding, limits: Mapping[str, Any]) -> str:
    return ":".join(filter(None, (_side(one, limits), _inclusive(one, limits))))


def _tier(one: Finding, limits: Mapping[str, Any]) -> str:
    return "single" if one.details.get("allowance") == "single" else "budget" if "budget_ms" in limits else ""


def _door(one: Finding, limits: Mapping[str, Any]) -> str:
    bright = limits.get("light_millilux") or 0
    return "light" if bright > _DOOR and (one.peak_milli or 0) >= bright else ""


def _fence(one: Finding, limits: Mapping[str, Any]) -> str:
    on = str(limits.get("on", ""))
    return "crossing" if on == "arrive" and one.details.get("is_crossing") else on


def _late(one: Finding, _: Mapping[str, Any]) -> str:
    return "" if "lasts" not in one.details else "lasts" if one.details["lasts"] else "short"


_DOOR: Final = 1_000
"""What an open door reads, in thousandths."""
_VARIANTS: Final[Mapping[str, Callable[[Finding, Mapping[str, Any]], str]]] = {
    "excursion": _side_inclusive,
    "cumulative": _side_inclusive,
    "freeze": _inclusive,
    "humidity": _side,
    "tier": _tier,
    "heat_spike": lambda one, _: "ceiling" if one.details.get("reached") == "ceiling" else "",
    "door_open": _door,
    "shock": lambda one, _: "row" if int(one.details.get("blows", 1)) > 1 else "",
    "geofence": _fence,
    "late_eta": _late,
    "risk_zone": lambda one, _: "crossing" if one.details.get("is_crossing") else "",
    "jamming": lambda one, _: "devices" if "devices" in one.details else "",
    "spoofed_position": lambda one, _: str(one.details.get("pattern", "")),
}
