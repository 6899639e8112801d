"""Draw a chart plan as SVG: no script, no style attribute, so that a strict Content-Security-Policy can carry it.

Inside a page the colours come from the page's style sheet by class (light, dark, print); for the PDF the same
drawing carries a style element with fixed colours. Nothing is told by colour alone: limits and episodes have labels,
numbers and shapes, gaps are hatched.
"""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from doseway.evidence.chart_plan import Band, ChartPlan, Column, Trace, time_ticks, value_ticks
from doseway.model.units import decimal_text

WIDTH: Final = 960
HEIGHT: Final = 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 34, 52
_TEXT_PX: Final = 13
_HALF_DATE_PX: Final = 38

PRINT_STYLE: Final = """
text{font-family:"Libertinus Serif",serif;font-size:13px;fill:#1b2027}
.c-minor{fill:#4d5965}.c-grid{stroke:#dde2e8;stroke-width:1}.c-axis{stroke:#4d5965;stroke-width:1}
.c-area{fill:#0b5fa5;fill-opacity:.3}.c-line{fill:none;stroke:#0b5fa5;stroke-width:1.6;stroke-linejoin:round}
.c-t1 .c-area{fill:#7a4d00}.c-t1 .c-line{stroke:#7a4d00;stroke-dasharray:6 3}
.c-t2 .c-area{fill:#3d6b21}.c-t2 .c-line{stroke:#3d6b21;stroke-dasharray:2 3}
.c-limit{stroke-width:1.4;stroke-dasharray:7 4}.c-high .c-limit,.c-high .c-badge{stroke:#b3261e}
.c-low .c-limit,.c-low .c-badge{stroke:#24508f}.c-high text{fill:#93140d}.c-low text{fill:#1c3f73}
.c-high .c-band{fill:#b3261e;fill-opacity:.11}.c-low .c-band{fill:#24508f;fill-opacity:.13}
.c-other .c-band,.c-gap .c-band{fill:#6b5d00;fill-opacity:.07}.c-badge{fill:#fff;stroke:#4d5965;stroke-width:1.4}
.c-hatch{stroke:#8a949e;stroke-width:1.2}
.c-mark{fill:#1b2027}text.c-note{stroke:#fff;stroke-width:5px;paint-order:stroke}text.c-number{font-weight:bold}
"""


def draw(plan: ChartPlan, *, is_for_print: bool = False, name: str = "chart") -> str:
    """Return the chart as one SVG element.

    Args:
        plan: what to draw.
        is_for_print: True gives a stand-alone file with fixed colours; False one for a page with a style sheet.
        name: makes ids unique where a page holds several charts.
    """
    scale = _Scale(plan)
    style = f"<style>{PRINT_STYLE}</style>" if is_for_print else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" class="chart" role="img"',
        f' aria-labelledby="{name}-title"><title id="{name}-title">{escape(plan.title)}</title>{style}',
        f'<defs><pattern id="{name}-hatch" width="7" height="7" patternUnits="userSpaceOnUse"',
        ' patternTransform="rotate(45)"><path class="c-hatch" d="M0 0V7"/></pattern></defs>',
        *_grid(plan, scale),
        *_gaps(plan, scale, name),
        *(_band(band, scale) for band in plan.bands),
        *(_trace(trace, number, scale) for number, trace in enumerate(plan.traces)),
        *_limits(plan, scale),
        *_badges(plan, scale),
        *_legend(plan),
        "</svg>",
    ]
    return "".join(parts)


class _Scale:
    """Maps instants and values to places on the drawing."""

    def __init__(self, plan: ChartPlan) -> None:
        self.start, self.end = plan.start_ms, max(plan.end_ms, plan.start_ms + 1)
        self.low, self.high = plan.value_range()

    def x(self, at_ms: int) -> float:
        share = (min(max(at_ms, self.start), self.end) - self.start) / (self.end - self.start)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, milli: int) -> float:
        share = (milli - self.low) / (self.high - self.low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP), 1)


def _grid(plan: ChartPlan, scale: _Scale) -> Iterator[str]:
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    for value in value_ticks(scale.low, scale.high):
        y = scale.y(value)
        yield f'<path class="c-grid" d="M{_LEFT} {y}H{right}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{_value(value)}</text>'
    yield f'<text class="c-minor" x="{_LEFT - 8}" y="{_TOP - 16}" text-anchor="end">{escape(plan.unit)}</text>'
    for at, clock, date in time_ticks(plan.start_ms, plan.end_ms, plan.offset_minutes):
        x = scale.x(at)
        yield f'<path class="c-axis" d="M{x} {bottom}v5"/>'
        anchor = "middle" if x < WIDTH - _HALF_DATE_PX else "end"
        first, second = (clock, date) if clock else (date, "")
        yield f'<text x="{x}" y="{bottom + 20}" text-anchor="{anchor}">{first}</text>'
        yield f'<text class="c-minor" x="{x}" y="{bottom + 36}" text-anchor="{anchor}">{second}</text>'
    yield f'<path class="c-axis" d="M{_LEFT} {bottom}H{right}"/>'


def _gaps(plan: ChartPlan, scale: _Scale, name: str) -> Iterator[str]:
    widest, label_x = 0.0, 0.0
    for trace in plan.traces:
        for start, end in trace.gaps:
            left, right = scale.x(start), scale.x(end)
            width = max(right - left, 1.5)
            yield (
                f'<rect class="c-gapbox" fill="url(#{name}-hatch)" x="{left}" y="{_TOP}" width="{width:.1f}" '
                f'height="{HEIGHT - _BOTTOM - _TOP}"/>'
            )
            if width > widest:
                widest, label_x = width, left + width / 2
    if widest > 110:  # noqa: PLR2004  # px that the words need
        place = f'x="{label_x:.1f}" y="{(_TOP + HEIGHT - _BOTTOM) // 2}" text-anchor="middle"'
        yield f'<text class="c-note" {place}>no observation</text>'


def _band(band: Band, scale: _Scale) -> str:
    left, right = scale.x(band.start_ms), scale.x(band.end_ms)
    return (
        f'<g class="c-{band.shape}"><rect class="c-band" x="{left}" y="{_TOP}" width="{max(right - left, 1.5):.1f}" '
        f'height="{HEIGHT - _BOTTOM - _TOP}"/></g>'
    )


def _trace(trace: Trace, number: int, scale: _Scale) -> str:
    shapes = "".join(_run(run, scale) for run in _runs(trace))
    return f'<g class="c-t{number % 3}">{shapes}</g>'


def _runs(trace: Trace) -> Iterator[list[Column]]:
    """Split the columns where observation is missing: nothing is drawn across a gap."""
    run: list[Column] = []
    gaps = iter([*trace.gaps, (2**63, 2**63)])
    gap = next(gaps)
    for column in trace.columns:
        if run and column.start_ms >= gap[0]:
            yield run
            run = []
        while column.start_ms >= gap[0]:
            gap = next(gaps)
        run.append(column)
    if run:
        yield run


def _run(run: list[Column], scale: _Scale) -> str:
    places = [(scale.x((one.start_ms + one.end_ms) // 2), scale.y(one.low), scale.y(one.high)) for one in run]
    if len(places) == 1:
        x, low, high = places[0]
        return f'<path class="c-line" d="M{x - 1.5} {low}H{x + 1.5}M{x} {low}V{high}"/>'
    upper = "L".join(f"{x} {high}" for x, _, high in places)
    lower = "L".join(f"{x} {low}" for x, low, _ in reversed(places))
    middle = "L".join(f"{x} {(low + high) / 2:.1f}" for x, low, high in places)
    return f'<path class="c-area" d="M{upper}L{lower}Z"/><path class="c-line" d="M{middle}"/>'


def _limits(plan: ChartPlan, scale: _Scale) -> Iterator[str]:
    taken: list[float] = []
    for limit in plan.drawn_limits:
        y = scale.y(limit.milli)
        label_y = y - 5 if limit.side == "high" else y + 15
        while any(abs(label_y - other) < _TEXT_PX for other in taken):
            label_y += _TEXT_PX if limit.side == "low" else -_TEXT_PX
        taken.append(label_y)
        yield (
            f'<g class="c-{limit.side}"><path class="c-limit" d="M{_LEFT} {y}H{WIDTH - _RIGHT}"/>'
            f'<text x="{WIDTH - _RIGHT - 4}" y="{label_y:.1f}" text-anchor="end">{escape(limit.label)}</text></g>'
        )


def _badges(plan: ChartPlan, scale: _Scale) -> Iterator[str]:
    """A shape and a number for each episode above the plot, and a mark at each peak; crowded numbers are left out."""
    last_x = 0.0
    for band in sorted(plan.bands, key=lambda band: band.start_ms):
        if band.peak_ms is not None and band.peak_milli is not None:
            yield f'<circle class="c-mark" cx="{scale.x(band.peak_ms)}" cy="{scale.y(band.peak_milli)}" r="2.6"/>'
        width = 14 + 8 * len(str(band.number))
        centre = (scale.x(band.start_ms) + scale.x(band.end_ms)) / 2
        x = min(max(centre - width / 2, last_x), WIDTH - _RIGHT - width)
        if x < last_x or x - scale.x(band.end_ms) > 40:  # noqa: PLR2004  # px: too far from its band
            continue
        last_x, y = x + width + 4, _TOP - 8
        outline = {"high": f"M{x:.1f} {y}h10l-5 -9Z", "low": f"M{x:.1f} {y - 9}h10l-5 9Z"}.get(
            band.shape, f"M{x:.1f} {y - 9}h9v9h-9Z"
        )
        yield f'<g class="c-{band.shape}"><path class="c-badge" d="{outline}"/>'
        yield f'<text class="c-number" x="{x + 13:.1f}" y="{y}">{band.number}</text></g>'


def _legend(plan: ChartPlan) -> Iterator[str]:
    if len(plan.traces) < 2:  # noqa: PLR2004  # one line needs no legend
        return
    x = _LEFT + 8
    for number, trace in enumerate(plan.traces):
        yield f'<g class="c-t{number % 3}"><path class="c-line" d="M{x} {_TOP + 12}h26"/></g>'
        yield f'<text x="{x + 32}" y="{_TOP + 16}">{escape(trace.sensor)}</text>'
        x += 48 + 8 * len(trace.sensor)


def _value(milli: int) -> str:
    return decimal_text(milli).replace("-", "−")
