"""`doseway plan init, check, schema, solve, compare, report`: tables in, plans and reports out."""

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from doseway.cli.planning.options import How, ended, loaded, network_argument, shared_options, show, trying
from doseway.cli.talk import print_json, say, tell

if TYPE_CHECKING:
    from doseway.plan.questions.answering import Effort
    from doseway.plan.record import Planned
    from doseway.plan.seeing.report import Chapter
    from doseway.plan.tables import Network

FINDING = 1


@click.command(epilog="Example:\n\n  doseway plan init my-network")
@click.argument("path", type=click.Path(path_type=Path), metavar="FOLDER|FILE.xlsx")
def init(path: Path) -> int:
    """Write the worked example: six essential medicines for the United States, public and assumed figures apart.

    A folder gets one CSV for each table, a name that ends in .xlsx one workbook. Nothing is overwritten.
    """
    from doseway.app.planning import begin  # noqa: PLC0415  # loads numpy

    written = begin(path)
    tell(f"Wrote a workbook to {path}." if written == [path] else f"Wrote {len(written)} tables to {path}.")
    say(f"Next: doseway plan solve {path}")
    return 0


@click.command(epilog="Example:\n\n  doseway plan check my-network --strict")
@network_argument
@click.option("--strict", is_flag=True, help="Warnings count as errors, as in CI.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding on standard output (NDJSON).")
def check(network: Path, *, strict: bool, as_json: bool) -> int:
    """Say everything that is wrong or looks wrong in the tables: file, line, column and what to do.

    Exit code: 0 nothing, 1 warnings, 3 errors, or warnings with --strict.
    """
    from doseway.model.errors import DataError, UsageError  # noqa: PLC0415
    from doseway.plan.checks import check as checked  # noqa: PLC0415  # loads numpy
    from doseway.plan.tables import read  # noqa: PLC0415

    if not network.exists():
        raise UsageError(f"there is no {network}", hint="Make a worked example with `doseway plan init`.")
    findings = checked(read(network))
    for finding in findings:
        if as_json:
            where = finding.where
            print_json(
                {"code": finding.code, "severity": finding.severity, "text": finding.text, "file": where.source,
                 "line": where.line, "column": where.column, "hint": finding.hint}
            )  # fmt: skip
        else:
            tell(f"{finding.severity}: {finding}")
    if not findings and not as_json:
        tell("The tables are sound.")
    is_stopped = any(finding.severity == "error" or strict for finding in findings)
    return DataError.exit_code if is_stopped else FINDING if findings else 0


@click.command(epilog="Example:\n\n  doseway plan schema lanes")
@click.argument("table", required=False, default="", metavar="[TABLE]")
@click.option("--template", is_flag=True, help="Print the header of an empty CSV of the table.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an attribute on standard output (NDJSON).")
def schema(table: str, *, template: bool, as_json: bool) -> int:
    """Describe the tables of a network: each attribute with its type, unit, default and meaning."""
    from doseway.model.errors import UsageError  # noqa: PLC0415
    from doseway.plan import schema as known  # noqa: PLC0415

    tables = [table] if table else list(known.schema())
    if template:
        if not table:
            raise UsageError("a template is of one table", hint=f"There are: {', '.join(tables)}.")
        click.echo(known.template(table), nl=False)
        return 0
    for name in tables:
        for attribute in known.attributes(name).values():
            if as_json:
                print_json(attribute)
            else:
                unit = f" [{attribute.unit}]" if attribute.unit else ""
                default = (
                    "required" if attribute.is_required else f"default {attribute.default}" if attribute.default else ""
                )
                parts = [attribute.type, default, attribute.description]
                tell(f"{name}.{attribute.name}{unit}: {'; '.join(part for part in parts if part)}")
    return 0


@click.command(epilog="Example:\n\n  doseway plan solve my-network --out plan.json")
@network_argument
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Keep the plan.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Draw the network.")
@shared_options
def solve(network: Path, *, out: Path | None, svg: Path | None, how: How) -> int:
    """Find the cheapest plan that serves demand, with its bound and gap.

    Exit code: 0 everybody is served, 1 somebody is short, 3 the tables are wrong or no plan keeps all rules.
    """
    from doseway.app.planning import keep  # noqa: PLC0415  # loads numpy
    from doseway.ledger.durable import write_whole  # noqa: PLC0415
    from doseway.plan.questions.cheapest import cheapest  # noqa: PLC0415
    from doseway.plan.seeing.world import world  # noqa: PLC0415

    tables = loaded(network, how)
    with trying(how, "Planning") as (effort, stop):
        answer = cheapest(tables, effort)
    if out is not None:
        keep(out, answer.plan)
        say(f"Kept {out}.")
    drawn = world(tables, answer.plan)
    if svg is not None:
        write_whole(svg, drawn.alone().encode())
        say(f"Wrote {svg}.")
    show(answer, how, "Cheapest plan that serves demand", tables, (drawn,))
    return ended(stop, FINDING if answer.plan.shortages else 0)


@click.command(epilog="Example:\n\n  doseway plan compare plan.json other.json")
@click.argument("first", type=click.Path(path_type=Path), metavar="PLAN")
@click.argument("second", type=click.Path(path_type=Path), metavar="PLAN")
@shared_options
def compare(first: Path, second: Path, *, how: How) -> int:
    """Say what differs between two plans that were kept."""
    from doseway.app.planning import kept  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.compare import compare as compared  # noqa: PLC0415
    from doseway.plan.seeing.charts import compare_chart  # noqa: PLC0415

    answer = compared(kept(first), kept(second), (first.stem, second.stem))
    show(answer, how, f"{first.stem} against {second.stem}", None, (compare_chart(answer),) if how.html else ())
    return 0


@click.command(epilog="Example:\n\n  doseway plan report my-network --plan plan.json --out report.html")
@network_argument
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The page.")
@click.option("--plan", "kept_plan", type=click.Path(path_type=Path), metavar="FILE", help="A plan that was kept.")
@click.option("--against", type=click.Path(path_type=Path), metavar="FILE", help="Another plan to compare with.")
@click.option("--frontier", "with_frontier", is_flag=True, help="The frontier too; it takes several solves.")
@shared_options
def report(
    network: Path, *, out: Path, kept_plan: Path | None, against: Path | None, with_frontier: bool, how: How
) -> int:
    """Write everything about a plan as one HTML page: map, Sankey, exposure, failures, roadmap, and all tables."""
    from doseway.app.planning import kept, write_report  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.cheapest import cheapest  # noqa: PLC0415

    tables = loaded(network, how)
    with trying(how, "Planning") as (effort, stop):
        plan = kept(kept_plan) if kept_plan else cheapest(tables, effort).plan
        chapters = _chapters(tables, plan, kept(against) if against else None)
        if with_frontier:
            chapters.append(_frontier(tables, effort))
    write_report(out, plan.name or network.stem, chapters, tables)
    say(f"Wrote {out}.")
    return ended(stop)


def _chapters(tables: "Network", plan: "Planned", other: "Planned | None") -> "list[Chapter]":
    """Return the chapters that need no further solve."""
    from doseway.model.errors import UsageError  # noqa: PLC0415
    from doseway.plan.questions.cheapest import Cheapest  # noqa: PLC0415  # loads numpy
    from doseway.plan.questions.compare import compare as compared  # noqa: PLC0415
    from doseway.plan.questions.exposure import exposure  # noqa: PLC0415
    from doseway.plan.questions.failures import failures  # noqa: PLC0415
    from doseway.plan.questions.roadmap import roadmap  # noqa: PLC0415
    from doseway.plan.record import network_hash  # noqa: PLC0415
    from doseway.plan.seeing.charts import compare_chart, roadmap_chart, survival_chart  # noqa: PLC0415
    from doseway.plan.seeing.heat import exposure_map, load_map  # noqa: PLC0415
    from doseway.plan.seeing.report import Chapter  # noqa: PLC0415
    from doseway.plan.seeing.sankey import sankey  # noqa: PLC0415
    from doseway.plan.seeing.world import world  # noqa: PLC0415

    if plan.network != network_hash(tables):
        raise UsageError("the plan was made for other tables", hint="Solve again: `doseway plan solve`.")
    hurt, exposed, road = failures(tables), exposure(tables, plan), roadmap(tables, plan)
    drawn = (world(tables, plan, hurt), sankey(tables, plan), load_map(plan))
    chapters = [
        Chapter("The plan", Cheapest(plan=plan), drawn),
        Chapter("What to decide when", road, (roadmap_chart(road),) if road.milestones else ()),
        Chapter("What hangs on which country", exposed, (exposure_map(exposed),) if exposed.shares else ()),
        Chapter("Which failures hurt", hurt, (survival_chart(hurt),)),
    ]
    if other is not None:
        side = compared(other, plan, ("the other plan", "this plan"))
        chapters.append(Chapter("Against another plan", side, (compare_chart(side),)))
    return chapters


def _frontier(tables: "Network", effort: "Effort") -> "Chapter":
    from doseway.plan.questions.frontier import frontier  # noqa: PLC0415  # loads numpy
    from doseway.plan.seeing.charts import frontier_chart  # noqa: PLC0415
    from doseway.plan.seeing.report import Chapter  # noqa: PLC0415

    answer = frontier(tables, effort=effort)
    return Chapter("What resilience costs", answer, (frontier_chart(answer),))
