"""What every drawing shares: the figure with its twin in text, tags, scales and the style sheet.

No script and no style attribute, so that a strict Content-Security-Policy can carry a drawing. In a page the colours
come from the page's style sheet by class (light, dark, print); a drawing by itself brings the same sheet along.
"""

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from doseway.plan.sheets import Sheet

WIDTH: Final = 960
_TARGET: Final = 5
_RESOLUTION: Final = 1e-9
_SMALLEST: Final = 1e-200
PRINT_FONT: Final = "Libertinus Serif"
"""The letters of PDF reports, which come along with the typesetter."""
_WIDE: Final = 0.62
"""Width of a mean letter in parts of its size; the drawings measure no fonts."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing: SVG for a page with the style sheet, what it shows in a sentence, and the same as a table."""

    name: str
    title: str
    caption: str
    svg: str
    twin: Sheet

    def alone(self) -> str:
        """Return the drawing as a file by itself, with its style sheet."""
        head, _, body = self.svg.partition(">")
        return f"{head}><style>{style()}</style>{body}"

    def printed(self) -> str:
        """Return the drawing as a file by itself with the colours of paper, for what knows no variables of CSS."""
        head, _, body = self.svg.partition(">")
        return f"{head}><style>{print_style()}</style>{body}"

    def _repr_svg_(self) -> str:
        return self.alone()


@cache
def style() -> str:
    """Return the style sheet of the drawings."""
    return resources.files("doseway.plan.seeing").joinpath("drawing.css").read_text(encoding="utf-8")


@cache
def print_style() -> str:
    """Return the style sheet with its colours put in, those of print."""
    print_rules = style().partition("@media print")[2]
    colours = dict(re.findall(r"(--p-[a-z]+): (#[0-9a-f]{6})", print_rules))
    rules = style()[style().index(".plan-chart { display") :]
    filled = re.sub(r"var\((--p-[a-z]+)\)", lambda found: colours[found[1]], rules)
    return filled.replace(
        'font: 12px system-ui, "Segoe UI", sans-serif', f'font-size: 12px; font-family: "{PRINT_FONT}"'
    )


def figure(name: str, title: str, caption: str, height: float, body: Iterable[str], twin: Sheet) -> Figure:
    """Put a drawing together; its title is what a screen reader says, then the caption."""
    defs = (
        f'<defs><pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="p-hatch" d="M1 0V6"/>'
        '<path class="p-hatch-2" d="M4 0V6"/></pattern></defs>'
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {num(height)}" class="plan-chart" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(caption)}</desc>{defs}'
    )
    return Figure(name=name, title=title, caption=caption, svg=head + "".join(body) + "</svg>", twin=twin)


def num(value: float) -> str:
    """Write a place on a drawing: tenths, without a needless point."""
    return f"{round(value, 1) + 0.0:g}" if abs(value) < 1e5 else f"{value:.0f}"  # noqa: PLR2004  # digits of :g


def text(x: float, y: float, words: str, css: str = "", anchor: str = "start") -> str:
    """Write words."""
    name = f' class="{css}"' if css else ""
    return f'<text x="{num(x)}" y="{num(y)}" text-anchor="{anchor}"{name}>{escape(words)}</text>'


def rect(x: float, y: float, width: float, height: float, css: str, tip: str = "", fill: str = "") -> str:
    """Draw a rectangle; `tip` is told on hovering."""
    paint = f" fill={quoteattr(fill)}" if fill else ""
    box = f'<rect x="{num(x)}" y="{num(y)}" width="{num(max(width, 0))}" height="{num(max(height, 0))}"'
    return f'{box} class="{css}"{paint}>{_tip(tip)}</rect>' if tip else f'{box} class="{css}"{paint}/>'


def path(d: str, css: str, tip: str = "", width: float | None = None) -> str:
    """Draw a path."""
    stroke = f' stroke-width="{num(width)}"' if width is not None else ""
    return (
        f'<path d="{d}" class="{css}"{stroke}>{_tip(tip)}</path>' if tip else f'<path d="{d}" class="{css}"{stroke}/>'
    )


def circle(x: float, y: float, radius: float, css: str, tip: str = "") -> str:
    """Draw a circle."""
    return f'<circle cx="{num(x)}" cy="{num(y)}" r="{num(radius)}" class="{css}">{_tip(tip)}</circle>'


def _tip(words: str) -> str:
    return f"<title>{escape(words)}</title>" if words else ""


def ticks(low: float, high: float, target: int = _TARGET) -> list[float]:
    """Return round numbers that cover a range, about so many."""
    if high - low <= max(_RESOLUTION * max(abs(low), abs(high)), _SMALLEST):
        return [low]
    raw = (high - low) / target
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * (1 - 1e-9))
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


def shortened(words: str, width: float, size: float = 12) -> str:
    """Return words that fit a width, the end cut with an ellipsis."""
    most = max(int(width / (size * _WIDE)), 1)
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def spread(places: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Move places apart, in order, so that neighbours are at least so far from each other and all lie within."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = [0.0] * len(places)
    at = low - least
    for i in order:
        at = moved[i] = max(places[i], at + least)
    at = high + least
    for i in reversed(order):
        at = moved[i] = min(moved[i], at - least)
    return moved
