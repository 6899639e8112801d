"""How an inspection looks in a terminal: one page a file, or one table for many."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from doseway.cli.chart import LABEL_WIDTH, Extent, draw
from doseway.coldchain.envelope import envelope
from doseway.coldchain.judgement import Statistics, Verdict
from doseway.evidence.inspection import Inspection
from doseway.evidence.limits_text import limit_lines
from doseway.evidence.wording import SIGNATURES, VERDICTS, degrees, moment, percent
from doseway.model.errors import DataError
from doseway.model.readings import Quantity, Series, SignatureStatus

_VERDICT_STYLE: Final = {
    Verdict.WITHIN_LABEL: "bold green",
    Verdict.WITHIN_BUDGET: "bold yellow",
    Verdict.UNDECIDED: "bold yellow",
    Verdict.QA_REVIEW: "bold red",
    Verdict.REJECT: "bold white on red",
}
_SIGNATURE_STYLE: Final = {
    SignatureStatus.GENUINE: "green",
    SignatureStatus.ALTERED: "bold red",
    SignatureStatus.UNSIGNED: "yellow",
    SignatureStatus.UNKNOWN_ISSUER: "yellow",
}
_MARK: Final = {
    Verdict.WITHIN_LABEL: "✓",
    Verdict.WITHIN_BUDGET: "~",
    Verdict.UNDECIDED: "?",
    Verdict.QA_REVIEW: "!",
    Verdict.REJECT: "✗",
}
_WIDEST_CHART: Final = 100
_FEWEST_CELLS: Final = 20


def console() -> Console:
    """Return the console for data; a pipe gets plain text."""
    return Console(highlight=False, soft_wrap=False)


def print_page(one: Inspection) -> None:
    """Print everything about one file."""
    out = console()
    out.print(Text(one.file, style="bold underline"))
    out.print(_facts(one))
    for series in one.recording.series:
        if series.quantity is Quantity.TEMPERATURE and len(series):
            out.print(_chart(one, series, out.width))
    out.print(_conclusion(one))
    out.print()


def verdict_text(verdict: Verdict) -> Text:
    """Write a verdict with its mark, so that colour is never the only sign."""
    return Text(f"{_MARK[verdict]} {VERDICTS[verdict]}", style=_VERDICT_STYLE[verdict])


def _facts(one: Inspection) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    device = one.recording.device
    table.add_row("device", f"{device.model or 'unknown'} {device.serial}".strip())
    status = one.recording.signature.status
    table.add_row("signature", Text(SIGNATURES[status], style=_SIGNATURE_STYLE[status]))
    for statistics in one.judgement.statistics:
        for label, text in _figures(one, statistics):
            table.add_row(label, text)
    for figure in one.agreements:
        word = Text("agrees", style="green") if figure.agrees else Text("differs", style="bold red")
        table.add_row("device says", Text(f"{figure.what} {figure.device}, here {figure.ours}: ") + word)
    table.add_row("limits", str(one.limits.get("title") or one.judgement.profile_id))
    return table


def _figures(one: Inspection, statistics: Statistics) -> Iterator[tuple[str, str]]:
    offset = one.recording.offset_minutes
    if statistics.first_at_ms is None:
        yield statistics.sensor, "no readings"
        return
    zone = "device-local time, zone undeclared" if one.recording.zone == "undeclared" else one.recording.zone
    first, last = moment(statistics.first_at_ms, offset), moment(statistics.last_at_ms, offset)
    yield statistics.sensor, f"{statistics.readings:,} readings, {first} to {last} ({zone})"
    text = (
        f"min {degrees(statistics.min_milli)}, mean {_short(statistics.mean_milli)}, "
        f"MKT {_short(statistics.mkt_milli)}, max {degrees(statistics.max_milli)}, "
        f"coverage {percent(statistics.coverage_ppm)}"
    )
    yield "", text.replace(" %", "\N{NO-BREAK SPACE}%").replace(" °C", "\N{NO-BREAK SPACE}°C")


def _short(value_milli: int | None) -> str:
    return degrees(None if value_milli is None else round(value_milli, -1))


def _chart(one: Inspection, series: Series, width: int) -> RenderableType:
    start, end = min(series.observed_at_ms), max(series.observed_at_ms)
    cells = max(min(width, _WIDEST_CHART) - LABEL_WIDTH - 4, _FEWEST_CELLS)
    lines = limit_lines(one.limits)
    low = max((limit.milli for limit in lines if limit.side == "low"), default=None)
    high = min((limit.milli for limit in lines if limit.side == "high"), default=None)
    drawn = draw(_extents(series, start, end, cells * 2), low, high)
    offset = one.recording.offset_minutes
    first, last = moment(start, offset), moment(end, offset)
    axis = Text(f"{'':>{LABEL_WIDTH - 1}}└{first}{last:>{cells - len(first)}}", style="dim")
    return Padding(Group(*drawn, axis), (1, 0, 1, 2))


def _extents(series: Series, start: int, end: int, count: int) -> list[Extent]:
    """Return lowest and highest value of each slice of time; None where nothing was observed.

    A slice between two readings takes the value that holds, and a step up or down is drawn as a line.
    """
    extents: list[Extent] = []
    held: Extent = None
    for column in envelope(series, count, start, end + 1):
        if column.low is not None and column.high is not None:
            extent = (column.low, column.high)
            extents.append(extent if held is None else (min(extent[0], held[1]), max(extent[1], held[0])))
            held = extent
        else:
            held = None if column.is_gap else held
            extents.append(held)
    return extents


def _conclusion(one: Inspection) -> RenderableType:
    lines: list[RenderableType] = [Text("proposal  ", style="dim") + verdict_text(one.verdict)]
    lines.append(_points("•", one.proposal.reasons, ""))
    notes = [note.text for note in one.all_notes] + [one.recording.signature.note]
    lines.append(_points("·", [note for note in notes if note], "dim"))
    return Group(*lines)


def _points(mark: str, texts: Sequence[str], style: str) -> Table:
    """Return a list with hanging indents."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=3, justify="right", style=style)
    table.add_column(style=style)
    for text in texts:
        table.add_row(mark, text)
    return table


def print_table(inspections: Sequence[Inspection], failures: Sequence[tuple[Path, DataError]]) -> None:
    """Print one line a file and the totals."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for name in ("file", "device", "signature", "readings", "min °C", "MKT °C", "max °C", "proposal"):
        table.add_column(name, justify="right" if "°C" in name or name == "readings" else "left", overflow="fold")
    for one in inspections:
        table.add_row(*_row(one))
    for path, error in failures:
        table.add_row(path.name, "", "", "", "", "", "", Text(f"cannot be read: {error.code}", style="bold red"))
    out = console()
    out.print(table)
    out.print(_totals(inspections, len(failures)))


def _row(one: Inspection) -> tuple[str | Text, ...]:
    status, lead = one.recording.signature.status, one.leading
    values = (lead.min_milli, lead.mkt_milli, lead.max_milli) if lead else (None, None, None)
    return (
        Path(one.file).name,
        one.recording.device.serial,
        Text(status.value, style=_SIGNATURE_STYLE[status]),
        f"{one.recording.readings:,}",
        *("–" if value is None else f"{value / 1000:.1f}" for value in values),
        verdict_text(one.verdict),
    )


def _totals(inspections: Sequence[Inspection], unreadable: int) -> Text:
    counts = {verdict: sum(one.verdict is verdict for one in inspections) for verdict in Verdict}
    parts = [f"{count} {VERDICTS[verdict].lower()}" for verdict, count in counts.items() if count]
    altered = sum(one.recording.signature.status is SignatureStatus.ALTERED for one in inspections)
    parts += [f"{altered} altered"] if altered else []
    parts += [f"{unreadable} unreadable"] if unreadable else []
    width = shutil.get_terminal_size().columns
    return Text(f"{len(inspections) + unreadable} files: {', '.join(parts)}"[:width], style="bold")
