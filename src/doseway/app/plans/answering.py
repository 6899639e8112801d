"""Answers questions about a network: in the worker's process, where it may take long and may be stopped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from doseway.app.planning import workers
from doseway.app.plans.asks import (
    TITLES,
    Ask,
    AskBuffer,
    AskCapacity,
    AskFailures,
    AskFrontier,
    AskResource,
    AskUncertain,
    AskWhy,
)
from doseway.app.plans.made import Chapter, Made, Status, chapter, finite
from doseway.model.errors import UsageError
from doseway.plan.decomposition.checkpoint import Checkpoint
from doseway.plan.highs import Limits, Watch
from doseway.plan.questions import buffer as buffers
from doseway.plan.questions import capacity as capacities
from doseway.plan.questions import frontier as frontiers
from doseway.plan.questions import resource as resources
from doseway.plan.questions.answering import Answer, Effort
from doseway.plan.questions.cheapest import Cheapest, cheapest
from doseway.plan.questions.compare import compare
from doseway.plan.questions.export import export
from doseway.plan.questions.exposure import exposure
from doseway.plan.questions.failures import SCOPES, Failures, failures
from doseway.plan.questions.roadmap import roadmap
from doseway.plan.questions.uncertain import uncertain
from doseway.plan.questions.why import why
from doseway.plan.record import Planned, network_hash
from doseway.plan.risk import Risk
from doseway.plan.seeing import charts, steps
from doseway.plan.seeing.cuts import cut_chart
from doseway.plan.seeing.drawing import Figure
from doseway.plan.seeing.heat import exposure_map, load_map
from doseway.plan.seeing.sankey import sankey
from doseway.plan.seeing.world import changes_map, world
from doseway.plan.solving import Infeasible
from doseway.plan.tables import Network


@dataclass(frozen=True)
class Asked:
    """A question on its way.

    Attributes:
        plan: the kept plan that the question is about; None: it makes its own.
        watch: told of progress; may stop. told: how many of how many parts are done.
        checkpoint: where a solve by cuts is kept, to go on from.
        where: scenarios are solved, as in `Settings.workers`.
    """

    network: Network
    ask: Any
    plan: Planned | None
    watch: Watch
    told: Callable[[int, int], None]
    checkpoint: Path
    where: str

    @property
    def effort(self) -> Effort:
        """How hard to try."""
        ask: Ask = self.ask
        limits = Limits(gap=ask.gap, seconds=ask.seconds)
        return Effort(limits=limits, watch=self.watch, is_tier_first=ask.is_tier_first)


def answered(question: str, asked: Asked) -> Made:
    """Answer a question; that no plan keeps all rules is an answer too.

    Raises:
        UsageError: a parameter names what the network does not have.
        DataError: the network cannot be planned.
        Unavailable: time ran out before there was any plan.
    """
    try:
        return _MAKERS[question](asked)
    except Infeasible as error:
        words = ["No plan can meet these together; without any one of them there would be a plan:", *error.reasons]
        told = Chapter(title=TITLES[question], words=[*words, error.hint])
        return Made(
            question=question, title=TITLES[question], chapters=[told], status="infeasible", reasons=error.reasons
        )


def compared(first: Planned, second: Planned, names: tuple[str, str], network: Network | None = None) -> Made:
    """Say what differs between two kept plans; nothing is solved. With the network of both, on its map too."""
    answer = compare(first, second, names)
    drawn: tuple[Figure, ...] = (charts.compare_chart(answer), steps.places_chart(answer))
    if network is not None and answer.is_same_network:
        drawn = (drawn[0], changes_map(network, first, second, names), drawn[1])
    told = chapter("Compare two plans", answer, drawn)
    return Made(
        question="compare", title=f"{names[0]} against {names[1]}", chapters=[told], status="reckoned",
        currency=first.currency, answer=msgspec.to_builtins(answer),
    )  # fmt: skip


def _proved(status: str) -> Status:
    """Say what a solver's status proves: a heuristic answer is never called optimal."""
    return "optimal" if status == "optimal" else "feasible"


def _of_plan(question: str, answer: Answer, plan: Planned, chapters: list[Chapter]) -> Made:
    """Make the answer that is a plan, or rests on one."""
    return Made(
        question=question, title=TITLES[question], chapters=chapters, status=_proved(plan.status),
        currency=plan.currency,
        cost=finite(plan.cost), bound=finite(plan.bound), gap=finite(plan.gap), plan=plan,
        answer=msgspec.to_builtins(answer),
    )  # fmt: skip


def _plain(question: str, answer: Answer, currency: str, figures: tuple[Figure, ...], plan: Planned | None) -> Made:
    """Make the answer of several plans: what was proved is in its tables, point by point."""
    return Made(
        question=question, title=TITLES[question], chapters=[chapter(TITLES[question], answer, figures)],
        status=_proved(plan.status) if plan else "reckoned", currency=currency, plan=plan,
        answer=msgspec.to_builtins(answer),
    )  # fmt: skip


def _cheapest(asked: Asked) -> Made:
    asked.told(0, 2)
    answer = cheapest(asked.network, asked.effort)
    asked.told(1, 2)
    return _of_plan("cheapest", answer, answer.plan, about_plan(asked.network, answer.plan))


def about_plan(network: Network, plan: Planned) -> list[Chapter]:
    """Return everything that can be said of a plan without another solve."""
    hurt, exposed, road = failures(network), exposure(network, plan), roadmap(network, plan)
    drawn = (world(network, plan, hurt), sankey(network, plan), load_map(plan))
    return [
        chapter(TITLES["cheapest"], Cheapest(plan=plan), drawn),
        chapter("What to decide when", road, (charts.roadmap_chart(road),) if road.milestones else ()),
        chapter("What hangs on which country", exposed, (exposure_map(exposed),) if exposed.shares else ()),
        chapter("Which failures hurt", hurt, (charts.survival_chart(hurt),)),
    ]


def _capacity(asked: Asked) -> Made:
    ask: AskCapacity = asked.ask
    answer = capacities.capacity(asked.network, asked.effort, ask.steps or capacities.STEPS)
    return _plain("capacity", answer, answer.currency, (steps.capacity_chart(answer),), None)


def _resource(asked: Asked) -> Made:
    ask: AskResource = asked.ask
    answer = resources.resource(
        asked.network, ask.shares or resources.SHARES, countries=ask.countries, measure=ask.measure, since=ask.since,
        effort=asked.effort,
    )  # fmt: skip
    made = _plain("resource", answer, answer.base.currency, (steps.resource_chart(answer),), answer.base)
    base = answer.base
    return msgspec.structs.replace(made, cost=finite(base.cost), bound=finite(base.bound), gap=finite(base.gap))


def _export(asked: Asked) -> Made:
    answer = export(asked.network, asked.effort)
    pair = compare(answer.without, answer.with_export, ("without export", "with export"))
    return _of_plan(
        "export", answer, answer.with_export, [chapter(TITLES["export"], answer, (charts.compare_chart(pair),))]
    )


def _buffer(asked: Asked) -> Made:
    ask: AskBuffer = asked.ask
    answer = buffers.buffer(
        asked.network, scenarios=ask.scenarios, seed=ask.seed, stock_days=ask.stock_days, tried=ask.tried,
        effort=asked.effort,
    )  # fmt: skip
    return _plain("buffer", answer, answer.currency, (steps.buffer_chart(answer),), None)


def _failures(asked: Asked) -> Made:
    ask: AskFailures = asked.ask
    answer: Failures = failures(asked.network, ask.scopes or SCOPES)
    return _plain("failures", answer, answer.currency, (charts.survival_chart(answer),), None)


def _uncertain(asked: Asked) -> Made:
    ask: AskUncertain = asked.ask
    answer = uncertain(
        asked.network, scenarios=ask.scenarios, seed=ask.seed, risk=Risk(weight=ask.weight, level=ask.level),
        effort=asked.effort, executor=workers(asked.where), is_valued=not ask.is_quick,
        checkpoint=Checkpoint(asked.checkpoint),
    )  # fmt: skip
    drawn = (steps.risk_chart(answer), world(asked.network, answer.plan))
    made = _of_plan("uncertain", answer, answer.plan, [chapter(TITLES["uncertain"], answer, drawn)])
    return msgspec.structs.replace(
        made,
        status=_proved(answer.status),
        cost=finite(answer.cost),
        bound=finite(answer.bound),
        gap=finite(answer.gap),
    )


def _frontier(asked: Asked) -> Made:
    ask: AskFrontier = asked.ask
    answer = frontiers.frontier(
        asked.network, ask.shares or frontiers.SHARES, since=ask.since, effort=asked.effort, told=asked.told
    )
    return _plain("frontier", answer, answer.currency, (charts.frontier_chart(answer),), None)


def _roadmap(asked: Asked) -> Made:
    plan = asked.plan or cheapest(asked.network, asked.effort).plan
    if plan.network != network_hash(asked.network):
        raise UsageError("the plan was made for other tables", hint="Choose an answer about this version.")
    answer = roadmap(asked.network, plan)
    drawn = (charts.roadmap_chart(answer),) if answer.milestones else ()
    return _of_plan("roadmap", answer, plan, [chapter(TITLES["roadmap"], answer, drawn)])


def _why(asked: Asked) -> Made:
    ask: AskWhy = asked.ask
    targets = []
    for one in ask.failed:
        kind, colon, name = one.partition(":")
        if not colon:
            raise UsageError(f"{one!r} does not say what is out", hint="Write country:IN or site:NAME.")
        targets.append((kind.strip(), name.strip()))
    answer = why(asked.network, ask.market, ask.product, failed=tuple(targets), effort=asked.effort)
    drawn = tuple(cut_chart(reason, number) for number, reason in enumerate(answer.reasons[:6]))
    told = chapter(TITLES["why"], answer, (*drawn, world(asked.network, answer.plan)))
    return _of_plan("why", answer, answer.plan, [told])


_MAKERS: Final[Mapping[str, Callable[[Asked], Made]]] = {
    "cheapest": _cheapest,
    "capacity": _capacity,
    "resource": _resource,
    "export": _export,
    "buffer": _buffer,
    "failures": _failures,
    "uncertain": _uncertain,
    "frontier": _frontier,
    "roadmap": _roadmap,
    "why": _why,
}
