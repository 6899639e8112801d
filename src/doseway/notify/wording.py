"""What a message says, in plain text: what, where, since when, by which limits, and what to do. English and Spanish."""

from collections.abc import Mapping
from typing import Any, Final

from doseway.model.clock import from_unix_ms
from doseway.notify.policy import Recipient
from doseway.notify.port import Message
from doseway.notify.quiet import zone_of
from doseway.notify.timeline import Notice, Story

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "opened": "Alert",
        "escalated": "Not acknowledged, level {level}",
        "repeated": "Still not acknowledged",
        "closed": "Over",
        "retracted": "Withdrawn: later data show it was not so",
        "test": "Test",
        "info": "information",
        "warning": "warning",
        "high": "high",
        "critical": "critical",
        "shipment": "Shipment",
        "rule": "Rule",
        "place": "Place",
        "device": "Device",
        "window": "From {start} to {end} ({zone})",
        "open": "Since {start} ({zone}), still so",
        "peak": "Peak {peak} at {at}",
        "limits": "Limits in force",
        "say": "Please acknowledge it with what you do about it:",
        "see": "Details:",
        "number": "Alert {alert}",
    },
    "es": {
        "opened": "Alerta",
        "escalated": "Sin confirmar, nivel {level}",
        "repeated": "Sigue sin confirmar",
        "closed": "Terminada",
        "retracted": "Retirada: datos posteriores muestran que no fue así",
        "test": "Prueba",
        "info": "información",
        "warning": "advertencia",
        "high": "alta",
        "critical": "crítica",
        "shipment": "Envío",
        "rule": "Regla",
        "place": "Lugar",
        "device": "Dispositivo",
        "window": "De {start} a {end} ({zone})",
        "open": "Desde {start} ({zone}), continúa",
        "peak": "Máximo {peak} a las {at}",
        "limits": "Límites vigentes",
        "say": "Confírmela, por favor, e indique qué hace al respecto:",
        "see": "Detalles:",
        "number": "Alerta {alert}",
    },
}
_MILLI: Final = 1_000
_MINUTE_MS: Final = 60_000


def compose(notice: Notice, story: Story, recipient: Recipient, *, title: str, place: str, url: str) -> Message:
    """Write the message of a notice.

    Args:
        notice, story: what it is about.
        recipient: whose language and zone it is in.
        title: of the shipment, for people; empty: its id alone.
        place: where it happens, for people; empty: unknown, and then the position if there is one.
        url: of the tower, without a trailing slash; empty: there is no link.
    """
    words, finding = _WORDS[recipient.language], story.finding
    head = words[notice.kind].format(level=notice.level + 1)
    named = f"{story.shipment} ({title})" if title and title != story.shipment else story.shipment
    link = f"{url}/alerts/{story.alert}" if url else ""
    lines = [
        f"{head}: {finding.text or finding.rule}",
        "",
        f"{words['shipment']}: {named}",
        f"{words['rule']}: {finding.rule_id or finding.rule}, {words[story.severity]}",
        *_labelled(words["place"], place or _position(story)),
        *_labelled(words["device"], " ".join(part for part in (finding.device, finding.sensor) if part)),
        _window(story, recipient),
        *_labelled(words["limits"], limits_text(story.limits)),
        "",
        words["number"].format(alert=story.alert[:16]),
    ]
    if link:
        lines += [words["see" if story.end else "say"], link]
    subject = f"[{words[story.severity]}] {head}: {named}, {finding.rule_id or finding.rule}"
    return Message(
        id=notice.id,
        at_ms=notice.due_at_ms,
        alert=story.alert,
        shipment=story.shipment,
        severity=story.severity,
        kind=notice.kind,
        subject=" ".join(subject.split()),  # a line break in a name must not begin another header
        text="\n".join(lines) + "\n",
        link=link,
    )


def limits_text(limits: Mapping[str, Any]) -> str:
    """Write limits for people: thousandths as decimals, milliseconds as minutes, everything else as it is."""
    return ", ".join(_limit(name, value) for name, value in sorted(limits.items()) if value not in (None, ""))


def _limit(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        if name.endswith("_milli"):
            return f"{name.removesuffix('_milli')} {decimal(value)}"
        if name.endswith("_ms"):
            return f"{name.removesuffix('_ms')} {value // _MINUTE_MS} min"
    return f"{name} {value}"


def decimal(milli: int) -> str:
    """Write thousandths exactly, without trailing zeros: 8500 is 8.5."""
    sign, (whole, rest) = "-" if milli < 0 else "", divmod(abs(milli), _MILLI)
    return f"{sign}{whole}.{rest:03d}".rstrip("0").rstrip(".")


def _labelled(label: str, value: str) -> list[str]:
    return [f"{label}: {value}"] if value else []


def _window(story: Story, recipient: Recipient) -> str:
    words, finding = _WORDS[recipient.language], story.finding
    start, end = _local(finding.start_ms, recipient), finding.end_ms
    if end is None:
        text = words["open"].format(start=start, zone=recipient.zone)
    else:
        text = words["window"].format(start=start, end=_local(end, recipient), zone=recipient.zone)
    if finding.peak_milli is None or finding.peak_at_ms is None:
        return text
    peak = words["peak"].format(peak=decimal(finding.peak_milli), at=_local(finding.peak_at_ms, recipient))
    return f"{text}\n{peak}"


def _local(at_ms: int, recipient: Recipient) -> str:
    return from_unix_ms(at_ms).astimezone(zone_of(recipient.zone)).strftime("%Y-%m-%d %H:%M")


def _position(story: Story) -> str:
    latitude, longitude = story.finding.latitude_udeg, story.finding.longitude_udeg
    if latitude is None or longitude is None:
        return ""
    return f"{latitude / 1e6:.5f}, {longitude / 1e6:.5f}"
