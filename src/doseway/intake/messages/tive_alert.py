"""Tive alert notifications: the webhook stream `applyToAllAlertPresets`.

    message = { "DeviceId" | "DeviceName" | "EntityName" | "Device": { "Id" | "Imei" | "Name" },
                "Trigger" | "AlertType": text | { "Type" | "Name" }, ["Details": detail | [ detail ] ],
                ["EntryTimeEpoch" | "DateTime"], ["Location": { "Latitude", "Longitude", … }], ["Shipment…"] }
    detail  = { ["Type"], ["Value"], ["DateTime"], ["Reason" | "Reasons": "Created" | "Latest" | "Closed"],
                ["Location"] }

The vendor publishes what an alert says (account, device, shipment, trigger, details) but not the names of its JSON
members, and lets the user write a template. So names are read in any case of letters. A template that gives exactly
what is read here is in `docs/how-to/connect-trackers.md`. Each detail is one signal: its kind is the trigger in our
words (`temperature-max`, `shock`, `arrival`), its text the reason and the value. A value has no unit, so it is never a
reading: the device message has it. Point-in-time alerts come once; range alerts come at their begin and at their end.
"""

import re
from typing import Any, Final

from doseway.intake.port import DecodeOptions, MessageFormat
from doseway.intake.wire.bodies import number_of, plain
from doseway.intake.wire.gather import Gathering, Source
from doseway.intake.wire.instants import Instants
from doseway.intake.wire.names import kind_of
from doseway.model.errors import FormatError
from doseway.model.readings import Recording

_ZONED: Final = re.compile(r"([Zz]|[+-]\d\d:?\d\d)$")
_MAX_DETAILS: Final = 1_000
_MAX_DEPTH: Final = 6
_LONGEST: Final = 120
Members = dict[str, Any]


class TiveAlertFormat:
    """Tive alert notifications."""

    id = "tive-alert"
    version = 1
    title = "Tive alert notification (webhook JSON)"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        """Decode a body; see `MessageFormat.decode`."""
        return Gathering(self.id, self.version, options).each(plain(body, options), _take)


def _take(raw: Members, gathering: Gathering) -> None:
    message = _lowered(raw)
    source = gathering.source(_device(message), "Tive")
    kind = _trigger(message)
    found = message.get("details")
    details = found if isinstance(found, list) else [found]
    if len(details) > _MAX_DETAILS:
        raise FormatError(f"more than {_MAX_DETAILS:,} details in one alert")
    for detail in details or [None]:
        _take_detail(message, detail if isinstance(detail, dict) else {}, kind, source, gathering.instants)


def _take_detail(message: Members, detail: Members, kind: str, source: Source, instants: Instants) -> None:
    own = _text(detail.get("type"))
    kind = kind or kind_of(own)
    if not kind:
        raise FormatError("no trigger", hint="An alert says what raised it: `Trigger`, `AlertType` or `Details.Type`.")
    at_ms = _time(detail, message, instants, source)
    reason = detail.get("reason") or detail.get("reasons") or message.get("reason") or ""
    reasons = ", ".join(map(str, reason)) if isinstance(reason, list) else str(reason)
    value = detail.get("value", message.get("value"))
    text = " ".join(part for part in (reasons, "" if value is None else f"value {value}") if part)
    source.signal(at_ms, kind, text[:_LONGEST])
    _locate(detail.get("location") or message.get("location"), at_ms, source)


def _device(message: Members) -> str:
    device = message.get("device")
    inner = device if isinstance(device, dict) else {}
    candidates = (
        *(message.get(name) for name in ("deviceid", "imei")),
        *(inner.get(name) for name in ("imei", "id", "deviceid", "name")),
        *(message.get(name) for name in ("devicename", "entityname")),
        device,
    )
    found = next((one for one in candidates if isinstance(one, str | int) and not isinstance(one, bool) and one), None)
    if found is None:
        raise FormatError("no device", hint="An alert has `DeviceId`, `DeviceName` or `Device`.")
    return str(found)


def _trigger(message: Members) -> str:
    found = message.get("trigger") or message.get("alerttype") or message.get("type") or ""
    if isinstance(found, dict):
        found = found.get("type") or found.get("name") or ""
    return kind_of(_text(found))


def _time(detail: Members, message: Members, instants: Instants, source: Source) -> int:
    epoch = detail.get("entrytimeepoch", message.get("entrytimeepoch"))
    stamp = detail.get("datetime") or message.get("datetime") or message.get("entrytimeutc")
    if isinstance(stamp, str):
        if not _ZONED.search(stamp):
            source.tell("zone-undeclared", "A time of the alert says no zone: Tive's times are UTC.")
        return instants.checked(instants.utc(stamp))
    count = number_of(epoch)
    return instants.arrival("The alert has no time") if count is None else instants.checked(int(count))


def _locate(location: Any, at_ms: int, source: Source) -> None:
    if not isinstance(location, dict):
        return
    latitude, longitude = number_of(location.get("latitude")), number_of(location.get("longitude"))
    if latitude is not None and longitude is not None:
        accuracy = location.get("accuracy")
        metres = accuracy.get("meters") if isinstance(accuracy, dict) else None
        method = location.get("locationmethod")
        source.locate(
            at_ms,
            latitude,
            longitude,
            accuracy_m=number_of(metres),
            method=method if isinstance(method, str) else None,
        )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _lowered(value: Any, depth: int = 0) -> Any:
    """Return the value with all names of members in small letters."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {name.lower(): _lowered(inner, depth + 1) for name, inner in value.items()}
    return [_lowered(inner, depth + 1) for inner in value] if isinstance(value, list) else value


FORMAT: Final[MessageFormat] = TiveAlertFormat()
