"""The result of judging a recording against limits: episodes, budgets, statistics, a proposed verdict.

Everything that is compared or stored is an integer (Unix ms, ms, milli-°C), so that two judgements of the same
readings are equal bit for bit. Only derived figures for people (`Statistics.mkt_milli` and the like) come from
floating point, over exact histograms, rounded to thousandths.
"""

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """A proposal to the qualified person, from best to worst; never a release."""

    WITHIN_LABEL = "within-label"
    WITHIN_BUDGET = "within-budget"
    UNDECIDED = "undecided"
    QA_REVIEW = "qa-review"
    REJECT = "reject"

    @property
    def rank(self) -> int:
        """The place in the order from best (0) to worst (4)."""
        return list(Verdict).index(self)


class Effect(StrEnum):
    """What an episode does to the verdict: the verdict of the same name, or nothing."""

    INFO = "info"
    WITHIN_BUDGET = "within-budget"
    UNDECIDED = "undecided"
    QA_REVIEW = "qa-review"
    REJECT = "reject"


class Episode(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One finding of one rule on one sensor.

    Attributes:
        rule, rule_version: the rule that found it; `rule_id` is the profile's own name of that rule's entry.
        start_ms: the first sample out of range. end_ms: the first sample back in range; None while open.
        raised_ms: the sample at which the accumulated time out of range reached the rule's delay.
        out_ms: observed time out of range; the true duration lies within `least_ms` and `most_ms`, because nothing
            is known between two samples.
        unknown_ms: time without observation inside the episode; not part of `out_ms`.
        peak_milli, peak_at_ms: the worst value and when it first occurred; None for rules without values.
        details: the rule's own figures, integers and strings.
    """

    rule: str
    rule_version: int
    rule_id: str
    sensor: str
    effect: Effect
    start_ms: int
    raised_ms: int
    end_ms: int | None = None
    out_ms: int = 0
    least_ms: int = 0
    most_ms: int = 0
    unknown_ms: int = 0
    peak_milli: int | None = None
    peak_at_ms: int | None = None
    details: dict[str, int | str] = {}


class Consumption(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How much of one budget is used, breached or not.

    Attributes:
        used_ms, budget_ms, left_ms: for budgets of time; `left_ms` is never negative.
        used_ppb: for consumption models, the fraction of the shelf life used, in parts per billion; None otherwise.
    """

    rule: str
    rule_id: str
    sensor: str
    used_ms: int
    budget_ms: int
    left_ms: int
    used_ppb: int | None = None


class Statistics(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Figures of one sensor over the whole recording; weights are the time that each reading stands for.

    Attributes:
        readings: valid readings; invalid: records without a value; contradictory: records that share their time
            with a different value.
        observed_ms, unknown_ms, span_ms: with span = observed + unknown; coverage_ppm = observed / span.
        mean_milli, mkt_milli: None without a valid reading; MKT at `energy_j_mol`, and at 42 and 125 kJ/mol for the
            sensitivity.
    """

    sensor: str
    readings: int
    invalid: int
    contradictory: int
    first_at_ms: int | None
    last_at_ms: int | None
    interval_ms: int
    span_ms: int
    observed_ms: int
    unknown_ms: int
    coverage_ppm: int
    min_milli: int | None
    max_milli: int | None
    mean_milli: int | None
    mkt_milli: int | None
    energy_j_mol: int
    mkt_42_milli: int | None
    mkt_125_milli: int | None


class RuleFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A rule crashed on these readings; the judgement is undecided and the failure is a fact."""

    rule: str
    rule_id: str
    error: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result: what was found, the figures, the proposed verdict and its reasons in words.

    `reasons` are complete sentences for a human, the worst first; an empty tuple never comes with a verdict other
    than `within-label`.
    """

    profile_id: str
    verdict: Verdict
    reasons: tuple[str, ...]
    statistics: tuple[Statistics, ...]
    episodes: tuple[Episode, ...] = ()
    consumptions: tuple[Consumption, ...] = ()
    failures: tuple[RuleFailure, ...] = ()
