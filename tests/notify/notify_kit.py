"""Policies, stories and channels that the tests of notifications share."""

import threading

from msgspec.structs import replace

from doseway.model.findings import Finding, Severity
from doseway.notify.policy import Policy, parse_policy
from doseway.notify.port import Message
from doseway.notify.timeline import Story

NOW_MS = 1_764_000_000_000
"""2025-11-24 16:00 UTC, 17:00 in Zurich."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

POLICY = """
[[recipient]]
id = "qa-duty"
zone = "Europe/Zurich"
addresses = [{ channel = "email", to = "qa-duty@example.org" }, { channel = "apprise", to = "pager" }]
quiet = { from = "22:00", to = "06:00", override = "critical" }

[[recipient]]
id = "qa-head"
zone = "Europe/Zurich"
language = "es"
addresses = [{ channel = "email", to = "qa-head@example.org" }]

[[recipient]]
id = "carrier"
addresses = [{ channel = "webhook", to = "http://127.0.0.1:9/hook" }]

[[route]]
severity = "high"
levels = [{ to = ["qa-duty"] }, { to = ["qa-head"], after_min = 30 }]
renotify_every_min = 60
max_notifications = 4

[[route]]
rules = ["stop"]
parties = ["carrier:acme"]
levels = [{ to = ["carrier"] }]
"""


def policy(text: str = POLICY) -> Policy:
    return parse_policy(text, "notify.toml")


def story(**changed: object) -> Story:
    finding = Finding(
        rule="excursion",
        rule_version=1,
        rule_id="above-8",
        severity=Severity.HIGH,
        start_ms=NOW_MS - 40 * MINUTE_MS,
        raised_ms=NOW_MS - 10 * MINUTE_MS,
        device="860000000000001",
        sensor="internal",
        peak_milli=16_800,
        peak_at_ms=NOW_MS - 5 * MINUTE_MS,
        text="Above 8 °C for more than 30 min",
    )
    severity = changed.pop("severity", None)
    rule = changed.pop("rule", None)
    if severity is not None or rule is not None:
        finding = replace(finding, severity=severity or finding.severity, rule=rule or finding.rule)
    values = {"alert": "a1" * 32, "shipment": "S-4711", "finding": finding, "opened_at_ms": NOW_MS} | changed
    return Story(**values)  # type: ignore[arg-type] # a test gives what it changes


class MemoryChannel:
    """Takes messages, or raises what it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, str]] = []
        self.error: Exception | None = None
        self._lock = threading.Lock()

    def send(self, message: Message, address: str) -> None:
        if self.error is not None:
            raise self.error
        with self._lock:
            self.sent.append((message, address))
