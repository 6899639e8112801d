"""Who is told about which alerts, in what order, and how often: a TOML file.

[[recipient]]
id = "qa-duty"
zone = "Europe/Zurich"
language = "en"
quiet = { from = "22:00", to = "06:00", override = "critical" }
addresses = [{ channel = "email", to = "qa-duty@example.org" }]

[[route]]
severity = "high"                                  # at least
levels = [{ to = ["qa-duty"] }, { to = ["qa-head"], after_min = 30 }]
renotify_every_min = 60
"""

import tomllib
from pathlib import Path
from typing import Final, Literal

import msgspec

from doseway.model.errors import DataError, Place, Unavailable, UsageError
from doseway.model.findings import Severity
from doseway.notify.quiet import Quiet, zone_of

SEVERITIES: Final = tuple(Severity)
"""From least to most."""


class Address(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to reach somebody: a channel's id, and what that channel calls an address."""

    channel: str
    to: str


class Recipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told. `id` names them in routes; addresses stay in this file and in the outbox."""

    id: str
    addresses: tuple[Address, ...]
    zone: str = "UTC"
    language: Literal["en", "es"] = "en"
    quiet: Quiet | None = None


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told when nobody has acknowledged for `after_min` minutes; the first level has 0."""

    to: tuple[str, ...]
    after_min: int = 0


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which alerts, and who is told. Every route that matches an alert counts.

    Attributes:
        severity: the least; rules, shipments, parties: the alert's must be one of them; empty: any. A party is
            written as `role:id`, such as `carrier:acme`.
        levels: who, in order.
        renotify_every_min: all who were told are told again while nobody has acknowledged; 0: never.
        max_notifications: the most about one alert to one recipient on one address, the end of it not counted.
        tells_end: whether those who were told also hear of the end.
    """

    levels: tuple[Level, ...]
    severity: Severity = Severity.INFO
    rules: frozenset[str] = frozenset()
    shipments: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset()
    renotify_every_min: int = 0
    max_notifications: int = 10
    tells_end: bool = True

    def matches(self, *, severity: Severity, rules: frozenset[str], shipment: str, parties: frozenset[str]) -> bool:
        """Tell whether an alert goes this way; `rules` are all names of its rule."""
        return (
            rank(severity) >= rank(self.severity)
            and (not self.rules or bool(self.rules & rules))
            and (not self.shipments or shipment in self.shipments)
            and (not self.parties or bool(self.parties & parties))
        )


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it. Without a route nobody is told."""

    recipient: tuple[Recipient, ...] = ()
    route: tuple[Route, ...] = ()

    def recipient_of(self, identity: str) -> Recipient:
        """Return a recipient. Raises KeyError for one that is not there, which `check` rules out."""
        return next(one for one in self.recipient if one.id == identity)


def rank(severity: Severity) -> int:
    """Return the place of a severity, 0 for the least."""
    return SEVERITIES.index(severity)


def parse_policy(text: str, source: str = "") -> Policy:
    """Read a policy.

    Raises:
        DataError: it is no TOML, a name or value is wrong, or it names somebody or some zone that is not there.
    """
    where = Place(source)
    try:
        policy = msgspec.convert(tomllib.loads(text), Policy)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"the notification policy is no TOML: {error}", where=where) from error
    except msgspec.ValidationError as error:
        hint = "The page how-to/notifications lists all names."
        raise DataError(f"the notification policy: {error}", hint=hint, where=where) from error
    for problem in _problems(policy):
        raise DataError(f"the notification policy: {problem}", where=where)
    return policy


def read_policy(path: Path) -> Policy:
    """Read a policy from its file. Raises as `parse_policy` does, and Unavailable."""
    try:
        return parse_policy(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable("the notification policy cannot be read", where=Place(str(path))) from error


def _problems(policy: Policy) -> list[str]:
    known = [one.id for one in policy.recipient]
    found = [f"there are two recipients {name!r}" for name in sorted({name for name in known if known.count(name) > 1})]
    for one in policy.recipient:
        try:
            zone_of(one.zone)
        except UsageError as error:
            found.append(f"recipient {one.id!r}: {error.what}")
        if not one.addresses:
            found.append(f"recipient {one.id!r} has no address")
    for number, route in enumerate(policy.route, start=1):
        found += [
            f"route {number} names {name!r}, who is no recipient ({', '.join(known) or 'there is none'})"
            for level in route.levels
            for name in level.to
            if name not in known
        ]
        waits = [level.after_min for level in route.levels]
        if not waits or waits != sorted(waits) or waits[0] < 0:
            found.append(f"route {number}: its levels must come in the order of after_min, and there must be one")
        if route.renotify_every_min < 0 or route.max_notifications < 1:
            found.append(f"route {number}: renotify_every_min is at least 0, and max_notifications at least 1")
    return found
