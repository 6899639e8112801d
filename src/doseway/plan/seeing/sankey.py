"""From source to market: what moves between places as ribbons, each product counting alike."""

from collections.abc import Iterator
from typing import Final

from doseway.plan.record import Planned
from doseway.plan.seeing.drawing import WIDTH, Figure, figure, num, path, rect, shortened, text
from doseway.plan.seeing.weights import KIND_WORDS, KINDS, Link, columns_of, links
from doseway.plan.sheets import sheet
from doseway.plan.tables import Network
from doseway.plan.wording import percent

_BAR: Final = 12.0
_GAP: Final = 16.0
_TOP: Final = 12.0
_HEIGHT: Final = 420.0
_LEGEND: Final = 30.0
_SHOWN: Final = 0.002
"""Ribbons of a smaller share are in the table and not in the drawing."""


def sankey(network: Network, plan: Planned) -> Figure:
    """Draw what moves from the sources of starting material to the markets."""
    moved = [link for link in links(network, plan) if link.source != link.target]
    markets = network["markets"].text("market")
    column = columns_of(sorted({n for link in moved for n in (link.source, link.target)}), moved)
    last = max(column.values(), default=0)
    column |= {market: last for market in markets if market in column}
    shown = [link for link in moved if link.weight >= _SHOWN and column[link.source] < column[link.target]]
    places = _places(shown, column)
    body = [*_ribbons(shown, places), *_bars(places, last), *_legend()]
    heaviest = shown[0] if shown else None
    caption = "Nothing moves."
    if heaviest is not None:
        what = f"{percent(heaviest.weight)} of the {KIND_WORDS[heaviest.kind]}"
        caption = f"The widest ribbon: {what} from {heaviest.source} to {heaviest.target}."
    rows = [(link.source, link.target, KIND_WORDS[link.kind], link.weight) for link in moved]
    twin = sheet("sankey", "From source to market", ["from", "to", "what", "share"], rows)
    return figure("sankey", "From source to market", caption, _HEIGHT + _LEGEND, body, twin)


class _Place:
    """A bar: where it stands, how high, and how much of either side is taken by ribbons."""

    def __init__(self, name: str, x: float, y: float, height: float) -> None:
        self.name, self.x, self.y, self.height = name, x, y, height
        self.left = self.right = y


def _places(shown: list[Link], column: dict[str, int]) -> dict[str, _Place]:
    """Place the bars: columns from left to right, each centred, in the order of where they are fed from."""
    size: dict[str, float] = {}
    for name in {n for link in shown for n in (link.source, link.target)}:
        arriving = sum(link.weight for link in shown if link.target == name)
        size[name] = max(arriving, sum(link.weight for link in shown if link.source == name))
    groups: dict[int, list[str]] = {}
    for name in sorted(size):
        groups.setdefault(column[name], []).append(name)
    room = [(_HEIGHT - 2 * _TOP - _GAP * (len(g) - 1)) / sum(size[n] for n in g) for g in groups.values()]
    scale = min(room, default=1.0)
    last = max(groups, default=0)
    places: dict[str, _Place] = {}
    for position in sorted(groups):
        names = sorted(groups[position], key=lambda n: (_centre(n, shown, places), n))
        total = sum(size[n] * scale for n in names) + _GAP * (len(names) - 1)
        y = (_HEIGHT - total) / 2
        x = _BAR + (WIDTH - 3 * _BAR) * position / max(last, 1)
        for name in names:
            places[name] = _Place(name, x, y, max(size[name] * scale, 1.5))
            y += size[name] * scale + _GAP
    return places


def _centre(name: str, shown: list[Link], places: dict[str, _Place]) -> float:
    """Return the mean height of what feeds a bar, so that few ribbons cross."""
    feeding = [(link.weight, places[link.source]) for link in shown if link.target == name and link.source in places]
    total = sum(weight for weight, _ in feeding)
    return sum(weight * (p.y + p.height / 2) for weight, p in feeding) / total if total else 0.0


def _ribbons(shown: list[Link], places: dict[str, _Place]) -> Iterator[str]:
    out: dict[str, float] = {}
    into: dict[str, float] = {}
    for link in shown:
        out[link.source] = out.get(link.source, 0.0) + link.weight
        into[link.target] = into.get(link.target, 0.0) + link.weight
    ordered = sorted(shown, key=lambda link: (places[link.source].y, places[link.target].y, link.kind))
    for link in ordered:
        a, b = places[link.source], places[link.target]
        scale = min(a.height / max(out[link.source], 1e-12), b.height / max(into[link.target], 1e-12))
        wide = max(link.weight * scale, 0.6)
        y, z = a.right, b.left
        a.right, b.left = a.right + wide, b.left + wide
        middle = (a.x + _BAR + b.x) / 2
        top = f"M{num(a.x + _BAR)} {num(y)}C{num(middle)} {num(y)} {num(middle)} {num(z)} {num(b.x)} {num(z)}"
        low, deep = num(y + wide), num(z + wide)
        back = f"v{num(wide)}C{num(middle)} {deep} {num(middle)} {low} {num(a.x + _BAR)} {low}Z"
        tip = f"{link.source} to {link.target}: {percent(link.weight)} of {KIND_WORDS[link.kind]}"
        yield path(top + back, f"p-ribbon p-f-{link.kind}", tip)


def _bars(places: dict[str, _Place], last: int) -> Iterator[str]:
    right = WIDTH - 3 * _BAR
    space = (WIDTH - 3 * _BAR) / max(last, 1) - 2 * _BAR
    for place in places.values():
        yield rect(place.x, place.y, _BAR, place.height, "p-market", place.name)
        words, y = shortened(place.name, space), place.y + place.height / 2 + 4
        if place.x > right:
            yield text(place.x - 6, y, words, "p-halo", "end")
        else:
            yield text(place.x + _BAR + 6, y, words, "p-halo")


def _legend() -> Iterator[str]:
    x, y = _BAR, _HEIGHT + 16
    for kind in KINDS[:3]:
        yield rect(x, y - 11, 28, 12, f"p-ribbon p-f-{kind}")
        yield text(x + 36, y, KIND_WORDS[kind])
        x += 66 + len(KIND_WORDS[kind]) * 6.6
    yield text(x + 8, y, "height: share of the kind, each product alike", "p-minor")
