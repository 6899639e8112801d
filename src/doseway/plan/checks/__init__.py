"""Data checks before solving: small functions, each one thing that goes wrong in real tables."""

from collections.abc import Callable, Iterator
from typing import Final

from doseway.plan.checks import names, numbers, reach
from doseway.plan.findings import Finding
from doseway.plan.tables import Network

FIRST: Final[tuple[Callable[[Network], Iterator[Finding]], ...]] = (
    names.duplicates,
    names.unknown_names,
    names.names_twice,
    names.emptiness,
    names.cycles,
    names.several_origins,
    names.targets,
    names.figure_kinds,
    numbers.calendar,
    numbers.currencies,
    numbers.units,
    numbers.ramps,
    numbers.policy_values,
    numbers.demand_twice,
    numbers.short_lives,
    numbers.suspicious_yields,
    numbers.lognormal_spread,
)
THEN: Final[tuple[Callable[[Network], Iterator[Finding]], ...]] = (
    reach.orphan_lanes,
    reach.unreachable_demand,
    reach.capacity_below_demand,
    reach.unreachable_storage,
)
"""These follow the chain, and so need the first ones to find no error."""


def check(network: Network) -> list[Finding]:
    """Return everything that is or looks wrong, errors first, then by place."""
    found = [finding for step in FIRST for finding in step(network)]
    if not any(finding.severity == "error" for finding in found):
        found += [finding for step in THEN for finding in step(network)]
    return sorted(found, key=lambda f: (f.severity, f.where.source, f.where.line or 0, f.where.column or 0, f.text))
