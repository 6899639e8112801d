"""How much of each medicine hangs on each country, looked through to the starting materials?"""

from typing import Final

import msgspec

from doseway.plan.questions.answering import Answer
from doseway.plan.record import Planned
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.tables import Network
from doseway.plan.wording import percent, tidy

STAGES: Final = {"ksm": "starting material", "api": "active ingredient", "drug": "finishing"}
_SHOWN: Final = 6


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The share that is made in a country of a material on a medicine's way; `stage` is one of STAGES."""

    country: str
    medicine: str
    stage: str
    material: str
    share: float


class Exposures(Answer, frozen=True, kw_only=True):
    """Shares by country, the largest first."""

    shares: list[Share]

    def countries(self) -> list[str]:
        """Return the countries, the most needed first: by the sum of their largest shares."""
        names = {share.country for share in self.shares}
        return sorted(names, key=lambda country: (-sum(self._largest_of(country)), country))

    def medicines(self) -> list[str]:
        """Return the medicines by name."""
        return sorted({share.medicine for share in self.shares})

    def largest(self, country: str, medicine: str) -> Share | None:
        """Return the largest share of a country in a medicine, at any stage."""
        mine = (s for s in self.shares if (s.country, s.medicine) == (country, medicine))
        return max(mine, key=lambda s: (s.share, s.stage), default=None)

    def _largest_of(self, country: str) -> list[float]:
        found = [self.largest(country, medicine) for medicine in self.medicines()]
        return [share.share for share in found if share]

    def words(self) -> list[str]:
        """Return the answer in sentences."""
        if not self.shares:
            return ["The plan makes nothing."]
        sole = [s for s in self.shares if s.share > 1 - 1e-6]  # the solver's dust
        said = [f"{len(sole):,} of {len(self._steps()):,} steps hang on one country alone."]
        said += [
            f"{s.country} makes {percent(s.share)} of {s.material} ({STAGES[s.stage]} of {s.medicine})."
            for s in self.shares[:_SHOWN]
        ]
        return said

    def _steps(self) -> set[tuple[str, str]]:
        return {(s.medicine, s.material) for s in self.shares}

    def sheets(self) -> list[Sheet]:
        """Return the answer as tables."""
        sole = sum(s.share > 1 - 1e-6 for s in self.shares)  # the solver's dust
        return [
            sheet(
                "exposure",
                "Exposure by country",
                ["country", "medicine", "stage", "material", "share"],
                [(s.country, s.medicine, STAGES[s.stage], s.material, s.share) for s in self.shares],
            ),
            sheet("sole", "Steps in one country", ["in one country", "steps"], [(sole, len(self._steps()))]),
        ]


def exposure(network: Network, plan: Planned) -> Exposures:
    """Return how much of each step of each medicine a plan makes in each country."""
    sites, products, boms = network["sites"], network["products"], network["boms"]
    country = dict(zip(sites.text("site"), sites.text("country"), strict=True))
    kind = dict(zip(products.text("product"), products.text("kind"), strict=True))
    inputs: dict[str, list[str]] = {}
    for product, part in zip(boms.text("product"), boms.text("input"), strict=True):
        inputs.setdefault(product, []).append(part)
    made: dict[str, dict[str, float]] = {}
    for make in plan.makes:
        mine = made.setdefault(make.product, {})
        mine[country[make.site]] = mine.get(country[make.site], 0.0) + make.quantity
    shares = [
        Share(country=where, medicine=medicine, stage=kind[material], material=material, share=tidy(part))
        for medicine in sorted({need.product for need in plan.needs})
        for material in _inside(medicine, inputs)
        if kind[material] in STAGES
        for where, part in _parts(made.get(material, {})).items()
    ]
    return Exposures(shares=sorted(shares, key=lambda s: (-s.share, s.country, s.medicine, s.material)))


def _inside(medicine: str, inputs: dict[str, list[str]]) -> list[str]:
    """Return a medicine and everything that goes into it, each once."""
    found = [medicine]
    for material in found:
        found += [part for part in inputs.get(material, []) if part not in found]
    return found


def _parts(amounts: dict[str, float]) -> dict[str, float]:
    total = sum(amounts.values())
    return {name: quantity / total for name, quantity in sorted(amounts.items())} if total else {}
