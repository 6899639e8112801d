"""The network on a map: flows by width, utilisation by colour and pattern, and where it breaks.

Equirectangular, cut to what the network covers. Land and borders are Natural Earth 1:110 m (public domain), simplified
by `examples/make_outline.py`; they are no position on disputes. A network without coordinates is drawn as columns
from source to market.
"""

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np

from doseway.plan.questions.failures import Failures
from doseway.plan.record import Planned
from doseway.plan.seeing.drawing import WIDTH, Figure, circle, figure, num, path, rect, text
from doseway.plan.seeing.weights import KIND_WORDS, KINDS, Link, columns_of, lanes_of, links, utilisation
from doseway.plan.sheets import Sheet, sheet
from doseway.plan.tables import Network
from doseway.plan.wording import days, percent, several

_MARGIN: Final = 14.0
_TOP: Final = 8.0
_LEGEND: Final = 46.0
_WIDEST: Final = 13.0
_SEEN: Final = 1e-3
_NEAR: Final = 0.85
_FULL: Final = 0.98
_SIZE: Final = 12.0
_LETTER: Final = 6.6
_HALF_TURN: Final = 180.0
_SPAN: Final = 24.0
"""Degrees that a map shows at least, so that a network of one country has its neighbours around it."""


class Spot(NamedTuple):
    """A node on the drawing."""

    name: str
    x: float
    y: float


def world(network: Network, plan: Planned, failures: Failures | None = None) -> Figure:
    """Draw the network of a plan; with failures, sites whose outage hurts are marked with their time to survive."""
    moved = links(network, plan)
    found = _coordinates(network)
    is_map = bool(found) and all(found.values())
    box = _box([point for point in found.values() if point]) if is_map else (0.0, 0.0, 1.0, 1.0)
    spots, height = _on_map(found, box) if is_map else _in_columns(network, moved)
    used = utilisation(plan)
    breaks = _breaks(failures)
    body = [
        *(_land(box, height) if is_map else ()),
        *_flows(spots, moved),
        *_nodes(spots, used, breaks),
        *_labels(spots, breaks, height),
        *_legend(height),
    ]
    caption = _caption(moved, used, breaks)
    return figure("network", "The network", caption, height + _LEGEND, body, _twin(spots, moved, used, breaks))


def lanes_map(network: Network) -> Figure:
    """Draw the network as it was brought, before anything is planned: its places and lanes."""
    found = _coordinates(network)
    lanes = lanes_of(network)
    is_map = bool(found) and all(found.values())
    box = _box([point for point in found.values() if point]) if is_map else (0.0, 0.0, 1.0, 1.0)
    spots, height = _on_map(found, box) if is_map else _in_columns(network, lanes)
    sites = dict.fromkeys(network["sites"].text("site"), 0.0)
    body = [*(_land(box, height) if is_map else ()), *_flows(spots, lanes, 1.2), *_nodes(spots, sites, {})]
    body += [*_labels(spots, {}, height)]
    places = f"{several(len(sites), 'site')} and {several(len(spots) - len(sites), 'market')}"
    caption = f"{places}, joined by {several(len(lanes), 'lane')}; nothing is planned yet."
    twin = sheet("lanes", "Lanes", ["from", "to"], [(lane.source, lane.target) for lane in lanes])
    return figure("lanes", "The network as it was brought", caption, height, body, twin)


def changes_map(network: Network, first: Planned, second: Planned, names: tuple[str, str]) -> Figure:
    """Draw what moves more and what moves less in the second of two plans of one network."""
    before, after = (
        {(one.source, one.target, one.kind): one.weight for one in links(network, p)} for p in (first, second)
    )
    changed = [
        Link(source=key[0], target=key[1], kind=key[2], weight=after.get(key, 0.0) - before.get(key, 0.0))
        for key in sorted({*before, *after})
    ]
    changed = sorted((one for one in changed if abs(one.weight) > _SEEN), key=lambda one: -abs(one.weight))
    found = _coordinates(network)
    is_map = bool(found) and all(found.values())
    box = _box([point for point in found.values() if point]) if is_map else (0.0, 0.0, 1.0, 1.0)
    spots, height = _on_map(found, box) if is_map else _in_columns(network, changed)
    body = [*(_land(box, height) if is_map else ()), *_flows(spots, changed, _WIDEST, is_change=True)]
    body += [*_nodes(spots, {}, {}), *_labels(spots, {}, height)]
    for i, (look, words) in enumerate((("more", f"more in {names[1]}"), ("less", f"less in {names[1]}"))):
        body += [path(f"M{num(_MARGIN + 230 * i)} {num(height + 12)}h34", f"p-flow p-{look}", width=5)]
        body += [text(_MARGIN + 42 + 230 * i, height + 16, words)]
    more = sum(one.weight > 0 for one in changed)
    caption = (
        f"{several(more, 'connection')} carry more in {names[1]}, {several(len(changed) - more, 'connection')} less."
    )
    rows = [(one.source, one.target, KIND_WORDS[one.kind], one.weight) for one in changed]
    twin = sheet("changes", "What moves more or less", ["from", "to", "what", "share more"], rows)
    return figure("changes", "What moves differently", caption, height + 26, body, twin)


def _coordinates(network: Network) -> dict[str, tuple[float, float] | None]:
    """Return node → longitude and latitude; None where one is missing."""
    found: dict[str, tuple[float, float] | None] = {}
    for table, key in (("sites", "site"), ("markets", "market")):
        rows = network[table]
        for name, lon, lat in zip(rows.text(key), rows.number("longitude"), rows.number("latitude"), strict=True):
            fits = np.isfinite(lon) and np.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004
            found[name] = (float(lon), float(lat)) if fits else None
    return found


def _box(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return west, south, east, north of the map, with room around."""
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    pad = max(0.07 * max(east - west, north - south), (_SPAN - (east - west)) / 2)
    west, east = max(west - pad, -180.0), min(east + pad * 1.5, 180.0)
    # A world map is about twice as wide as high; a tall network gets what it needs.
    short = max(0.40 * (east - west) - (north - south), 0.0)
    return west, max(south - pad * 0.6 - short / 2, -60.0), east, min(north + pad * 0.6 + short / 2, 80.0)


def _project(box: tuple[float, float, float, float], lon: float, lat: float) -> tuple[float, float]:
    west, _, east, north = box
    scale = (WIDTH - 2 * _MARGIN) / (east - west)
    return _MARGIN + (lon - west) * scale, _TOP + (north - lat) * scale


def _on_map(
    found: dict[str, tuple[float, float] | None], box: tuple[float, float, float, float]
) -> tuple[list[Spot], float]:
    west, south, east, north = box
    height = _TOP * 2 + (north - south) * (WIDTH - 2 * _MARGIN) / (east - west)
    spots = [Spot(name, *_project(box, *point)) for name, point in found.items() if point]
    return spots, height


def _in_columns(network: Network, moved: list[Link]) -> tuple[list[Spot], float]:
    """Place nodes in columns from source to market."""
    markets = network["markets"].text("market")
    nodes = network["sites"].text("site") + markets
    column = columns_of(nodes, moved)
    last = max(column.values(), default=0)
    for market in markets:
        column[market] = last
    groups: dict[int, list[str]] = {}
    for node in nodes:
        groups.setdefault(column[node], []).append(node)
    tallest = max(len(group) for group in groups.values())
    height = 70.0 + 58.0 * tallest
    spots = []
    for position, group in groups.items():
        x = 70 + (WIDTH - 240) * position / max(last, 1)
        for i, node in enumerate(sorted(group)):
            y = 30 + (height - 50) * (i + 0.5) / len(group)
            spots.append(Spot(node, x, y))
    return spots, height


@cache
def _rings(name: str) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the outlines of land, or borders: longitude and latitude."""
    lines = resources.files("doseway.plan.seeing").joinpath(name).read_text(encoding="utf-8").splitlines()
    return tuple(
        tuple((float(x), float(y)) for x, _, y in (point.partition(",") for point in line.split())) for line in lines
    )


def _land(box: tuple[float, float, float, float], height: float) -> Iterator[str]:
    """Draw land and graticule, cut to the map by a nested viewport."""
    west, south, east, north = box
    wide = WIDTH - 2 * _MARGIN
    yield f'<svg x="{num(_MARGIN)}" y="{num(_TOP)}" width="{num(wide)}" height="{num(height - 2 * _TOP)}">'
    step = 30 if east - west > 60 else 10  # noqa: PLR2004  # degrees between lines
    for lon in range(-180, 181, step):
        x = _project(box, lon, 0)[0] - _MARGIN
        if west < lon < east:
            yield path(f"M{num(x)} 0V{num(height)}", "p-sea")
    for lat in range(-90, 91, step):
        if south < lat < north:
            yield path(f"M0 {num(_project(box, 0, lat)[1] - _TOP)}H{num(wide)}", "p-sea")
    yield path("".join(_lines("land.txt", box, "Z")), "p-land")
    yield path("".join(_lines("borders.txt", box)), "p-border")
    yield "</svg>"


def _lines(name: str, box: tuple[float, float, float, float], end: str = "") -> Iterator[str]:
    """Write outlines or borders as parts of a path, without those that lie beyond the map."""
    west, south, east, north = box
    for ring in _rings(name):
        xs, ys = [x for x, _ in ring], [y for _, y in ring]
        if max(xs) < west or min(xs) > east or max(ys) < south or min(ys) > north:
            continue
        before = ring[0][0]
        for i, (lon, lat) in enumerate(ring):
            x, y = _project(box, lon, lat)
            is_leap = abs(lon - before) > _HALF_TURN  # over the date line: the rest begins anew on the other side
            yield f"{'M' if is_leap or i == 0 else 'L'}{num(x - _MARGIN)} {num(y - _TOP)}"
            before = lon
        yield end


def _flows(spots: list[Spot], moved: list[Link], widest: float = _WIDEST, *, is_change: bool = False) -> Iterator[str]:
    """Draw what moves as arcs, thin ones last so that they stay visible."""
    at = {spot.name: spot for spot in spots}
    heaviest = max((abs(link.weight) for link in moved), default=1.0)
    for link in moved:
        a, b = at[link.source], at[link.target]
        wide = max(widest * abs(link.weight) / heaviest, 0.8)
        dx, dy = b.x - a.x, b.y - a.y
        bend = 0.16 if b.x >= a.x else -0.16
        cx, cy = (a.x + b.x) / 2 + dy * bend, (a.y + b.y) / 2 - abs(dx) * abs(bend)
        tip = f"{link.source} to {link.target}"
        if widest == _WIDEST:
            tip += f": {percent(link.weight)} of {KIND_WORDS[link.kind]}"
        d = f"M{num(a.x)} {num(a.y)}Q{num(cx)} {num(cy)} {num(b.x)} {num(b.y)}"
        look = ("p-more" if link.weight > 0 else "p-less") if is_change else f"p-k-{link.kind}"
        yield path(d, f"p-flow {look}", tip, wide)


def _state(share: float | None) -> str:
    if share is None:
        return "p-node"
    return "p-full" if share >= _FULL else "p-near" if share >= _NEAR else "p-used"


def _nodes(spots: list[Spot], used: dict[str, float], breaks: dict[str, float]) -> Iterator[str]:
    for spot in sorted(spots, key=lambda s: s.name):
        share = used.get(spot.name)
        tip = spot.name if share is None else f"{spot.name}: {percent(share)} of its hours used"
        if spot.name in breaks:
            yield circle(spot.x, spot.y, 10.5, "p-breaks")
        if share is None:
            yield rect(spot.x - 4.5, spot.y - 4.5, 9, 9, "p-market", tip)
            continue
        yield circle(spot.x, spot.y, 7, f"p-node {_state(share)}", tip)
        if share >= _FULL:  # full is hatched too: never told by colour alone
            yield f'<circle cx="{num(spot.x)}" cy="{num(spot.y)}" r="7" fill="url(#network-hatch)"/>'
        elif share >= _NEAR:
            yield circle(spot.x, spot.y, 2.5, "p-node")


def _labels(spots: list[Spot], breaks: dict[str, float], height: float) -> Iterator[str]:
    """Write names beside their nodes, each at the first free place around."""
    taken = [(s.x - 8, s.y - 8, s.x + 8, s.y + 8) for s in spots]
    for spot in sorted(spots, key=lambda s: (s.name not in breaks, s.y, s.x)):
        words = spot.name + (f" ✕ {days(breaks[spot.name])}" if spot.name in breaks else "")
        wide = len(words) * _LETTER
        x, y, anchor = _free(spot, wide, taken, height)
        left = x if anchor == "start" else x - wide if anchor == "end" else x - wide / 2
        taken.append((left, y - _SIZE, left + wide, y + 3))
        if abs(y - 4 - spot.y) > 2.2 * _SIZE:
            yield path(f"M{num(spot.x)} {num(spot.y)}L{num(x)} {num(y - 4)}", "p-axis")
        yield text(x, y, words, "p-halo" + (" p-strong" if spot.name in breaks else ""), anchor)


def _free(
    spot: Spot, wide: float, taken: list[tuple[float, float, float, float]], height: float
) -> tuple[float, float, str]:
    """Return the first place for a label that covers nothing, the nearest first."""
    for far in (0, 14, 28, 42, 56, 70):
        for dx, dy, anchor in (
            (12, 4, "start"), (-12, 4, "end"), (0, -12, "middle"), (0, 22, "middle"),
            (12, 4 - far, "start"), (12, 4 + far, "start"), (-12, 4 - far, "end"), (-12, 4 + far, "end"),
            (far, -12 - far, "middle"), (-far, 22 + far, "middle"),
        ):  # fmt: skip
            x, y = spot.x + dx, spot.y + dy
            left = x if anchor == "start" else x - wide if anchor == "end" else x - wide / 2
            box = (left, y - _SIZE, left + wide, y + 3)
            inside = box[0] >= 2 and box[2] <= WIDTH - 2 and box[1] >= 2 and box[3] <= height  # noqa: PLR2004  # px
            own = (spot.x - 8, spot.y - 8, spot.x + 8, spot.y + 8)
            if inside and not any(_meet(box, other) for other in taken if other != own):
                return x, y, anchor
    return spot.x + 12, spot.y + 4, "start"


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _legend(height: float) -> Iterator[str]:
    x, y = _MARGIN, height + 16
    for kind in KINDS[:3]:
        yield path(f"M{num(x)} {num(y - 4)}h34", f"p-flow p-k-{kind}", width=5)
        yield text(x + 42, y, KIND_WORDS[kind])
        x += 62 + len(KIND_WORDS[kind]) * _LETTER
    yield text(x + 8, y, "width: share of what moves of the kind, each product alike", "p-minor")
    x, y = _MARGIN + 8, y + 22
    for share, words in ((0.5, "hours left"), (0.9, f"over {_NEAR:.0%} used"), (1.0, "full")):
        yield from _nodes([Spot(words, x, y - 4)], {words: share}, {})
        yield text(x + 14, y, words)
        x += 38 + len(words) * _LETTER
    yield from _nodes([Spot("store or market", x, y - 4)], {}, {})
    yield text(x + 14, y, "store or market")
    x += 132
    yield circle(x, y - 4, 9, "p-breaks")
    yield text(x + 14, y, "✕ its failure hurts: time until somebody is short")


def _breaks(failures: Failures | None) -> dict[str, float]:
    """Return site → time to survive, where its failure hurts."""
    if failures is None:
        return {}
    return {f.name: f.survive_days or 0.0 for f in failures.exposed if f.scope == "sites"}


def _caption(moved: list[Link], used: dict[str, float], breaks: dict[str, float]) -> str:
    full = sorted(site for site, share in used.items() if share >= _FULL)
    said = [f"{len(moved)} connections are used."]
    said += [f"Full: {', '.join(full)}."] if full else ["No site is full."]
    if breaks:
        said.append(f"Failures that hurt: {', '.join(sorted(breaks))}.")
    return " ".join(said)


def _twin(spots: list[Spot], moved: list[Link], used: dict[str, float], breaks: dict[str, float]) -> Sheet:
    rows: list[tuple[str, str, str, float | None, float | None]] = [
        (link.source, link.target, KIND_WORDS[link.kind], link.weight, None) for link in moved
    ]
    rows += [(s.name, "", "hours used", used.get(s.name), breaks.get(s.name)) for s in sorted(spots)]
    return sheet("map", "The network", ["from", "to", "what", "share", ("time to survive", "day")], rows)
