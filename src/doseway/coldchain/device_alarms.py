"""The alarms that a device says it raised, in words: all there is where a file has no readings to judge."""

from collections.abc import Iterator

from doseway.model.readings import AlarmClaim, AlarmSetting, Recording
from doseway.model.units import SECOND_MS
from doseway.model.wording import degrees, duration


def device_alarms(recording: Recording) -> tuple[str, ...]:
    """Return a sentence for each alarm of the device's settings that the device itself raised."""
    return tuple(_sentences(recording))


def _sentences(recording: Recording) -> Iterator[str]:
    claims = recording.claims
    if claims is None:
        return
    for setting in recording.settings:
        days = [day for day in claims.days if _has_raised(day.alarms, setting)]
        where = ""
        if days:
            where = f" on {len(days)} of {len(claims.days)} days, from {days[0].date} to {days[-1].date}"
        if days or _has_raised(claims.alarms, setting):
            yield f"The device itself raised its alarm {_limit(setting)}{where}."


def _has_raised(alarms: tuple[AlarmClaim, ...], setting: AlarmSetting) -> bool:
    return any(alarm.slot == setting.slot and alarm.raised_at_ms is not None for alarm in alarms)


def _limit(setting: AlarmSetting) -> str:
    side = "above" if setting.side == "high" else "below"
    return f"{setting.slot} ({side} {degrees(setting.limit_milli)} for {duration(setting.after_s * SECOND_MS)})"
