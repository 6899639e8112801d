"""The device's own figures beside ours: where they agree, and what cannot both be true.

Devices sample more often than they log, so their figures lie within the bounds of ours and not on them. What lies
outside of every possible history of the log is a contradiction: the file is not what the device wrote.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from doseway.coldchain.daily import Day, days_of
from doseway.coldchain.histogram import histogram, mkt_milli
from doseway.coldchain.judgement import Judgement, Statistics
from doseway.coldchain.runs import Runs, out_mask
from doseway.coldchain.timeline import Timeline
from doseway.coldchain.track import tracks_of
from doseway.model.readings import AlarmClaim, AlarmSetting, DeviceClaims, Quantity, Recording
from doseway.model.units import INVALID, SECOND_MS, decimal_text, milli
from doseway.model.wording import degrees, duration

_ROUNDED_TOLERANCE_MILLI: Final = 150
_BAND: Final = re.compile(r"(-?\d+(?:\.\d+)?)-(-?\d+(?:\.\d+)?)")
_ENERGY_KJ_MOL: Final = 83.144
_FAR_MILLI: Final = 500
_MISSING_SHARE: Final = 2
"""A day with less than one half of its records is missing rows."""


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of the device beside ours, in words; tolerance: how far they may differ."""

    what: str
    device: str
    ours: str
    tolerance: str
    agrees: bool


def compare(recording: Recording, judgement: Judgement) -> list[Agreement]:
    """Compare what the device computed with what its log gives; empty where the device computed nothing."""
    claims, timeline = recording.claims, _timeline(recording)
    if claims is None or timeline is None:
        return []
    statistics = next((one for one in judgement.statistics if one.sensor == timeline.sensors[0]), None)
    found = list(_figures(claims, timeline, statistics))
    for setting in recording.settings:
        events = [one for one in claims.alarms if one.slot == setting.slot]
        found += _alarms(timeline, setting, events)
    found += _bands(claims, timeline)
    if claims.days:
        found += _daily(list(days_of(timeline, claims.days, recording.settings)), recording.settings)
    return found


def contradictions(recording: Recording) -> tuple[str, ...]:
    """Return, in sentences, what the device says that its log rules out; the file then is not what the device wrote."""
    claims, timeline = recording.claims, _timeline(recording)
    if claims is None or timeline is None:
        return ()
    days = list(days_of(timeline, claims.days, recording.settings)) if claims.days else []
    return (*_missing_rows(days), *_day_extremes(days), *_day_times(days), *_whole(claims, timeline))


def _timeline(recording: Recording) -> Timeline | None:
    """Return the leading temperature sensor: the first with a valid reading."""
    for series in recording.series:
        if series.quantity is Quantity.TEMPERATURE and any(value != INVALID for value in series.value_milli):
            interval = None if recording.interval_s is None else recording.interval_s * SECOND_MS
            return Timeline(tracks_of([series], interval_ms=interval, offset_minutes=recording.offset_minutes))
    return None


def _mkt(timeline: Timeline, energy_kj_mol: float) -> int | None:
    """Return the MKT of the whole log at the device's activation energy."""
    counted = timeline.counted
    found = mkt_milli(histogram(counted.value, counted.credit), energy_kj_mol * 1000)
    return None if found is None else found[0]


def _figures(claims: DeviceClaims, timeline: Timeline, statistics: Statistics | None) -> Iterator[Agreement]:
    """Compare extremes, average and MKT."""
    if statistics is None:
        return
    step = claims.resolution_milli
    yield from _figure("Lowest", claims.min_milli, statistics.min_milli, claims)
    yield from _figure("Highest", claims.max_milli, statistics.max_milli, claims)
    yield from _figure("Average", claims.mean_milli, statistics.mean_milli, claims)
    if claims.mkt_milli is not None and step:
        energy = claims.activation_energy_kj_mol or _ENERGY_KJ_MOL
        ours = _mkt(timeline, energy)
        yield from _figure(f"MKT at {energy:g} kJ/mol", claims.mkt_milli, ours, claims)


def _figure(what: str, device: int | None, ours: int | None, claims: DeviceClaims) -> Iterator[Agreement]:
    if device is None or ours is None:
        return
    shown = _printed(ours, claims)
    is_truncated = claims.rounding == "truncated"
    tolerance = claims.resolution_milli if is_truncated else _ROUNDED_TOLERANCE_MILLI
    differs = abs((shown if is_truncated else ours) - device)
    yield Agreement(
        what=what,
        device=degrees(device),
        ours=f"{degrees(shown)} ({decimal_text(ours)})".replace("-", "−"),
        tolerance=degrees(tolerance),
        agrees=differs <= tolerance,
    )


def _printed(value: int, claims: DeviceClaims) -> int:
    """Return a figure as the device prints it."""
    step = claims.resolution_milli or 1
    if claims.rounding == "rounded":
        return (2 * value + step) // (2 * step) * step
    return value // step * step if value >= 0 else -(-value // step * step)


def _alarms(timeline: Timeline, setting: AlarmSetting, events: list[AlarmClaim]) -> Iterator[Agreement]:
    """Compare the time of each alarm that the device raised with the runs of the log."""
    counted = timeline.counted
    out = out_mask(counted, setting.side, setting.limit_milli, is_inclusive=setting.is_inclusive)
    runs = Runs(timeline, out)
    interval = int(timeline.interval_ms[0])
    for event in events:
        since = event.started_at_ms if event.started_at_ms is not None else int(timeline.at[0])
        until = event.ended_at_ms if event.ended_at_ms is not None else int(timeline.end_ms[0])
        if setting.counting == "cumulative":
            since, until = int(timeline.at[0]), int(timeline.end_ms[0])
        chosen = (runs.upper > since) & (runs.lower < until)
        device = event.accumulated_s * SECOND_MS
        least, most = int(runs.least[chosen].sum()), int((runs.upper - runs.lower)[chosen].sum())
        if setting.counting == "consecutive":
            # the device may have seen a break between two samples, or none where the log has one
            least = 0
            most = max(most, until - since)
        agrees = bool(chosen.any()) and least <= device <= most + 2 * interval
        word = "above" if setting.side == "high" else "below"
        total = "in all" if setting.counting == "cumulative" else "at a time"
        yield Agreement(
            what=f"Alarm {setting.slot}: time {word} {degrees(setting.limit_milli)} {total}",
            device=duration(device),
            ours=duration(int(runs.out[chosen].sum())),
            tolerance=f"{duration(least)} to {duration(most)}",
            agrees=agrees,
        )


def _bands(claims: DeviceClaims, timeline: Timeline) -> Iterator[Agreement]:
    """Compare counters of time in a band such as `2-8`, ends included; other names do not say their limits."""
    counted, interval = timeline.counted, int(timeline.interval_ms[0])
    for name, seconds in claims.time_in_band_s.items():
        ends = _BAND.fullmatch(name)
        if ends is None:
            continue
        inside = (counted.value >= milli(ends[1])) & (counted.value <= milli(ends[2]))
        ours = int(counted.credit[inside].sum())
        yield Agreement(
            what=f"Time from {degrees(milli(ends[1]))} to {degrees(milli(ends[2]))}",
            device=duration(seconds * SECOND_MS),
            ours=duration(ours),
            tolerance=duration(2 * interval),
            agrees=abs(ours - seconds * SECOND_MS) <= 2 * interval,
        )


def _daily(days: list[Day], settings: tuple[AlarmSetting, ...]) -> Iterator[Agreement]:
    """Compare the daily records, summed up."""
    for setting in settings:
        slots = [slot for day in days for slot in day.slots if slot.setting.slot == setting.slot]
        if not slots:
            continue
        device = sum(slot.device_ms for slot in slots)
        least, most = sum(slot.least_ms for slot in slots), sum(slot.most_ms for slot in slots)
        word = "above" if setting.side == "high" else "below"
        yield Agreement(
            what=f"Time {word} {degrees(setting.limit_milli)} on all days",
            device=_minutes(device),
            ours=_minutes(sum(slot.out_ms for slot in slots)),
            tolerance=f"{_minutes(least)} to {_minutes(most)}",
            agrees=least <= device <= most,
        )
    full = [day for day in days if day.is_full and not _is_missing(day)]
    pairs = [slot for day in full for slot in day.slots]
    if pairs:
        same = sum(slot.device_alarm == slot.our_alarm for slot in pairs)
        yield Agreement(
            what="Alarm or none, by full day and limit",
            device=f"{sum(slot.device_alarm for slot in pairs)} alarms in {len(pairs)}",
            ours=f"{same} of {len(pairs)} the same",
            tolerance="all the same",
            agrees=same == len(pairs),
        )
    means = [(day.claim.mean_milli, day.mean_milli) for day in full]
    known = [(device, ours) for device, ours in means if device is not None and ours is not None]
    if known:
        exact = sum(_tenth(ours) == device for device, ours in known)
        near = all(abs(_tenth(ours) - device) <= _TENTH_MILLI for device, ours in known)
        yield Agreement(
            what="Average by full day, cut to 0.1 °C",
            device=f"{len(known)} days",
            ours=f"{exact} of {len(known)} the same",
            tolerance="0.1 °C",
            agrees=near,
        )


_TENTH_MILLI: Final = 100


def _tenth(value: int) -> int:
    return value // _TENTH_MILLI * _TENTH_MILLI if value >= 0 else -(-value // _TENTH_MILLI * _TENTH_MILLI)


def _minutes(value_ms: int) -> str:
    return f"{value_ms // 60_000:,} min"


def _is_missing(day: Day) -> bool:
    """Whether the device was measuring on a day of which the log lacks the rows."""
    measured = day.claim.min_milli is not None and not day.claim.sensor_timeout_s
    return measured and day.is_full and day.records * _MISSING_SHARE < day.expected


def _missing_rows(days: list[Day]) -> Iterator[str]:
    full = [day for day in days if day.is_full]
    missing = [day for day in full if _is_missing(day)]
    if missing:
        first = missing[0]
        yield (
            f"The device kept records of {len(full)} full days within the log, but on {len(missing)} of them the log "
            f"has less than half of its rows (first {first.claim.date}: {first.records} of {first.expected}): "
            "rows were deleted."
        )


def _day_extremes(days: list[Day]) -> Iterator[str]:
    """The device sees every value that it logs, so its extremes enclose those of the log."""
    wrong = [
        day
        for day in days
        if (_exceeds(day.max_milli, day.claim.max_milli) or _exceeds(day.claim.min_milli, day.min_milli))
    ]
    if wrong:
        day = wrong[0]
        assert day.min_milli is not None
        assert day.max_milli is not None
        yield (
            f"On {day.claim.date} the log goes from {degrees(day.min_milli)} to {degrees(day.max_milli)}, beyond the "
            f"device's own record of that day ({_ends(day)}){_more(wrong)}: both cannot be true."
        )


def _exceeds(one: int | None, two: int | None) -> bool:
    return one is not None and two is not None and one > two + _TENTH_MILLI


def _ends(day: Day) -> str:
    ends = (day.claim.min_milli, day.claim.max_milli)
    return " to ".join("unknown" if one is None else degrees(one) for one in ends)


def _more(days: list[Day]) -> str:
    return f", and on {len(days) - 1} more days" if len(days) > 1 else ""


def _day_times(days: list[Day]) -> Iterator[str]:
    """The device's time out of range lies within the bounds of the log's, where the log is complete."""
    wrong = []
    for day in days:
        if not day.is_full or day.records < day.expected or day.claim.sensor_timeout_s:
            continue
        slack = 4 * (day.claim.ends_at_ms - day.claim.starts_at_ms) // max(day.expected, 1)
        wrong += [
            (day, slot) for slot in day.slots if not slot.least_ms - slack <= slot.device_ms <= slot.most_ms + slack
        ]
    if wrong:
        day, slot = wrong[0]
        word = "above" if slot.setting.side == "high" else "below"
        yield (
            f"On {day.claim.date} the device counted {_minutes(slot.device_ms)} {word} "
            f"{degrees(slot.setting.limit_milli)}, but its log allows {_minutes(slot.least_ms)} to "
            f"{_minutes(slot.most_ms)}{_more([one for one, _ in wrong])}: both cannot be true."
        )


def _whole(claims: DeviceClaims, timeline: Timeline) -> Iterator[str]:
    """The device's figures of the whole recording and those of its log."""
    value = timeline.counted.value
    low, high = int(value.min()), int(value.max())
    step = claims.resolution_milli
    if claims.max_milli is not None and high > claims.max_milli + step:
        yield f"The log goes up to {degrees(high)}, but the device says at most {degrees(claims.max_milli)}."
    if claims.min_milli is not None and low < claims.min_milli - step:
        yield f"The log goes down to {degrees(low)}, but the device says at least {degrees(claims.min_milli)}."
    energy = claims.activation_energy_kj_mol or _ENERGY_KJ_MOL
    ours = _mkt(timeline, energy)
    if claims.mkt_milli is not None and ours is not None and abs(ours - claims.mkt_milli) > _FAR_MILLI:
        yield f"The device says an MKT of {degrees(claims.mkt_milli)}, but its log gives {degrees(ours)}."
