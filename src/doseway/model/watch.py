"""Watches: the rule sets for everything but temperature, as TOML with the clauses that the limits come from.

```toml
id = "our-trucks"
title = "Own trucks, door to door"

[[rules]]
rule = "shock"
limit_g = 5
severity = "warning"
phases = ["in-transit"]
```

A watch that was read is a frozen struct of integers. `to_plain` gives the snapshot that is logged with every alert;
`from_plain` is its inverse. `examine` runs a watch on a journey.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from doseway.model.errors import Place, ProfileError
from doseway.model.findings import Finding
from doseway.model.journey import Journey
from doseway.model.plugins import Registry
from doseway.model.readings import Quantity
from doseway.model.rulebook import BOOK_ID, Shelf, check_entries, entry_from_plain, parse, read_entries, write
from doseway.model.terms import outside, plain, read
from doseway.model.watching import WatchRule, WatchSpec, place_of

GROUP: Final = "doseway.watch_rules"
STANDARD_ID: Final = "standard"
_OBSERVED: Final = frozenset({*(one.value for one in Quantity), "position", "signal", "two-devices"})
RULES: Final[Registry[WatchRule[Any]]] = Registry(GROUP, "watch rule")
SHELF: Final = Shelf("doseway.model", "watches", "watch")
builtin_ids = SHELF.ids
builtin_text = SHELF.text


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a watch says about itself."""

    id: str
    title: str = ""
    version: int = 1
    source: str = ""
    notes: str = ""


class Watch(_Head, frozen=True, kw_only=True):
    """A rule set.

    Attributes:
        id, title, version: its name, its name for people, and which version of the document this is.
        source: where the limits come from; notes: what a user of it must know.
    """

    rules: tuple[WatchSpec, ...] = ()


class WatchFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A rule crashed on a journey: what it would have found is unknown, and the failure is a fact."""

    rule: str
    rule_id: str
    error: str


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch found on a journey, sorted by start, entry and device; and which of its rules crashed."""

    findings: tuple[Finding, ...] = ()
    failures: tuple[WatchFailure, ...] = ()


def load_watch(data: bytes | Mapping[str, Any], source: str) -> Watch:
    """Read a watch from TOML, or from a mapping of the same shape.

    Args:
        data: UTF-8 TOML, or what it would parse to.
        source: the document's name, for messages.

    Raises:
        ProfileError: it is no TOML, or a key or value is wrong; names the key and the nearest known one.
    """
    document = parse(data, source, "watch") if isinstance(data, bytes) else dict(data)
    tables = document.pop("rules", [])
    head = read(_Head, document, "watch", source)
    return _checked(head, read_entries(tables, source, "watch", RULES.get), source)


def builtin(name: str = STANDARD_ID) -> Watch:
    """Return a watch that comes with Doseway.

    Raises:
        ProfileError: there is none of that name.
    """
    return load_watch(builtin_text(name).encode(), f"{name}.toml")


def to_plain(watch: Watch) -> dict[str, Any]:
    """Return the snapshot of a watch: integers, strings, booleans and lists only; defaults are written out."""
    head = {field: getattr(watch, field) for field in _Head.__struct_fields__}
    return {**head, "rules": [plain(rule) for rule in watch.rules]}


def to_toml(watch: Watch) -> str:
    """Return a watch as TOML that `load_watch` reads back."""
    return write(_head_of(watch), {}, watch.rules)


def outside_head(watch: Watch) -> dict[str, Any]:
    """Return all of a watch but its rules as the TOML document has it."""
    return outside(_head_of(watch))


def from_plain(document: Mapping[str, Any]) -> Watch:
    """Read a snapshot back.

    Raises:
        ProfileError: it is no snapshot, or was made with a version of a rule that is not the one here.
    """
    try:
        head = msgspec.convert({key: value for key, value in document.items() if key != "rules"}, _Head)
        return _checked(head, [entry_from_plain(entry, RULES.get) for entry in document["rules"]], "")
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise ProfileError(f"this is no snapshot of a watch: {error}") from error


def examine(journey: Journey, watch: Watch) -> Examination:
    """Run every rule of a watch that has what it cannot do without; one that crashes fails alone."""
    findings: list[Finding] = []
    failures: list[WatchFailure] = []
    for spec in _with_needs(watch, lacking(journey)):
        try:
            findings += [_located(one, journey) for one in RULES.get(spec.rule).find(journey, spec)]
        except Exception as error:  # noqa: BLE001  # a rule may fail in any way; that is a finding, not the end
            failures.append(WatchFailure(rule=spec.rule, rule_id=spec.id, error=f"{type(error).__name__}: {error}"))
    findings.sort(key=lambda one: (one.start_ms, one.rule_id, one.device, one.sensor, one.raised_ms, one.text))
    return Examination(findings=tuple(findings), failures=tuple(failures))


@lru_cache(maxsize=256)
def _with_needs(watch: Watch, lacks: frozenset[str]) -> tuple[WatchSpec, ...]:
    """Return the entries whose rules have what they cannot do without, however many journeys lack the same."""
    return tuple(
        spec for spec in watch.rules if not any(lacks.issuperset(words) for words in RULES.get(spec.rule).needs)
    )


def lacking(journey: Journey) -> frozenset[str]:
    """Return the words of `needs` for what nobody observed on a journey; what documents say is not among them."""
    seen: set[str] = {track.quantity.value for track in journey.tracks}
    if journey.fixes:
        seen.add("position")
    if journey.signals:
        seen.add("signal")
    if len(journey.devices) > 1:
        seen.add("two-devices")
    return _OBSERVED - seen


def _located(one: Finding, journey: Journey) -> Finding:
    """Say where it was raised, as far as a fix from before tells."""
    if one.latitude_udeg is not None:
        return one
    place = place_of(journey, one.device, one.raised_ms)
    if place is None:
        return one
    return msgspec.structs.replace(one, latitude_udeg=place[0], longitude_udeg=place[1])


def _head_of(watch: Watch) -> _Head:
    return _Head(**{field: getattr(watch, field) for field in _Head.__struct_fields__})


def _checked(head: _Head, rules: list[WatchSpec], source: str) -> Watch:
    if not BOOK_ID.fullmatch(head.id):
        what = f"id {head.id!r}: use a-z, 0-9, dot, dash, underscore, at most 64"
        raise ProfileError(what, where=Place(source))
    if head.version < 1:
        raise ProfileError("version counts from 1", where=Place(source))
    check_entries(rules, source)
    fields = {field: getattr(head, field) for field in _Head.__struct_fields__}
    return Watch(**fields, rules=tuple(rules))
