"""What a Berlinger device says about itself: its alarms, its own figures, its daily records.

Times in here are device-local, counted as if they were UTC; `shift_ms` (the clock's offset) is taken off.
"""

from collections.abc import Iterator
from typing import Final, Literal

from doseway.intake.berlinger.tree import Block, Row, day_ms, minute_of_day
from doseway.model.errors import FormatError
from doseway.model.readings import AlarmClaim, AlarmSetting, DayClaim, DeviceClaims, Note
from doseway.model.units import MINUTE_MS

_Side = Literal["high", "low"]
_Counting = Literal["consecutive", "cumulative"]
_MINUTE_S: Final = 60
# Fridge-tag slots. The alarm follows continuous time, although `t Acc` is a day's total: 72 of 72 real days agree.
_FRIDGE_TAG: Final[dict[str, tuple[_Side, _Counting]]] = {"0": ("low", "consecutive"), "1": ("high", "consecutive")}
_Q_TAG_TYPES: Final[dict[str, tuple[_Side, _Counting]]] = {
    "1": ("low", "consecutive"),
    "2": ("high", "consecutive"),
    "3": ("low", "cumulative"),
    "4": ("high", "cumulative"),
}
_UNUSED: Final = "0"


def settings(conf: Block) -> tuple[tuple[AlarmSetting, ...], tuple[Note, ...]]:
    """Return the alarms configured in the device, and notes on those that nobody knows how to read."""
    found: list[AlarmSetting] = []
    notes: list[Note] = []
    for slot, block in conf.block("Alarm").blocks.items():
        row = block.row("T AL")
        kind = block.text("Type")
        if kind == _UNUSED:
            continue
        meaning = _Q_TAG_TYPES.get(kind) if kind else _FRIDGE_TAG.get(slot)
        limit, after = row.milli("T AL"), row.whole("t AL")
        if meaning is None or limit is None or after is None:
            text = f"Alarm {slot} of the device (type {kind or 'not given'}) is not understood and not applied."
            notes.append(Note("alarm-unknown", text, block.place))
            continue
        side, counting = meaning
        found.append(
            AlarmSetting(slot=slot, side=side, counting=counting, limit_milli=limit, after_s=after * _MINUTE_S)
        )
    return tuple(found), tuple(notes)


def claims(root: Block, shift_ms: int) -> DeviceClaims | None:
    """Return what the device computed: a Q-tag's results or a Fridge-tag's daily records; None for neither."""
    if "Hist" in root.blocks:
        return DeviceClaims(days=tuple(_days(root.block("Hist"), shift_ms)))
    if "Res" not in root.blocks:
        return None
    result = root.block("Res")
    energy = root.block("Conf").row("MKT Energy").milli("MKT Energy")
    return DeviceClaims(
        min_milli=result.row("Min T").milli("Min T"),
        max_milli=result.row("Max T").milli("Max T"),
        mean_milli=result.row("Avrg T").milli("Avrg T"),
        mkt_milli=result.row("MKT").milli("MKT"),
        activation_energy_kj_mol=None if energy is None else energy / 1000,
        alarms=tuple(_events(result.block("Alarm"), shift_ms)),
    )


def _events(alarms: Block, shift_ms: int) -> Iterator[AlarmClaim]:
    for slot, block in alarms.blocks.items():
        for row in block.rows:
            accumulated = row.whole("t A")
            if accumulated is None:
                continue
            yield AlarmClaim(
                slot=slot,
                accumulated_s=accumulated * _MINUTE_S,
                started_at_ms=_shifted(row, "TS S", shift_ms),
                raised_at_ms=_shifted(row, "TS A", shift_ms),
                ended_at_ms=_shifted(row, "TS E", shift_ms),
                peak_milli=row.milli("T M"),
                peak_at_ms=_shifted(row, "TS M", shift_ms),
            )


def _days(history: Block, shift_ms: int) -> Iterator[DayClaim]:
    """Give the daily records from the oldest to the newest; the device writes the newest first."""
    for name, block in reversed(history.blocks.items()):
        if not name.isdigit():
            continue
        row = block.row("Date")
        start = day_ms(row.get("Date"))
        if start is None:
            raise FormatError(f"daily record {name} has no date such as 2022-06-08", where=block.place)
        timeout = [
            row.whole("t AccST") or 0
            for sensor in ("Int Sensor timeout", "Ext Sensor timeout")
            for row in block.block(sensor).rows
        ]
        yield DayClaim(
            date=row.get("Date"),
            starts_at_ms=start - shift_ms,
            min_milli=block.row("Min T").milli("Min T"),
            max_milli=block.row("Max T").milli("Max T"),
            mean_milli=block.row("Avrg T").milli("Avrg T"),
            alarms=tuple(_day_alarms(block.block("Alarm"), start - shift_ms)),
            sensor_timeout_s=max(timeout, default=0) * _MINUTE_S,
        )


def _day_alarms(alarms: Block, day_starts_ms: int) -> Iterator[AlarmClaim]:
    for slot, block in alarms.blocks.items():
        row = block.row("t Acc")
        accumulated = row.whole("t Acc")
        if accumulated is None:
            continue
        raised = None
        if row.get("TS A"):
            minutes = minute_of_day(row.get("TS A"))
            if minutes is None:
                raise FormatError(f"TS A is {row.get('TS A')!r}, not a time such as 14:55", where=row.where("TS A"))
            raised = day_starts_ms + minutes * MINUTE_MS
        yield AlarmClaim(slot=slot, accumulated_s=accumulated * _MINUTE_S, raised_at_ms=raised)


def _shifted(row: Row, key: str, shift_ms: int) -> int | None:
    instant = row.local_ms(key)
    return None if instant is None else instant - shift_ms
