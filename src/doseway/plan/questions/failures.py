"""Which failures hurt: time to survive against time to recover, every site, lane, country and pair of sites, ranked."""

import itertools
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.chain import Chain
from doseway.plan.quantities import in_plan_units, plan_currency
from doseway.plan.questions.answering import DUST, Answer
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.survive import LONGEST_DAYS, Exposure, Outage, country_outages, every_outage, sweep
from doseway.plan.tables import Network
from doseway.plan.wording import amount, days, money, several

Scope: TypeAlias = Literal["sites", "lanes", "countries", "roots", "pairs"]
SCOPES: Final[tuple[Scope, ...]] = ("sites", "lanes", "countries", "roots", "pairs")
PAIRS_OF: Final = 12
"""Pairs are made of so many of the sites that hurt most alone."""
_SHOWN: Final = 8


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What a failure does.

    Attributes:
        survive_days: how long every patient is still served; None is for ever.
        impact: worth of what is lost until recovery; `index` is its part of the worst one.
        lost: what is lost of it, "market: product" → amount.
    """

    name: str
    scope: Scope
    recovery_days: float
    survive_days: float | None
    impact: float
    index: float
    lost: dict[str, float]
    is_exposed: bool


class Failures(Answer, frozen=True, kw_only=True):
    """Failures, the worst first."""

    currency: str
    units: dict[str, str]
    failures: list[Failure]

    @property
    def exposed(self) -> list[Failure]:
        """Failures from which recovery takes longer than the network survives."""
        return [failure for failure in self.failures if failure.is_exposed]

    def words(self) -> list[str]:
        """Return the answer in sentences."""
        exposed = self.exposed
        count = several(len(self.failures), "failure")
        if not exposed:
            return [f"{count} looked at: the network outlives every one of them."]
        said = [f"{count} looked at, {len(exposed):,} of them hurt: recovery takes longer than the network survives."]
        for one in exposed[:_SHOWN]:
            survives = days(one.survive_days or 0.0)
            said.append(
                f"{one.name}: everybody is served for {survives}, recovery takes {days(one.recovery_days)};"
                f" what is lost until then is worth {money(one.impact, self.currency)}{self._worst(one)}."
            )
        return said

    def _worst(self, one: Failure) -> str:
        if not one.lost:
            return ""
        # Amounts of different products do not compare; the first by name of those lost is told.
        market, _, product = next(iter(one.lost)).partition(": ")
        quantity = amount(next(iter(one.lost.values())), self.units.get(product, ""))
        return f", among it {quantity} of {product} for {market}"

    def sheets(self) -> list[Sheet]:
        """Return the answer as tables."""
        head: list[str | tuple[str, str]] = [
            "failure", "scope", ("time to survive", "day"), ("time to recover", "day"), ("impact", self.currency),
            "index", "exposed",
        ]  # fmt: skip
        return [
            sheet("failures_count", "Failures", ["looked at", "that hurt"], [(len(self.failures), len(self.exposed))]),
            sheet(
                "failures",
                "Failures, the worst first; a blank time to survive is for ever",
                head,
                [
                    (f.name, f.scope, f.survive_days, f.recovery_days, f.impact, f.index, f.is_exposed)
                    for f in self.failures
                ],
            ),
            sheet(
                "losses",
                "What is lost until recovery",
                ["failure", "market and product", "quantity", "unit"],
                [
                    (f.name, what, quantity, self.units.get(what.partition(": ")[2], ""))
                    for f in self.failures
                    for what, quantity in f.lost.items()
                ],
            ),
        ]


def failures(network: Network, scopes: Sequence[Scope] = SCOPES) -> Failures:
    """Rank what single failures do to the network as it is; nothing idle is opened and nothing is filed.

    Args:
        network: checked tables.
        scopes: what fails: each site, each lane, all sites of a country, all of a shared root, pairs of sites that
            are worse together than apart (needs the scope "sites" too).

    Raises:
        UsageError: no such scope.
    """
    if unknown := set(scopes) - set(SCOPES):
        raise UsageError(f"there is no scope {min(unknown)!r}", hint=f"There are: {', '.join(SCOPES)}.")
    chain = Chain(in_plan_units(network))
    outages = _outages(chain, scopes)
    scope_of = {outage: scope for scope, listed in outages.items() for outage in listed}
    exposures = sweep(chain, list(scope_of))
    units = dict(zip(chain.products, chain.network["products"].text("unit"), strict=True))
    listed = [_failure(exposure, scope_of[exposure.outage]) for exposure in exposures]
    return Failures(currency=plan_currency(network), units=units, failures=_worse_together(listed, exposures))


def _worse_together(listed: list[Failure], exposures: Sequence[Exposure]) -> list[Failure]:
    """Leave out pairs that cost no more than the two failures by themselves: they say nothing new."""
    alone = {exposure.outage.targets: exposure.impact for exposure in exposures}
    kept = []
    for failure, exposure in zip(listed, exposures, strict=True):
        apart = sum(alone.get((target,), 0.0) for target in exposure.outage.targets)
        if failure.scope != "pairs" or failure.impact > apart * (1 + DUST):
            kept.append(failure)
    return kept


def _outages(chain: Chain, scopes: Sequence[Scope]) -> dict[Scope, list[Outage]]:
    single = every_outage(chain)
    found: dict[Scope, list[Outage]] = {
        "sites": [outage for outage in single if outage.targets[0][0] == "site"],
        "lanes": [outage for outage in single if outage.targets[0][0] == "lane"],
        "countries": country_outages(chain),
        "roots": _root_outages(chain),
        "pairs": _pair_outages(chain) if "pairs" in scopes else [],
    }
    return {scope: listed for scope, listed in found.items() if scope in scopes}


def _root_outages(chain: Chain) -> list[Outage]:
    """Return the failure of what several sites share, recovered when the slowest of them is."""
    sites = chain.network["sites"]
    slowest: dict[str, float] = {}
    for root, recovery in zip(sites.text("root"), sites.number("recovery_days"), strict=True):
        if root:
            slowest[root] = max(slowest.get(root, 0.0), float(recovery))
    return [Outage(root, (("root", root),), recovery) for root, recovery in sorted(slowest.items())]


def _pair_outages(chain: Chain) -> list[Outage]:
    """Return pairs of the sites that hurt most alone, recovered when the slower one is."""
    alone = [outage for outage in every_outage(chain) if outage.targets[0][0] == "site"]
    worst = [exposure.outage for exposure in sweep(chain, alone)[:PAIRS_OF]]
    return [
        Outage(f"{a.name} and {b.name}", (*a.targets, *b.targets), max(a.recovery_days, b.recovery_days))
        for a, b in itertools.combinations(sorted(worst, key=lambda outage: outage.name), 2)
    ]


def _failure(exposure: Exposure, scope: Scope) -> Failure:
    lasts = exposure.survive_days
    return Failure(
        name=exposure.outage.name,
        scope=scope,
        recovery_days=exposure.outage.recovery_days,
        survive_days=None if not np.isfinite(lasts) or lasts >= LONGEST_DAYS else lasts,
        impact=exposure.impact,
        index=exposure.index,
        lost=exposure.lost,
        is_exposed=exposure.is_exposed,
    )
