"""What differs between two plans?"""

import msgspec

from doseway.model.errors import UsageError
from doseway.plan.questions.answering import Answer
from doseway.plan.questions.cheapest import decision_words
from doseway.plan.questions.differences import Change, changes, country_shares, made_by_site, only_in, sent_by_lane
from doseway.plan.record import Decision, Planned
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.wording import amount, listing, money, percent, result

_SHOWN = 6
_CENT = 0.005


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One number in the first plan and in the second."""

    what: str
    first: float
    second: float

    @property
    def more(self) -> float:
        """How much more it is in the second. Revenue stands among costs as less than nothing."""
        return self.second - self.first


class Compared(Answer, frozen=True, kw_only=True):
    """Two plans side by side.

    Attributes:
        is_same_network: both were made for the same tables.
        only_first, only_second: decisions that one takes and the other does not.
        made, sent: amounts by site and by lane that differ.
    """

    first: Planned
    second: Planned
    names: tuple[str, str]
    is_same_network: bool
    costs: list[Difference]
    service: list[Difference]
    countries: list[Difference]
    only_first: list[Decision]
    only_second: list[Decision]
    made: list[Change]
    sent: list[Change]

    def words(self) -> list[str]:
        """Return the comparison in sentences."""
        a, b = self.names
        currency = self.first.currency
        more = self.second.cost - self.first.cost
        said = [f"{a} {result(self.first.cost, currency)}, {b} {result(self.second.cost, currency)}."]
        if abs(more) > _CENT:
            said.append(f"{b} is {money(abs(more), currency)} {'dearer' if more > 0 else 'cheaper'}{self._sure(more)}.")
        if not self.is_same_network:
            said.append("They were made for different tables.")
        said += [
            f"{d.what}: {money(abs(d.more), currency)} {_more(d)} in {b}."
            for d in sorted(self.costs, key=lambda d: -abs(d.more))[:_SHOWN]
            if abs(d.more) > _CENT
        ]
        said += [
            f"Tier {d.what} is served to {percent(d.first)} in {a} and to {percent(d.second)} in {b}."
            for d in self.service
            if abs(d.more) > 1e-4  # noqa: PLR2004  # what percent() shows
        ]
        for name, decisions in ((a, self.only_first), (b, self.only_second)):
            said += [f"Only {name}: {decision_words(d, self.first)}" for d in decisions[:_SHOWN]]
        said += [
            f"{c.what} makes {amount(abs(c.more), c.unit)} {'more' if c.more > 0 else 'less'} of {c.product} in {b}."
            for c in self.made[:_SHOWN]
        ]
        return said if len(said) > 1 else [*said, "The two are the same."]

    def _sure(self, more: float) -> str:
        """Say so when the difference is smaller than what was not proved."""
        slack = sum(plan.cost - plan.bound for plan in (self.first, self.second) if plan.bound is not None)
        return "" if abs(more) > slack else ", which is less than the gap of the two"

    def sheets(self) -> list[Sheet]:
        """Return the comparison as tables."""
        a, b = self.names
        currency = self.first.currency

        def table(name: str, title: str, unit: str, rows: list[Difference]) -> Sheet:
            return sheet(name, title, ["what", (a, unit), (b, unit), ("more", unit)], [
                (d.what, d.first, d.second, d.more) for d in rows
            ])  # fmt: skip

        def moved(name: str, title: str, rows: list[Change]) -> Sheet:
            columns = ["where", "product", a, b, "more", "unit"]
            return sheet(name, title, columns, [(c.what, c.product, c.before, c.after, c.more, c.unit) for c in rows])

        decisions = [(a, d) for d in self.only_first] + [(b, d) for d in self.only_second]
        total = Difference(what="cost less revenue", first=self.first.cost, second=self.second.cost)
        return [
            table("compared_costs", "Cost by component", currency, [total, *self.costs]),
            table("compared_service", "Service by tier", "", self.service),
            table(
                "compared_countries", "Origin of what reaches the markets, mean over the products", "", self.countries
            ),
            sheet(
                "compared_decisions",
                "Decisions that only one takes",
                ["plan", "kind", "line", "product", "site", "period", "quantity", ("cost", currency)],
                [(name, d.kind, d.line, d.product, d.site, d.period, d.quantity, d.cost) for name, d in decisions],
            ),
            moved("compared_made", "What is made elsewhere", self.made),
            moved("compared_sent", "What moves differently", self.sent),
        ]


def _more(difference: Difference) -> str:
    """Say which way a component differs; revenue stands among costs as less than nothing."""
    return "more" if (difference.more > 0) != (difference.what == "revenue") else "less"


def compare(first: Planned, second: Planned, names: tuple[str, str] = ("A", "B")) -> Compared:
    """Compare two plans.

    Raises:
        UsageError: they reckon in different currencies or units.
    """
    if first.currency != second.currency:
        raise UsageError(f"one plan is in {first.currency}, the other in {second.currency}")
    other = [p for p in first.units if p in second.units and first.units[p] != second.units[p]]
    if other:
        raise UsageError(f"the plans count {listing(other)} in different units")
    units = {**first.units, **second.units}
    return Compared(
        first=first,
        second=second,
        names=names,
        is_same_network=first.network == second.network,
        costs=_differences(first.costs, second.costs),
        service=_differences(first.service, second.service),
        countries=_differences(country_shares(first), country_shares(second)),
        only_first=only_in(first.decisions, second.decisions),
        only_second=only_in(second.decisions, first.decisions),
        made=changes(made_by_site(first), made_by_site(second), units),
        sent=changes(sent_by_lane(first), sent_by_lane(second), units),
    )


def _differences(first: dict[str, float], second: dict[str, float]) -> list[Difference]:
    names = sorted(set(first) | set(second))
    return [Difference(what=name, first=first.get(name, 0.0), second=second.get(name, 0.0)) for name in names]
