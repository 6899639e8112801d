"""Limit profiles: what a product may see, as TOML with the clauses that the limits come from.

```toml
id = "fridge"
title = "Refrigerated, 2 to 8 °C"

[[rules]]
rule = "excursion"
side = "high"
limit_c = 8.0
raise_after_s = 1800
```

A profile that was read is a frozen struct of integers. `to_plain` gives the snapshot of the limits in force that is
logged with every judgement; `from_plain` is its inverse.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from doseway.coldchain import registry
from doseway.coldchain.kinetics import LARGEST_J_MOL, SMALLEST_J_MOL
from doseway.coldchain.port import RuleSpec
from doseway.model.errors import Place, ProfileError
from doseway.model.readings import AlarmSetting, Recording
from doseway.model.rulebook import BOOK_ID, Shelf, check_entries, entry_from_plain, parse, read_entries, write
from doseway.model.terms import outside, plain, read

DEVICE_ID: Final = "device-settings"
NO_LIMITS_ID: Final = "no-limits"
USP_ENERGY_J_MOL: Final = 83_144
SHELF: Final = Shelf("doseway.coldchain", "profiles", "profile")
builtin_ids = SHELF.ids
builtin_text = SHELF.text

_WHOLE_PPM: Final = 1_000_000
_NOT_IN_ID: Final = re.compile(r"[^a-z0-9._-]")


class Observation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How readings stand for time.

    Attributes:
        max_gap_ms: a longer pause between two records is a gap: unknown beyond one interval. None: two intervals.
        last_reading: whether the last reading stands for one interval (as devices count) or for no time.
        start_delay_ms: conditioning at the start, left out of excursions, budgets and the MKT rule.
        min_coverage_ppm: with less than this part of the time observed the judgement is undecided.
    """

    max_gap_ms: int | None = None
    last_reading: Literal["interval", "none"] = "interval"
    start_delay_ms: int = 0
    min_coverage_ppm: int = 950_000


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a profile says about itself."""

    id: str
    title: str = ""
    version: int = 1
    source: str = ""
    notes: str = ""
    confidence: Literal["", "verified", "partly-verified", "not-verified"] = ""
    energy_j_mol: int = USP_ENERGY_J_MOL


class Profile(_Head, frozen=True, kw_only=True):
    """The limits for one product or device.

    Attributes:
        id, title, version: its name, its name for people, and which version of the document this is.
        source: where the limits come from; notes: what a user of it must know.
        confidence: whether the limits were read in their source; empty for a user's own.
        energy_j_mol: the activation energy for the MKT of whole recordings, J/mol.
    """

    observation: Observation = Observation()
    rules: tuple[RuleSpec, ...] = ()


def load_profile(data: bytes | Mapping[str, Any], source: str) -> Profile:
    """Read a profile from TOML, or from a mapping of the same shape.

    Args:
        data: UTF-8 TOML, or what it would parse to.
        source: the document's name, for messages.

    Raises:
        ProfileError: it is no TOML, or a key or value is wrong; names the key and the nearest known one.
    """
    document = parse(data, source, "profile") if isinstance(data, bytes) else dict(data)
    tables = document.pop("rules", [])
    observed = document.pop("observation", {})
    head = read(_Head, document, "profile", source)
    if not isinstance(observed, Mapping):
        raise ProfileError("observation is a table: [observation]", where=Place(source))
    entries = read_entries(tables, source, "profile", registry.rule)
    return _checked(head, read(Observation, observed, "observation", source), entries, source)


def builtin(name: str) -> Profile:
    """Return a profile that comes with Doseway.

    Raises:
        ProfileError: there is none of that name.
    """
    return load_profile(builtin_text(name).encode(), f"{name}.toml")


def to_plain(profile: Profile) -> dict[str, Any]:
    """Return the snapshot of a profile: integers, strings, booleans and lists only; defaults are written out."""
    head = {field: getattr(profile, field) for field in _Head.__struct_fields__}
    return {
        **head,
        "observation": plain(profile.observation),
        "rules": [plain(rule) for rule in profile.rules],
    }


def to_toml(profile: Profile) -> str:
    """Return a profile as TOML that `load_profile` reads back."""
    return write(_head_of(profile), {"observation": profile.observation}, profile.rules)


def outside_head(profile: Profile) -> dict[str, Any]:
    """Return all of a profile but its rules as the TOML document has it."""
    return {**outside(_head_of(profile)), "observation": outside(profile.observation)}


def from_plain(document: Mapping[str, Any]) -> Profile:
    """Read a snapshot back.

    Raises:
        ProfileError: it is no snapshot, or was made with a version of a rule that is not the one here.
    """
    try:
        head = {key: value for key, value in document.items() if key not in {"observation", "rules"}}
        return _checked(
            msgspec.convert(head, _Head),
            msgspec.convert(document.get("observation", {}), Observation),
            [entry_from_plain(entry, registry.rule) for entry in document["rules"]],
            "",
        )
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        raise ProfileError(f"this is no snapshot of limits: {error}") from error


def from_device(recording: Recording) -> Profile | None:
    """Return the alarms configured in the device as a profile; None where there are none."""
    if not recording.settings:
        return None
    device = recording.device
    claims = recording.claims
    energy = claims.activation_energy_kj_mol if claims else None
    return load_profile(
        {
            "id": DEVICE_ID,
            "title": f"The alarms set in the device {device.model} {device.serial}".rstrip(),
            "source": "the file's own configuration block",
            "energy_kj_mol": Decimal(USP_ENERGY_J_MOL) / 1000 if energy is None else repr(energy),
            "observation": {"start_delay_s": recording.start_delay_s},
            "rules": [_device_rule(setting) for setting in recording.settings],
        },
        "the device's settings",
    )


def without_limits() -> Profile:
    """Return the profile of a recording for which no limits are known; it judges as undecided."""
    return Profile(id=NO_LIMITS_ID, title="No limits")


def _head_of(profile: Profile) -> _Head:
    return _Head(**{field: getattr(profile, field) for field in _Head.__struct_fields__})


def _checked(head: _Head, observation: Observation, rules: list[RuleSpec], source: str) -> Profile:
    """Join the parts, and refuse what contradicts itself."""
    _check_figures(head, observation, source)
    check_entries(rules, source)
    fields = {field: getattr(head, field) for field in _Head.__struct_fields__}
    return Profile(**fields, observation=observation, rules=tuple(rules))


def _check_figures(head: _Head, observation: Observation, source: str) -> None:
    problems = (
        (not BOOK_ID.fullmatch(head.id), f"id {head.id!r}: use a-z, 0-9, dot, dash, underscore, at most 64"),
        (head.version < 1, "version counts from 1"),
        (not SMALLEST_J_MOL <= head.energy_j_mol <= LARGEST_J_MOL, "energy_kj_mol lies between 1 and 1000"),
        (observation.max_gap_ms is not None and observation.max_gap_ms < 1, "observation: max_gap_s is positive"),
        (observation.start_delay_ms < 0, "observation: start_delay_s is not negative"),
        (not 0 <= observation.min_coverage_ppm <= _WHOLE_PPM, "observation: min_coverage lies between 0 and 1"),
    )
    for is_wrong, what in problems:
        if is_wrong:
            raise ProfileError(what, where=Place(source))


def _device_rule(setting: AlarmSetting) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": "alarm-" + _NOT_IN_ID.sub("-", setting.slot.lower())[:50],
        "title": f"Device alarm {setting.slot}: {'hot' if setting.side == 'high' else 'cold'}, {setting.counting}",
        "source": "set in the device",
        "effect": "qa-review",
        "side": setting.side,
        "limit_c": Decimal(setting.limit_milli).scaleb(-3),
        "comparison": "inclusive" if setting.is_inclusive else "strict",
    }
    if setting.counting == "consecutive":
        return {**entry, "rule": "excursion", "raise_after_s": setting.after_s}
    return {**entry, "rule": "cumulative", "budget_s": setting.after_s}
