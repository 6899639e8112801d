"""Limits in words: reads the plain snapshot that is logged with a judgement, and invents nothing beyond it."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

import msgspec

from doseway.evidence.chart_plan import Limit
from doseway.evidence.wording import degrees, duration
from doseway.model.units import SECOND_MS

_HEADING_KEYS: Final = {"rule", "id", "title", "source", "effect", "rule_version"}
_HIGH_KEYS: Final = ("above_milli", "high_milli", "ceiling_milli", "excursion_above_milli")
_LOW_KEYS: Final = ("below_milli", "low_milli")

_UNITS: Final[dict[str, Callable[[int], str]]] = {
    "_milli": degrees,
    "_ms": duration,
    "_s": lambda value: duration(value * SECOND_MS),
    "_j_mol": lambda value: f"{value / 1000:g} kJ/mol",
    "_ppm": lambda value: f"{value / 10_000:g} %",
    "_ppb": lambda value: f"{value / 10_000_000:g} %",
}


class RuleText(msgspec.Struct, frozen=True, kw_only=True):
    """One rule in force: what it is called, what it does, where it comes from, and its figures."""

    id: str
    title: str
    rule: str
    effect: str
    source: str
    terms: tuple[tuple[str, str], ...]


def rules_text(limits: dict[str, Any]) -> tuple[RuleText, ...]:
    """Return the rules of a limits snapshot in its order."""
    return tuple(
        RuleText(
            id=str(rule.get("id", "")),
            title=str(rule.get("title") or rule.get("id", "")),
            rule=f"{rule.get('rule', '')}, version {rule.get('rule_version', 1)}",
            effect=str(rule.get("effect", "")),
            source=str(rule.get("source", "")),
            terms=tuple(_terms(rule, _HEADING_KEYS)),
        )
        for rule in _rules(limits)
    )


def heading_terms(limits: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what the profile says beside its rules: its name, source, notes and how it observes."""
    plain = {key: value for key, value in limits.items() if key not in {"rules", "observation"}}
    observation = limits.get("observation")
    return (*_terms(plain, set()), *(_terms(observation, set()) if isinstance(observation, dict) else ()))


def terms_text(details: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return a rule's own figures with their units, in the order of their names."""
    return tuple(_terms(dict(sorted(details.items())), set()))


def limit_lines(limits: dict[str, Any]) -> tuple[Limit, ...]:
    """Return the values that a chart of temperatures draws as lines, each value and side once."""
    values = {line for rule in _rules(limits) for line in _lines(rule)}
    return tuple(
        Limit(value, "high" if side == "high" else "low", f"{degrees(value)} {side}") for value, side in sorted(values)
    )


def side_of(limits: dict[str, Any], rule_id: str) -> Literal["high", "low"] | None:
    """Return which way out of range a rule looks; None where it looks both ways or at something else."""
    sides = {side for rule in _rules(limits) if rule.get("id") == rule_id for _, side in _lines(rule)}
    if len(sides) != 1:
        return None
    return "high" if "high" in sides else "low"


def _rules(limits: dict[str, Any]) -> list[dict[str, Any]]:
    rules = limits.get("rules", [])
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []


def _lines(rule: dict[str, Any]) -> Iterator[tuple[int, str]]:
    if isinstance(limit := rule.get("limit_milli"), int):
        low = rule.get("side") == "low" or rule.get("rule") == "freeze"
        yield limit, "low" if low else "high"
    for keys, side in ((_HIGH_KEYS, "high"), (_LOW_KEYS, "low")):
        yield from ((rule[key], side) for key in keys if isinstance(rule.get(key), int))


def _terms(rule: dict[str, Any], left_out: set[str]) -> Iterator[tuple[str, str]]:
    for key, value in rule.items():
        if key not in left_out and value is not None and value not in ("", [], {}):
            yield _term(key, value)


def _term(key: str, value: Any) -> tuple[str, str]:
    if isinstance(value, int) and not isinstance(value, bool):
        for suffix, write in _UNITS.items():
            if key.endswith(suffix):
                return _name(key, suffix), write(value)
    if isinstance(value, list | tuple):
        return _name(key), ", ".join(str(one) for one in value)
    return _name(key), str(value)


def _name(key: str, suffix: str = "") -> str:
    return key.removesuffix(suffix).replace("_", " ")
