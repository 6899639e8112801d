"""The words of the planning pages: questions, what they may be told, and how things stand."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from doseway.ui.languages import mark
from doseway.ui.words import Word

STATUSES: Final[Mapping[str, Word]] = {
    "optimal": Word(mark("Optimal within its gap"), "good"),
    "feasible": Word(mark("Best so far, not proved optimal"), "warning"),
    "reckoned": Word(mark("Reckoned"), "info"),
    "infeasible": Word(mark("No plan keeps all rules"), "critical"),
}
STATES: Final[Mapping[str, Word]] = {
    "waiting": Word(mark("Waiting"), "quiet"),
    "running": Word(mark("Being answered"), "moving"),
    "answered": Word(mark("Answered"), "good"),
    "stopped": Word(mark("Stopped"), "warning"),
    "failed": Word(mark("Failed"), "critical"),
    "interrupted": Word(mark("Interrupted"), "high"),
}
TITLES: Final[Mapping[str, str]] = {
    "cheapest": mark("Cheapest plan that serves demand"),
    "capacity": mark("Doses more from idle capacity"),
    "resource": mark("What a maximum share by country costs"),
    "export": mark("What export adds"),
    "buffer": mark("Where buffer stock buys most"),
    "failures": mark("Which failures hurt"),
    "uncertain": mark("Plan under uncertainty"),
    "frontier": mark("Cost against resilience"),
    "roadmap": mark("Roadmap of decisions"),
    "why": mark("Why a dose is short"),
}
ABOUT: Final[Mapping[str, str]] = {
    "cheapest": mark("What to make where, what to open, what moves; with map, exposure, failures and roadmap."),
    "capacity": mark("How many doses more without new plants, at what cost, and what binds, in words."),
    "resource": mark("What to source elsewhere, and what it costs that no country gives more than a share."),
    "export": mark("The plan with the optional demand abroad, and without it."),
    "buffer": mark("Which stock at which site saves most when something breaks."),
    "failures": mark("Time to survive against time to recover of every site, lane, country and pair, ranked."),
    "uncertain": mark("Expected cost, worst cases, and the chance of a shortage by clinical tier."),
    "frontier": mark("What each step away from dependence on one country costs."),
    "roadmap": mark("What to decide when: lead times, filings and ramps over the periods."),
    "why": mark("The cut through which no more of it can come, and what would widen it."),
}
GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (mark("Plan"), ("cheapest", "capacity", "export", "roadmap")),
    (mark("Resilience"), ("failures", "frontier", "resource", "buffer", "uncertain", "why")),
)

Look = Literal["percent", "percents", "number", "words", "lines", "choice", "choices", "date", "tick"]


class Field(NamedTuple):
    """A field of a question's form; `options` are (value, label) of a choice."""

    name: str
    look: Look
    label: str
    value: str = ""
    help: str = ""
    options: tuple[tuple[str, str], ...] = ()


SCOPES: Final = (
    ("sites", mark("sites")),
    ("lanes", mark("lanes")),
    ("countries", mark("countries")),
    ("roots", mark("shared root suppliers")),
    ("pairs", mark("pairs of sites")),
)
_SHARES: Final = Field("shares", "percents", mark("Maximum shares, in %"), "", mark("Several with spaces: 80 60 40."))
_SINCE: Final = Field(
    "since", "date", mark("From this day on"), "", mark("Empty: when decisions of today take effect.")
)
_SCENARIOS: Final = mark("Scenarios")
_SEED: Final = Field("seed", "number", mark("Seed of the draw"), "1")
FIELDS: Final[Mapping[str, tuple[Field, ...]]] = {
    "cheapest": (),
    "capacity": (
        Field("steps", "percents", mark("Parts of the extra doses to price, in %"), "", mark("Empty: the usual ones.")),
    ),
    "resource": (
        _SHARES,
        Field("countries", "words", mark("Countries limited together"), "", mark("CN IN; empty: each by itself.")),
        Field(
            "measure", "choice", mark("What counts"), "origin", "",
            (("origin", mark("origin of the active ingredient")), ("made", mark("where it is made"))),
        ),
        _SINCE,
    ),
    "export": (),
    "buffer": (
        Field("stock_days", "number", mark("Days of all need in each tried buffer"), "30"),
        Field("scenarios", "number", _SCENARIOS, "8"),
        Field("tried", "number", mark("Places that are tried"), "3"),
        _SEED,
    ),
    "failures": (Field("scopes", "choices", mark("What fails"), "", mark("None ticked: all."), SCOPES),),
    "uncertain": (
        Field("scenarios", "number", _SCENARIOS, "20"),
        Field("weight", "percent", mark("Weight of the worst cases, in %"), "30"),
        Field("level", "percent", mark("The worst are those beyond, in %"), "95"),
        _SEED,
        Field("is_quick", "tick", mark("Quick: without the worth of knowing and the cost outside the sample")),
    ),
    "frontier": (_SHARES, _SINCE),
    "roadmap": (),
    "why": (
        Field("market", "words", mark("Market"), "", mark("Empty: all that are short.")),
        Field("product", "words", mark("Product"), "", mark("Empty: all that are short.")),
        Field("failed", "lines", mark("Out for the whole plan"), "", mark("One a line: country:IN or site:NAME.")),
    ),
}  # fmt: skip
SHARED: Final = (
    Field("gap", "percent", mark("Enough is a distance to the bound of, in %"), "1"),
    Field("seconds", "number", mark("At most so many seconds for each solve"), "300"),
    Field("is_tier_first", "tick", mark("Serve the most needed clinical tier before cost is looked at")),
)
"""What every question may be told, but for the one that solves nothing."""
