"""What to re-source and where, and what does a maximum share by country cost?"""

from collections.abc import Sequence
from typing import Final

import msgspec

from doseway.model.errors import UsageError
from doseway.plan.questions.answering import Answer, Effort, first_effect, with_rows
from doseway.plan.questions.cheapest import cheapest, decision_words
from doseway.plan.questions.differences import Change, changes, largest_share, made_by_site, only_in
from doseway.plan.record import Decision, Planned
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.tables import Network
from doseway.plan.wording import amount, money, percent, result

RULE: Final = "at most one country"
SHARES: Final = (0.7, 0.5)
_SHOWN: Final = 6


class Capped(msgspec.Struct, frozen=True, kw_only=True):
    """The plan with a maximum share by country.

    Attributes:
        cost: less revenue; more is what it costs beyond the plan without the rule, at least `least_more`, proved.
        service: tier → share of what is required that is served.
        moved: (site, product) amounts that change; `decisions` are those that the plan without the rule does not take.
    """

    share: float
    cost: float
    bound: float | None
    more: float
    least_more: float | None
    largest: float
    service: dict[str, float]
    moved: list[Change]
    decisions: list[Decision]


class Resourcing(Answer, frozen=True, kw_only=True):
    """What maxima by country cost, and where the making goes."""

    base: Planned
    base_largest: tuple[str, str, float]
    since: str
    countries: list[str]
    measure: str
    capped: list[Capped]

    def words(self) -> list[str]:
        """Return the answer in sentences."""
        product, country, share = self.base_largest
        currency = self.base.currency
        said = [f"Without a maximum the plan {result(self.base.cost, currency)}."]
        if product:
            said.append(f"Most from one country: {percent(share)} of {product} are of {country or 'unknown'} origin.")
        for one in self.capped:
            said += self._about(one)
        return said

    def _about(self, one: Capped) -> list[str]:
        currency, who = self.base.currency, " and ".join(self.countries) or "any one country"
        verb = "gives" if self.measure == "origin" else "makes"
        lead = f"When {who} {verb} at most {percent(one.share)} of each medicine from {self.since} on, the plan"
        proved = f", at least {money(one.least_more, currency)} proved" if one.least_more else ""
        said = [f"{lead} {result(one.cost, currency)}: {money(one.more, currency)} dearer{proved}."]
        said += [
            f"Then tier {tier} is served to {percent(share)}, not {percent(self.base.service[tier])}."
            for tier, share in one.service.items()
            if self.base.service[tier] - share > 1e-4  # noqa: PLR2004  # what percent() shows
        ]
        said += [decision_words(decision, self.base) for decision in one.decisions[:_SHOWN]]
        for change in one.moved[:_SHOWN]:
            verb = "more" if change.more > 0 else "less"
            said.append(f"Make {amount(abs(change.more), change.unit)} {verb} of {change.product} at {change.what}.")
        return said

    def sheets(self) -> list[Sheet]:
        """Return the answer as tables."""
        money_unit = self.base.currency
        product, country, share = self.base_largest
        rows = [(None, self.base.cost, self.base.bound, 0.0, None, share, *self._tiers(self.base.service))]
        rows += [
            (one.share, one.cost, one.bound, one.more, one.least_more, one.largest, *self._tiers(one.service))
            for one in self.capped
        ]
        columns: list[str | tuple[str, str]] = [
            "maximum share", ("cost", money_unit), ("bound", money_unit), ("dearer", money_unit),
            ("dearer at least", money_unit), "largest share", *(f"service tier {tier}" for tier in self.base.service),
        ]  # fmt: skip
        return [
            sheet("caps", "What a maximum share by country costs", columns, rows),
            sheet("largest", "Most from one country", ["product", "country", "share"], [(product, country, share)]),
            sheet(
                "resourced",
                "What is made elsewhere",
                ["maximum share", "site", "product", "without", "with", "more", "unit"],
                [
                    (one.share, c.what, c.product, c.before, c.after, c.more, c.unit)
                    for one in self.capped
                    for c in one.moved
                ],
            ),
            sheet(
                "new_decisions",
                "Decisions that the maximum brings",
                ["maximum share", "kind", "line", "site", "product", "period", "quantity", ("cost", money_unit)],
                [
                    (one.share, d.kind, d.line, d.site, d.product, d.period, d.quantity, d.cost)
                    for one in self.capped
                    for d in one.decisions
                ],
            ),
        ]

    def _tiers(self, service: dict[str, float]) -> list[float]:
        return [service[tier] for tier in self.base.service]


def resource(
    network: Network,
    shares: Sequence[float] = SHARES,
    *,
    countries: Sequence[str] = (),
    measure: str = "origin",
    since: str = "",
    effort: Effort | None = None,
) -> Resourcing:
    """Say what maxima of the share of a country cost, and what moves.

    Args:
        network: checked tables.
        shares: maxima, each from 0 to 1.
        countries: ISO 3166 codes that are limited together; none limits every country by itself.
        measure: "origin" counts what reaches the markets by origin, "made" what is made by country.
        since: first day of the rule; else the first day on which a decision of today can be in force.
        effort: how hard to try.

    Raises:
        UsageError: a share or measure out of range.
        Infeasible: no plan meets all rules.
    """
    if any(not 0 <= share <= 1 for share in shares) or measure not in {"origin", "made"}:
        raise UsageError("a maximum share is between 0 and 1, and counts by origin or by where it is made")
    since = since or first_effect(network)
    base = cheapest(network, effort).plan
    listed = [_capped(network, share, countries, measure, since, base, effort) for share in shares]
    return Resourcing(
        base=base, base_largest=largest_share(base), since=since, countries=list(countries), measure=measure,
        capped=listed,
    )  # fmt: skip


def with_maximum(
    network: Network, share: float, *, since: str, countries: Sequence[str] = (), measure: str = "origin"
) -> Network:
    """Return the network with a maximum share by country."""
    rule = {"policy": RULE, "rule": "max_country_share", "value": share, "countries": " ".join(countries)}
    return with_rows(network, "policies", {**rule, "measure": measure, "valid_from": since})


def _capped(
    network: Network, share: float, countries: Sequence[str], measure: str, since: str, base: Planned,
    effort: Effort | None,
) -> Capped:  # fmt: skip
    found = with_maximum(network, share, since=since, countries=countries, measure=measure)
    plan = cheapest(found, effort).plan
    least = None if plan.bound is None else max(0.0, plan.bound - base.cost)
    return Capped(
        share=share,
        cost=plan.cost,
        bound=plan.bound,
        # The rule can only cost: what is found cheaper with it would have been a plan without it.
        more=max(0.0, plan.cost - base.cost),
        least_more=least,
        largest=largest_share(plan)[2],
        service=plan.service,
        moved=changes(made_by_site(base), made_by_site(plan), base.units),
        decisions=only_in(plan.decisions, base.decisions),
    )
