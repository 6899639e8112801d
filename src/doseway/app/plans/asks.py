"""The questions of planning: what each may be told, and what it is called. Light: nothing here loads the solver."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from doseway.model.errors import DataError, UsageError

Share = Annotated[float, msgspec.Meta(ge=0, le=1, description="From 0 to 1.")]
Shares = Annotated[tuple[Share, ...], msgspec.Meta(max_length=12)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
Day = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d\d-\d\d)?$", description="ISO 8601, or empty.")]


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every question may be told.

    Attributes:
        gap: distance to the bound that is enough, a share.
        seconds: the most for each solve.
        is_tier_first: serve the most needed clinical tier before cost is looked at.
    """

    gap: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.01
    seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 300.0
    is_tier_first: bool = False


class AskCheapest(Ask, frozen=True, kw_only=True):
    """What is the cheapest plan that serves demand?"""


class AskCapacity(Ask, frozen=True, kw_only=True):
    """How many doses more from idle capacity; `steps` are the parts of them that are priced."""

    steps: Shares = ()


class AskResource(Ask, frozen=True, kw_only=True):
    """What to re-source, and what a maximum share by country costs; `countries` are limited together."""

    shares: Shares = ()
    countries: Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)] = ()
    measure: Literal["origin", "made"] = "origin"
    since: Day = ""


class AskExport(Ask, frozen=True, kw_only=True):
    """What does export add?"""


class AskBuffer(Ask, frozen=True, kw_only=True):
    """Where does buffer stock of what buy most? Each tried buffer holds `stock_days` of all need."""

    stock_days: Annotated[float, msgspec.Meta(gt=0, le=3_650)] = 30.0
    scenarios: Count = 8
    seed: Seed = 1
    tried: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3


class AskFailures(Ask, frozen=True, kw_only=True):
    """Which single failures hurt? No scopes: all."""

    scopes: tuple[Literal["sites", "lanes", "countries", "roots", "pairs"], ...] = ()


class AskUncertain(Ask, frozen=True, kw_only=True):
    """What to decide now, not knowing what happens; `weight` is of the worst (1 - `level`) of cases."""

    scenarios: Count = 20
    seed: Seed = 1
    weight: Share = 0.3
    level: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.95
    is_quick: bool = False


class AskFrontier(Ask, frozen=True, kw_only=True):
    """What does resilience cost? `shares` are maxima of one country."""

    shares: Shares = ()
    since: Day = ""


class AskRoadmap(Ask, frozen=True, kw_only=True):
    """What to decide when? Of the plan that an `answer` holds, or of the cheapest one."""

    answer: Annotated[int, msgspec.Meta(ge=0)] | None = None


class AskWhy(Ask, frozen=True, kw_only=True):
    """Why is this dose short? `failed` is out for the whole plan: `country:IN`, `site:NAME`."""

    market: Name = ""
    product: Name = ""
    failed: Annotated[tuple[Name, ...], msgspec.Meta(max_length=50)] = ()


QuestionId: TypeAlias = Literal[
    "cheapest", "capacity", "resource", "export", "buffer", "failures", "uncertain", "frontier", "roadmap", "why"
]
ASKS: Final[Mapping[str, type[Ask]]] = {
    "cheapest": AskCheapest,
    "capacity": AskCapacity,
    "resource": AskResource,
    "export": AskExport,
    "buffer": AskBuffer,
    "failures": AskFailures,
    "uncertain": AskUncertain,
    "frontier": AskFrontier,
    "roadmap": AskRoadmap,
    "why": AskWhy,
}
TITLES: Final[Mapping[str, str]] = {
    "cheapest": "Cheapest plan that serves demand",
    "capacity": "Doses more from idle capacity",
    "resource": "What a maximum share by country costs",
    "export": "What export adds",
    "buffer": "Where buffer stock buys most",
    "failures": "Which failures hurt",
    "uncertain": "Plan under uncertainty",
    "frontier": "Cost against resilience",
    "roadmap": "Roadmap of decisions",
    "why": "Why a dose is short",
}


def read_ask(question: str, parameters: Any, *, strict: bool = True) -> Ask:
    """Read the parameters of a question.

    Args:
        question: one of ASKS.
        parameters: plain values; not strict, as a form writes them.
        strict: whether numbers must be numbers.

    Raises:
        UsageError: there is no such question.
        DataError: a parameter is unknown or out of range.
    """
    if question not in ASKS:
        raise UsageError(f"there is no question {question!r}", hint=f"There are: {', '.join(ASKS)}.")
    try:
        return msgspec.convert(parameters, ASKS[question], strict=strict)
    except msgspec.ValidationError as error:
        raise DataError(f"the question {question} cannot be asked like this: {error}") from error


def plain(ask: Ask) -> dict[str, Any]:
    """Return what an ask says that is not the default, as plain values."""
    defaults = msgspec.to_builtins(type(ask)())
    told = msgspec.to_builtins(ask)
    return {name: value for name, value in told.items() if value != defaults[name]}
