"""What differs between two plans, in amounts: decisions, costs, service, flows and making."""

from collections.abc import Iterable
from typing import Final

import msgspec

from doseway.plan.record import Decision, Planned
from doseway.plan.wording import tidy

_DUST: Final = 1e-6


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in one plan and in the other."""

    what: str
    product: str = ""
    unit: str = ""
    before: float
    after: float

    @property
    def more(self) -> float:
        """How much more it is in the other plan."""
        return tidy(self.after - self.before)


def made_by_site(plan: Planned) -> dict[tuple[str, str], float]:
    """Return (site, product) → what is made over the plan."""
    total: dict[tuple[str, str], float] = {}
    for make in plan.makes:
        total[make.site, make.product] = total.get((make.site, make.product), 0.0) + make.quantity
    return total


def sent_by_lane(plan: Planned) -> dict[tuple[str, str], float]:
    """Return (lane, product) → what moves over the plan."""
    total: dict[tuple[str, str], float] = {}
    for flow in plan.flows:
        total[flow.lane, flow.product] = total.get((flow.lane, flow.product), 0.0) + flow.quantity
    return total


def origins(plan: Planned) -> dict[tuple[str, str], float]:
    """Return (product, country of origin) → what reaches the markets; "" where origin is not followed."""
    total: dict[tuple[str, str], float] = {}
    markets = plan.markets()
    for flow in plan.flows:
        if flow.to_node in markets:
            total[flow.product, flow.origin] = total.get((flow.product, flow.origin), 0.0) + flow.quantity
    return total


def largest_share(plan: Planned) -> tuple[str, str, float]:
    """Return product, country and share where one country gives most of a product; ("", "", 0) for an empty plan."""
    amounts = origins(plan)
    totals: dict[str, float] = {}
    for (product, _), quantity in amounts.items():
        totals[product] = totals.get(product, 0.0) + quantity
    shares = [(quantity / totals[product], product, country) for (product, country), quantity in amounts.items()]
    share, product, country = max(shares, default=(0.0, "", ""))
    return product, country, tidy(share)


def country_shares(plan: Planned) -> dict[str, float]:
    """Return country → mean over the products of its share of what reaches the markets."""
    amounts = origins(plan)
    totals: dict[str, float] = {}
    for (product, _), quantity in amounts.items():
        totals[product] = totals.get(product, 0.0) + quantity
    shares: dict[str, float] = {}
    for (product, country), quantity in amounts.items():
        shares[country] = shares.get(country, 0.0) + quantity / totals[product] / len(totals)
    return {country: tidy(share) for country, share in sorted(shares.items())}


def changes(
    before: dict[tuple[str, str], float], after: dict[tuple[str, str], float], units: dict[str, str]
) -> list[Change]:
    """Return what changed of (place, product) amounts, the largest relative change first."""
    sizes: dict[str, float] = {}
    for (_, product), quantity in [*before.items(), *after.items()]:
        sizes[product] = sizes.get(product, 0.0) + quantity
    keys = sorted(set(before) | set(after))
    listed = [
        Change(
            what=place, product=product, unit=units.get(product, ""),
            before=before.get((place, product), 0.0), after=after.get((place, product), 0.0),
        )
        for place, product in keys
    ]  # fmt: skip
    moved = [c for c in listed if abs(c.more) > _DUST * sizes[c.product]]
    return sorted(moved, key=lambda c: (-abs(c.more) / sizes[c.product], c.what, c.product))


def decision_key(decision: Decision) -> tuple[str, ...]:
    """Return what makes two decisions the same."""
    return (decision.kind, decision.line, decision.lane, decision.site, decision.product, decision.period)


def only_in(first: Iterable[Decision], second: Iterable[Decision]) -> list[Decision]:
    """Return the decisions of the first that the second does not take."""
    there = {decision_key(decision) for decision in second}
    return [decision for decision in first if decision_key(decision) not in there]
