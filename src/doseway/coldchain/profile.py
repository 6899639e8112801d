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
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

from doseway.coldchain import registry
from doseway.coldchain.kinetics import LARGEST_J_MOL, SMALLEST_J_MOL
from doseway.coldchain.port import RuleSpec
from doseway.coldchain.terms import plain, read
from doseway.model.errors import Place, ProfileError
from doseway.model.readings import AlarmSetting, Recording

DEVICE_ID: Final = "device-settings"
NO_LIMITS_ID: Final = "no-limits"
USP_ENERGY_J_MOL: Final = 83_144

_WHOLE_PPM: Final = 1_000_000
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NOT_IN_ID: Final = re.compile(r"[^a-z0-9._-]")
_TOML_PLACE: Final = re.compile(r" \(at line (\d+), column (\d+)\)$")


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
    document = _parse(data, source) if isinstance(data, bytes) else dict(data)
    entries = document.pop("rules", [])
    observed = document.pop("observation", {})
    head = read(_Head, document, "profile", source)
    if not isinstance(entries, list) or not entries or not all(isinstance(one, Mapping) for one in entries):
        raise ProfileError("rules: a profile needs at least one [[rules]] table", where=Place(source))
    if not isinstance(observed, Mapping):
        raise ProfileError("observation is a table: [observation]", where=Place(source))
    return _checked(head, read(Observation, observed, "observation", source), _entries(entries, source), source)


def builtin_ids() -> tuple[str, ...]:
    """Return the ids of the profiles that come with Doseway, sorted."""
    folder = files("doseway.coldchain") / "profiles"
    return tuple(sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml")))


def builtin(name: str) -> Profile:
    """Return a profile that comes with Doseway.

    Raises:
        ProfileError: there is none of that name.
    """
    if name not in builtin_ids():
        raise ProfileError(f"there is no profile {name!r}", hint=f"Built in: {', '.join(builtin_ids())}.")
    return load_profile(builtin_text(name).encode(), f"{name}.toml")


def builtin_text(name: str) -> str:
    """Return the TOML of a built-in profile, comments included: the start of a user's own."""
    return (files("doseway.coldchain") / "profiles" / f"{name}.toml").read_text(encoding="utf-8")


def to_plain(profile: Profile) -> dict[str, Any]:
    """Return the snapshot of a profile: integers, strings, booleans and lists only; defaults are written out."""
    head = {field: getattr(profile, field) for field in _Head.__struct_fields__}
    return {
        **head,
        "observation": plain(profile.observation),
        "rules": [plain(rule) for rule in profile.rules],
    }


def from_plain(document: Mapping[str, Any]) -> Profile:
    """Read a snapshot back.

    Raises:
        ProfileError: it is no snapshot, or was made with a version of a rule that is not the one here.
    """
    try:
        head = {key: value for key, value in document.items() if key not in {"observation", "rules"}}
        return _checked(
            msgspec.convert(head, _Head),
            msgspec.convert(document["observation"], Observation),
            [_rule_from_plain(entry) for entry in document["rules"]],
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


def _parse(data: bytes, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise ProfileError("a profile is UTF-8 text", where=Place(source, byte=error.start)) from error
    except tomllib.TOMLDecodeError as error:
        found = _TOML_PLACE.search(str(error))
        line, column = (int(found[1]), int(found[2])) if found else (None, None)
        what = _TOML_PLACE.sub("", str(error))
        raise ProfileError(f"this is no TOML: {what}", where=Place(source, line, column)) from error
    except RecursionError as error:
        raise ProfileError("this is nested too deeply for a profile", where=Place(source)) from error


def _entries(entries: list[Mapping[str, Any]], source: str) -> list[RuleSpec]:
    specs: list[RuleSpec] = []
    for number, entry in enumerate(entries, 1):
        place = f"rules[{number}]"
        name = entry.get("rule")
        if not isinstance(name, str):
            raise ProfileError(f'{place}: rule = "…" is missing', where=Place(source))
        rule = registry.rule(name, source)
        own_id = entry.get("id") or _free_id(name, specs)
        table = rule.spec.expand({**entry, "id": own_id, "rule_version": rule.version})
        specs.append(read(rule.spec, table, f"{place} ({own_id})", source))
    return specs


def _free_id(name: str, specs: Iterable[RuleSpec]) -> str:
    taken = {spec.id for spec in specs}
    number = 1
    while (found := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return found


def _checked(head: _Head, observation: Observation, rules: list[RuleSpec], source: str) -> Profile:
    """Join the parts, and refuse what contradicts itself."""
    _check_figures(head, observation, source)
    seen: set[str] = set()
    for spec in rules:
        if not _ID.fullmatch(spec.id):
            raise ProfileError(f"rule id {spec.id!r}: use a-z, 0-9, dot, dash, underscore", where=Place(source))
        if spec.id in seen:
            raise ProfileError(f"two rules have the id {spec.id!r}", hint="Ids are unique.", where=Place(source))
        seen.add(spec.id)
        _check_rule(spec, source)
    fields = {field: getattr(head, field) for field in _Head.__struct_fields__}
    return Profile(**fields, observation=observation, rules=tuple(rules))


def _check_figures(head: _Head, observation: Observation, source: str) -> None:
    problems = (
        (not _ID.fullmatch(head.id), f"id {head.id!r}: use a-z, 0-9, dot, dash, underscore, at most 64"),
        (head.version < 1, "version counts from 1"),
        (not SMALLEST_J_MOL <= head.energy_j_mol <= LARGEST_J_MOL, "energy_kj_mol lies between 1 and 1000"),
        (observation.max_gap_ms is not None and observation.max_gap_ms < 1, "observation: max_gap_s is positive"),
        (observation.start_delay_ms < 0, "observation: start_delay_s is not negative"),
        (not 0 <= observation.min_coverage_ppm <= _WHOLE_PPM, "observation: min_coverage lies between 0 and 1"),
    )
    for is_wrong, what in problems:
        if is_wrong:
            raise ProfileError(what, where=Place(source))


def _check_rule(spec: RuleSpec, source: str) -> None:
    for field in spec.__struct_fields__:
        value = getattr(spec, field)
        if field.endswith("_ms") and value is not None and value < 0:
            raise ProfileError(f"rule {spec.id!r}: {field.removesuffix('_ms')}_s is negative", where=Place(source))
    try:
        spec.check()
    except ProfileError as error:
        raise ProfileError(error.what, hint=error.hint, where=Place(source)) from error


def _rule_from_plain(entry: Mapping[str, Any]) -> RuleSpec:
    rule = registry.rule(entry["rule"])
    if entry.get("rule_version") != rule.version:
        raise ProfileError(
            f"the limits were logged with version {entry.get('rule_version')} of the rule {rule.id!r}; "
            f"this Doseway has version {rule.version}",
            hint="Use the version of Doseway that made the judgement.",
        )
    return msgspec.convert(dict(entry), rule.spec)


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
