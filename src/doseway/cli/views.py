"""How an inspection looks in a terminal: one page a file, or one table for many."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from doseway.cli.chart import LABEL_WIDTH, Extent, draw
from doseway.cli.talk import visible, visible_lines
from doseway.coldchain.envelope import envelope
from doseway.coldchain.judgement import Statistics, Verdict
from doseway.evidence.inspection import Inspection
from doseway.evidence.limits_text import limit_lines
from doseway.evidence.wording import SIGNATURES, VERDICTS, degrees, duration, moment, percent
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
_COLUMNS: Final = ("file", "device", "signature", "readings", "min °C", "MKT °C", "max °C", "proposal")
_NARROW_COLUMNS: Final = ("file", "signature", "proposal")
_WIDE: Final = 80


def console() -> Console:
    """Return the console for data; a pipe gets plain text."""
    return _SafeConsole(highlight=False, soft_wrap=False)


class _SafeConsole(Console):
    """A console on which a text can change colours, cursor and writing direction only through its style."""

    def on_broken_pipe(self) -> None:
        """Leave it to `main`; rich would end with 1, which means a finding."""
        raise  # noqa: PLE0704  # rich calls this while it handles the BrokenPipeError

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible_lines(segment.text))


def print_page(one: Inspection) -> None:
    """Print everything about one file."""
    out = console()
    out.print(Text(visible(one.file), style="bold underline"))
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
    table.add_row("device", Text(f"{device.model or 'unknown'} {device.serial}".strip()))
    status = one.recording.signature.status
    table.add_row("signature", Text(SIGNATURES[status], style=_SIGNATURE_STYLE[status]))
    for statistics in one.judgement.statistics:
        for label, text in _figures(one, statistics):
            table.add_row(Text(label), Text(text))  # bare strings would be read as markup
    for figure in one.agreements:
        word = Text("agrees", style="green") if figure.agrees else Text("differs", style="bold red")
        table.add_row("device says", Text(f"{figure.what} {figure.device}, here {figure.ours}: ") + word)
    table.add_row("limits", Text(str(one.limits.get("title") or one.judgement.profile_id)))
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
    if statistics.unknown_ms:
        text += f", {duration(statistics.unknown_ms)} unknown"
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
    if len(first) + len(last) >= cells:
        first, last = first.partition(" ")[0], last.partition(" ")[0]  # the day alone, on a narrow terminal
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
        table.add_row(mark, Text(text))
    return table


class Summary:
    """One line a file and the totals; it keeps the lines, and no readings."""

    def __init__(self) -> None:
        self._rows: list[dict[str, str | Text]] = []
        self._verdicts: Counter[Verdict] = Counter()
        self._altered = self._unreadable = 0

    def add(self, one: Inspection) -> None:
        """Add a file."""
        self._rows.append(_row(one))
        self._verdicts[one.verdict] += 1
        self._altered += one.recording.signature.status is SignatureStatus.ALTERED

    def add_unreadable(self, path: Path, error: DataError) -> None:
        """Add a file that cannot be read."""
        word = Text(f"cannot be read: {error.code}", style="bold red")
        self._rows.append({"file": Text(visible(path.name)), "proposal": word})
        self._unreadable += 1

    def print(self) -> None:
        """Print everything; a narrow terminal gets fewer columns."""
        out = console()
        names = _COLUMNS if out.width >= _WIDE else _NARROW_COLUMNS
        table = Table(box=None, header_style="dim", pad_edge=False)
        for name in names:
            table.add_column(name, justify="right" if "°C" in name or name == "readings" else "left", overflow="fold")
        for row in self._rows:
            table.add_row(*(row.get(name, "") for name in names))
        out.print(table)
        out.print(Text(self._totals(), style="bold"))

    def _totals(self) -> str:
        parts = [f"{self._verdicts[one]} {VERDICTS[one].lower()}" for one in Verdict if self._verdicts[one]]
        parts += [f"{self._altered} altered"] if self._altered else []
        parts += [f"{self._unreadable} unreadable"] if self._unreadable else []
        return f"{len(self._rows)} files: {', '.join(parts)}"


def _row(one: Inspection) -> dict[str, str | Text]:
    status, lead = one.recording.signature.status, one.leading
    values = (lead.min_milli, lead.mkt_milli, lead.max_milli) if lead else (None, None, None)
    cells: tuple[str | Text, ...] = (
        Text(visible(Path(one.file).name)),
        Text(one.recording.device.serial),
        Text(status.value, style=_SIGNATURE_STYLE[status]),
        f"{one.recording.readings:,}",
        *("–" if value is None else f"{value / 1000:.1f}" for value in values),
        verdict_text(one.verdict),
    )
    return dict(zip(_COLUMNS, cells, strict=True))
