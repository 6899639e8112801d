"""What is wrong with how a shipment is going to be watched: every linter, over what its documents say."""

from collections.abc import Iterator, Sequence
from typing import Final

from doseway.app.board import LintNote
from doseway.app.tower.journeys import watch_of
from doseway.app.tower.judging import profile_of
from doseway.app.tower.state import Context, Holder
from doseway.coldchain.lint import lint as lint_profile
from doseway.model.clock import iso_utc
from doseway.model.documents import DeviceCard
from doseway.model.readings import Note, Quantity
from doseway.model.units import SECOND_MS
from doseway.transit.lint import lint as lint_watch

_SILENT: Final = frozenset({"never-fires", "never-active"})
_BY_INTENT: Final = frozenset({"not-arranged", "raised-late", "never-long-enough"}) | _SILENT
"""Of the built-in watch, which is for all shipments, these are no mistake of anybody's."""
_ADVICE: Final = frozenset({"interval-too-long", "raised-late"})


def lint_shipment(holder: Holder) -> tuple[LintNote, ...]:
    """Return what is wrong with the rules, limits, devices and plan of a shipment that has a document."""
    context = holder.context
    assert context is not None
    travelling = (name for name, carried in holder.devices.items() if _is_with_it(carried.windows))
    return lint_context(context, tuple(context.cards.get(name) or DeviceCard(id=name) for name in travelling))


def count_of(holder: Holder) -> int:
    """Return how many findings somebody should look at before the departure of a shipment that has a document."""
    assert holder.context is not None
    return 0 if holder.context.shipment.is_cancelled else sum(not one.is_advice for one in lint_shipment(holder))


def lint_context(context: Context, devices: Sequence[DeviceCard]) -> tuple[LintNote, ...]:
    """Return the same for documents and the cards of the devices that are to travel."""
    if context.error:
        return (_note("limits", Note("no-limits", context.error)), *_of_devices(context, devices))
    return (*_of_devices(context, devices), *(_of_books(context, devices) if devices else ()))


def _of_devices(context: Context, devices: Sequence[DeviceCard]) -> Iterator[LintNote]:
    if not devices:
        yield _note("devices", Note("no-device", "No device travels with it yet, so no rule can fire."))
        return
    if all(one.measures and Quantity.TEMPERATURE not in one.measures for one in devices):
        yield _note("devices", Note("no-thermometer", "No device measures temperature: the product cannot be judged."))
    ends_ms = context.legs[-1].arrive_at_ms if context.legs else None
    for one in devices:
        if ends_ms is not None and one.calibrated_until_ms is not None and one.calibrated_until_ms < ends_ms:
            until = iso_utc(one.calibrated_until_ms)[:10]
            text = f"The calibration of the device {one.id} ends on {until}, before the planned arrival."
            yield _note("devices", Note("calibration-ends", text))


def _of_books(context: Context, devices: Sequence[DeviceCard]) -> Iterator[LintNote]:
    trip_ms = context.legs[-1].arrive_at_ms - context.legs[0].depart_at_ms if context.legs else None
    intervals_ms = [
        one.interval_s * SECOND_MS for one in devices if not one.measures or Quantity.TEMPERATURE in one.measures
    ]
    for where, limits in (("limits", context.limits), ("ambient limits", context.ambient_limits)):
        if limits:
            yield from (_note(where, one) for one in lint_profile(profile_of(limits), trip_ms, intervals_ms))
    if context.watch:
        found = lint_watch(watch_of(context.watch), context.shipment, context.legs, context.sites, devices)
        is_standing = not context.shipment.watch
        if is_standing:
            yield from _standing(found)
        yield from (_note("watch", one, is_advice=is_standing and one.code in _BY_INTENT) for one in found)


def _standing(found: Sequence[Note]) -> Iterator[LintNote]:
    """Say once how many rules of the built-in watch are silent: it is for all shipments, and each is a remark."""
    silent = [one for one in found if one.code in _SILENT]
    if silent:
        text = f"{len(silent)} rules of the standard watch can never fire on it, for want of a sensor or of a place."
        yield _note("watch", Note("standard-silent", text))


def _note(where: str, note: Note, *, is_advice: bool = False) -> LintNote:
    rule = note.where.source.removeprefix("rule ") if note.where is not None else ""
    text, is_advice = note.text, is_advice or note.code in _ADVICE
    return LintNote(code=note.code, text=text, where=where, rule=rule, is_advice=is_advice)


def _is_with_it(windows: Sequence[tuple[int, int | None]]) -> bool:
    return bool(windows) and windows[-1][1] is None
