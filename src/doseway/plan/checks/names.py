"""Checks of names: what refers to nothing, what is there twice, what goes round in circles."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Final

from doseway.model.errors import Place
from doseway.plan.findings import Finding
from doseway.plan.quantities import plan_currency
from doseway.plan.schema import schema
from doseway.plan.tables import Network

NEEDED: Final = ("periods", "products", "sites", "markets", "demand")


def duplicates(network: Network) -> Iterator[Finding]:
    """Find rows whose keys are equal: they contradict each other."""
    for table in network.tables.values():
        seen: dict[tuple[object, ...], int] = {}
        column = next((name for name, attribute in schema()[table.name].items() if attribute.is_key), "")
        for row, key in enumerate(table.keys()):
            if key in seen:
                first = table.where(seen[key]).line
                text = f"{table.name} has {_said(key)} twice, first in line {first}"
                yield Finding("duplicate", "error", text, table.where(row, column), "Remove or rename one of them.")
            seen.setdefault(key, row)


def _said(key: tuple[object, ...]) -> str:
    return " / ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in key)


def unknown_names(network: Network) -> Iterator[Finding]:
    """Find cells that name something no table has; the plan's own currency needs no rate."""
    for name, columns in schema().items():
        table = network[name]
        for attribute in columns.values():
            known = {word for other, column in attribute.references for word in network[other].text(column)}
            if attribute.name == "currency":
                known |= {plan_currency(network)}
            for row, word in enumerate(table.text(attribute.name) if attribute.references else ()):
                if word not in known and (word or (attribute.is_key and attribute.is_required)):
                    tables = " or ".join(other for other, _ in attribute.references)
                    text = f"{name}.{attribute.name} names {word!r}, which {tables} does not have"
                    yield Finding(
                        "unknown-name", "error", text, table.where(row, attribute.name), "Add it, or correct the name."
                    )


def names_twice(network: Network) -> Iterator[Finding]:
    """Find a market with the name of a site: lanes could mean either."""
    sites = set(network["sites"].text("site"))
    for row, market in enumerate(network["markets"].text("market")):
        if market in sites:
            text = f"{market!r} is a site and a market"
            yield Finding("name-twice", "error", text, network["markets"].where(row, "market"), "Rename one of them.")


def emptiness(network: Network) -> Iterator[Finding]:
    """Find tables without which there is nothing to plan."""
    for name in NEEDED:
        if not len(network[name]):
            yield Finding(
                "empty", "error", f"the table {name} is empty or missing", Place(network[name].source or name)
            )


def cycles(network: Network) -> Iterator[Finding]:
    """Find a bill of material in which a product is made from itself."""
    table = network["boms"]
    graph: dict[str, set[str]] = {}
    for product, part in zip(table.text("product"), table.text("input"), strict=True):
        graph.setdefault(product, set()).add(part)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
        row = next(i for i, product in enumerate(table.text("product")) if product in circle)
        text = f"a product is made from itself: {' from '.join(reversed(circle))}"
        yield Finding("cycle", "error", text, table.where(row, "input"))


def several_origins(network: Network) -> Iterator[Finding]:
    """Find products that would take their origin from two ingredients."""
    table = network["boms"]
    seen: set[str] = set()
    for row, product in enumerate(table.text("product")):
        if table.flag("gives_origin")[row]:
            if product in seen:
                text = f"{product} takes its origin from more than one input"
                yield Finding("duplicate-origin", "error", text, table.where(row, "gives_origin"), "Mark only one.")
            seen.add(product)


def targets(network: Network) -> Iterator[Finding]:
    """Find disruptions of something that is not there."""
    sites, lanes = network["sites"], network["lanes"]
    known = {
        "site": set(sites.text("site")),
        "line": set(network["lines"].text("line")),
        "lane": set(lanes.text("lane")),
        "country": set(sites.text("country")),
        "region": set(sites.text("region")) - {""},
        "root": set(sites.text("root")) - {""},
        "mode": set(lanes.text("mode")) - {""},
    }
    table = network["disruptions"]
    for row, (kind, target) in enumerate(zip(table.text("target_kind"), table.text("target"), strict=True)):
        if target not in known[kind]:
            text = f"the disruption hits the {kind} {target!r}, which is not in the network"
            yield Finding("unknown-target", "error", text, table.where(row, "target"))


def figure_kinds(network: Network) -> Iterator[Finding]:
    """Find rows whose source mixes figures of different kinds, such as a share of filings with a share of volume.

    A row cites figures as `figure:name` in its source.
    """
    figures = network["figures"]
    kinds = dict(zip(figures.text("figure"), figures.text("kind"), strict=True))
    for table in network.tables.values():
        for row, source in enumerate(table.text("source")):
            cited = [word.removeprefix("figure:") for word in source.split() if word.startswith("figure:")]
            where = table.where(row, "source")
            for name in cited:
                if name not in kinds:
                    yield Finding("unknown-figure", "error", f"{table.name} cites the unknown figure {name!r}", where)
            mixed = sorted({kinds[name] for name in cited if name in kinds})
            if len(mixed) > 1:
                text = f"{table.name} mixes figures that count different things: {', '.join(mixed)}"
                yield Finding("mixed-figures", "error", text, where, "Use figures of one kind.")
