"""`doseway plan capacity, resource, export, buffer, failures, uncertain, frontier, roadmap, why`: one question each."""

from pathlib import Path
from typing import get_args

import rich_click as click

from doseway.cli.planning.options import How, ended, loaded, network_argument, shared_options, show, trying
from doseway.cli.talk import say
from doseway.model.errors import UsageError

FINDING = 1


@click.command(epilog="Example:\n\n  doseway plan capacity my-network")
@network_argument
@click.option("--step", "steps", multiple=True, type=float, metavar="SHARE", help="Part of the extra doses to price.")
@shared_options
def capacity(network: Path, *, steps: tuple[float, ...], how: How) -> int:
    """How many doses more from idle capacity, at what cost, and what binds then."""
    from doseway.plan.questions.capacity import STEPS  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.capacity import capacity as ask  # noqa: PLC0415
    from doseway.plan.seeing.steps import capacity_chart  # noqa: PLC0415

    tables = loaded(network, how)
    with trying(how, "Asking for more doses") as (effort, stop):
        answer = ask(tables, effort, steps or STEPS)
    show(answer, how, "Doses more from idle capacity", tables, (capacity_chart(answer),) if how.html else ())
    return ended(stop)


@click.command(epilog="Example:\n\n  doseway plan resource my-network --share 0.5 --country CN --country IN")
@network_argument
@click.option("--share", "shares", multiple=True, type=float, metavar="SHARE", help="A maximum share; may be repeated.")
@click.option("--country", "countries", multiple=True, metavar="ISO", help="Limited together; else each by itself.")
@click.option(
    "--measure", type=click.Choice(["origin", "made"]), default="origin", help="What counts: origin, or making."
)
@click.option("--since", default="", metavar="DAY", help="First day of the maximum; else when decisions take effect.")
@shared_options
def resource(
    network: Path, *, shares: tuple[float, ...], countries: tuple[str, ...], measure: str, since: str, how: How
) -> int:
    """What to re-source and where, and what a maximum share by country costs."""
    from doseway.plan.questions.resource import SHARES  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.resource import resource as ask  # noqa: PLC0415
    from doseway.plan.seeing.steps import resource_chart  # noqa: PLC0415

    tables = loaded(network, how)
    with trying(how, "Re-sourcing") as (effort, stop):
        answer = ask(tables, shares or SHARES, countries=countries, measure=measure, since=since, effort=effort)
    show(answer, how, "What a maximum share by country costs", tables, (resource_chart(answer),) if how.html else ())
    return ended(stop)


@click.command(epilog="Example:\n\n  doseway plan export my-network")
@network_argument
@shared_options
def export(network: Path, *, how: How) -> int:
    """What export adds: the plan with the optional demand abroad, and without it."""
    from doseway.plan.questions.export import export as ask  # noqa: PLC0415  # loads numpy

    tables = loaded(network, how)
    with trying(how, "Planning with and without export") as (effort, stop):
        answer = ask(tables, effort)
    show(answer, how, "What export adds", tables)
    return ended(stop)


@click.command(epilog="Example:\n\n  doseway plan buffer my-network --days 30")
@network_argument
@click.option("--days", default=30.0, metavar="DAYS", help="Days of all need in each tried buffer.", show_default=True)
@click.option("--scenarios", default=8, metavar="N", help="How many are drawn.", show_default=True)
@click.option("--seed", default=1, metavar="N", help="Of the draw.", show_default=True)
@click.option("--try", "tried", default=3, metavar="N", help="How many places are tried.", show_default=True)
@shared_options
def buffer(network: Path, *, days: float, scenarios: int, seed: int, tried: int, how: How) -> int:
    """Where buffer stock of what buys most, by what it saves in scenarios."""
    from doseway.plan.questions.buffer import buffer as ask  # noqa: PLC0415  # loads numpy
    from doseway.plan.seeing.steps import buffer_chart  # noqa: PLC0415

    tables = loaded(network, how)
    with trying(how, "Pricing stock") as (effort, stop):
        answer = ask(tables, scenarios=scenarios, seed=seed, stock_days=days, tried=tried, effort=effort)
    show(answer, how, "Where buffer stock buys most", tables, (buffer_chart(answer),) if how.html else ())
    return ended(stop)


@click.command(epilog="Example:\n\n  doseway plan failures my-network --scope countries")
@network_argument
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["sites", "lanes", "countries", "roots", "pairs"]),
    help="What fails; may be repeated; else everything.",
)
@shared_options
def failures(network: Path, *, scopes: tuple[str, ...], how: How) -> int:
    """Which failures hurt: time to survive against time to recover, ranked.

    Exit code: 0 the network outlives all of them, 1 some hurt.
    """
    from doseway.plan.questions.failures import SCOPES, Scope  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.failures import failures as ask  # noqa: PLC0415
    from doseway.plan.seeing.charts import survival_chart  # noqa: PLC0415

    tables = loaded(network, how)
    wanted: list[Scope] = [scope for scope in get_args(Scope) if not scopes or scope in scopes]
    answer = ask(tables, wanted or SCOPES)
    show(answer, how, "Which failures hurt", tables, (survival_chart(answer),) if how.html else ())
    return FINDING if answer.exposed else 0


@click.command(epilog="Example:\n\n  doseway plan uncertain my-network --scenarios 50 --weight 0.3")
@network_argument
@click.option("--scenarios", default=20, metavar="N", help="How many are drawn.", show_default=True)
@click.option("--seed", default=1, metavar="N", help="Of the draw.", show_default=True)
@click.option("--weight", default=0.0, metavar="SHARE", help="Of the worst cases beside the mean.", show_default=True)
@click.option("--level", default=0.95, metavar="SHARE", help="Cases beyond it are the worst.", show_default=True)
@click.option(
    "--workers",
    "words",
    metavar="WHERE",
    help="N threads; ray:N or dask:N here; ray://HOST:PORT?N or dask://...; else DOSEWAY_WORKERS, doseway.toml, or 2.",
)
@click.option("--quick", is_flag=True, help="Without EVPI, VSS and the cost outside the sample.")
@shared_options
def uncertain(
    network: Path, *, scenarios: int, seed: int, weight: float, level: float, words: str | None, quick: bool, how: How
) -> int:
    """What to decide now, not knowing what happens: expected cost, worst cases, chance of a shortage by tier."""
    from doseway.app.planning import workers  # noqa: PLC0415  # loads numpy
    from doseway.app.settings import load_settings  # noqa: PLC0415
    from doseway.plan.questions.uncertain import uncertain as ask  # noqa: PLC0415
    from doseway.plan.risk import Risk  # noqa: PLC0415
    from doseway.plan.seeing.steps import risk_chart  # noqa: PLC0415

    tables, executor = loaded(network, how), workers(words or load_settings().workers)
    with trying(how, "Planning under uncertainty") as (effort, stop):
        answer = ask(
            tables, scenarios=scenarios, seed=seed, risk=Risk(weight=weight, level=level), effort=effort,
            executor=executor, is_valued=not quick,
        )  # fmt: skip
    show(answer, how, "Plan under uncertainty", tables, (risk_chart(answer),) if how.html else ())
    return ended(stop)


@click.command(epilog="Example:\n\n  doseway plan frontier my-network --svg frontier.svg")
@network_argument
@click.option("--share", "shares", multiple=True, type=float, metavar="SHARE", help="A maximum; may be repeated.")
@click.option("--since", default="", metavar="DAY", help="First day of the maximum; else when decisions take effect.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw the frontier.")
@shared_options
def frontier(network: Path, *, shares: tuple[float, ...], since: str, svg: Path | None, how: How) -> int:
    """What resilience costs: cost against the largest share that one country may give of a medicine."""
    from doseway.ledger.durable import write_whole  # noqa: PLC0415
    from doseway.plan.questions.frontier import SHARES  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.frontier import frontier as ask  # noqa: PLC0415
    from doseway.plan.seeing.charts import frontier_chart  # noqa: PLC0415

    tables = loaded(network, how)
    with trying(how, "Tracing the frontier") as (effort, stop):
        answer = ask(tables, shares or SHARES, since=since, effort=effort)
    drawn = frontier_chart(answer)
    if svg is not None:
        write_whole(svg, drawn.alone().encode())
        say(f"Wrote {svg}.")
    show(answer, how, "Cost against resilience", tables, (drawn,))
    return ended(stop)


@click.command(epilog="Example:\n\n  doseway plan roadmap my-network --plan plan.json")
@network_argument
@click.option("--plan", "kept_plan", type=click.Path(path_type=Path), metavar="FILE", help="A plan that was kept.")
@shared_options
def roadmap(network: Path, *, kept_plan: Path | None, how: How) -> int:
    """What to decide when: openings, filings and expansions over the periods, with lead times and ramps."""
    from doseway.app.planning import kept  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.cheapest import cheapest  # noqa: PLC0415
    from doseway.plan.questions.roadmap import roadmap as ask  # noqa: PLC0415
    from doseway.plan.seeing.charts import roadmap_chart  # noqa: PLC0415

    tables = loaded(network, how)
    with trying(how, "Planning") as (effort, stop):
        plan = kept(kept_plan) if kept_plan else cheapest(tables, effort).plan
    answer = ask(tables, plan)
    show(answer, how, "Roadmap of decisions", tables, (roadmap_chart(answer),) if how.html else ())
    return ended(stop)


@click.command(epilog="Example:\n\n  doseway plan why my-network --without country:IN --product metformin")
@network_argument
@click.option("--market", default="", metavar="NAME", help="Who is short; else everybody.")
@click.option("--product", default="", metavar="NAME", help="Of what; else of everything.")
@click.option(
    "--without", "failed", multiple=True, metavar="KIND:NAME", help="Out for the whole plan: site, lane, country ..."
)
@shared_options
def why(network: Path, *, market: str, product: str, failed: tuple[str, ...], how: How) -> int:
    """Why a dose is short: the cut through which no more of it can come, by name.

    Exit code: 0 nobody is short, 1 somebody is.
    """
    from doseway.plan.questions.why import why as ask  # noqa: PLC0415  # loads numpy
    from doseway.plan.seeing.cuts import cut_chart  # noqa: PLC0415

    targets = []
    for one in failed:
        kind, colon, name = one.partition(":")
        if not colon:
            raise UsageError(f"{one!r} does not say what is out", hint="Write country:IN or site:NAME.")
        targets.append((kind, name))
    tables = loaded(network, how)
    with trying(how, "Planning") as (effort, stop):
        answer = ask(tables, market, product, failed=tuple(targets), effort=effort)
    drawn = tuple(cut_chart(one, i) for i, one in enumerate(answer.reasons[:6])) if how.html else ()
    show(answer, how, "Why a dose is short", tables, drawn)
    return ended(stop, FINDING if answer.reasons else 0)
