"""Prices found in one scenario bound the costs of all others, for nothing but a product of matrices.

Where scenarios differ in limits and in T only, the dual of what follows is the same for all of them:
    Q_s(z) ≥ π·(low_s or high_s) - π T_s z + Σ_j (d_j⁺ lower_s - d_j⁻ upper_s)     for every π, d found anywhere
(Dantzig and Madansky 1961; duals kept over scenarios as in stochastic decomposition, Higle and Sen 1991). So a thousand
scenarios are bounded by the prices of a few dozen, and the linear programs are left to those that count.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from doseway.plan.decomposition.recourse import Recourse
from doseway.plan.program import Floats, Ints

BYTES: Final = 96 * 2**20
"""Memory of a pool; when it is full, the prices go that have bounded nothing for longest."""
_CHUNK: Final = 256
_FAR: Final = 1e30
_DUST: Final = 1e-7
_LEAST: Final = 64
_LATELY: Final = 4


@dataclass(frozen=True)
class Found:
    """What a solved scenario gives: row prices, reduced costs, objective and decisions, all in natural units."""

    scenario: int
    prices: Floats
    reduced: Floats
    objective: float
    x: Floats


class DualPool:
    """Prices, and what each of them says about each scenario."""

    def __init__(self, recourse: Recourse) -> None:
        self._recourse = recourse
        changes, at_row = recourse.family.changes, recourse.at_row
        self._rows = _touched([at_row[place] for c in changes for place in (c.row_lower[0], c.row_upper[0])])
        self._links = _touched([recourse.t_of[c.entries[0]] for c in changes])
        second = np.cumsum(~recourse.family.is_first) - 1
        second = np.where(recourse.family.is_first, -1, second)
        self._columns = _touched([second[place] for c in changes for place in (c.lower[0], c.upper[0])])
        self._second = second
        width = len(recourse) + len(recourse.first) + len(self._links)
        self._most = max(_LEAST, BYTES // (8 * width))
        self._levels, self._slopes = np.zeros((0, len(recourse))), np.zeros((0, len(recourse.first)))
        self._prices = np.zeros((0, len(self._links)))
        self._source, self._used = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        self._tick = 0
        self._lately: dict[bytes, tuple[Floats, Ints, int]] = {}

    def __len__(self) -> int:
        return len(self._source)

    def add(self, found: list[Found]) -> None:
        """Add prices."""
        if not found:
            return
        recourse = self._recourse
        cleaned = [self._cleaned(one) for one in found]
        prices, reduced, fixed = (np.array([one[i] for one in cleaned]) for i in range(3))
        levels = np.empty((len(found), len(recourse)))
        plus, minus = np.maximum(prices[:, self._rows], 0), np.maximum(-prices[:, self._rows], 0)
        for part in self._parts():
            low, high = self._sides(part)
            levels[:, part] = fixed[:, None] + plus @ low.T - minus @ high.T
            if len(self._columns):
                lower, upper = self._limits(part)
                levels[:, part] += np.maximum(reduced, 0) @ lower.T - np.maximum(-reduced, 0) @ upper.T
        self._make_room(len(found))
        self._levels = np.concatenate([self._levels, levels])
        slopes = np.array([-recourse.pulled(recourse.links, one) for one in prices])
        self._slopes = np.concatenate([self._slopes, slopes])
        self._prices = np.concatenate([self._prices, prices[:, recourse.t_row[self._links]]])
        self._source = np.r_[self._source, [one.scenario for one in found]]
        self._used = np.r_[self._used, np.full(len(found), self._tick)]

    def bounds(self, x: Floats) -> tuple[Floats, Floats, Ints]:
        """Return, per scenario, a bound of its cost at decisions, the bound's slope, and the scenario it comes from.

        A scenario that nothing bounds has -inf, and -1 as its source.
        """
        recourse, count = self._recourse, len(self._recourse)
        if not len(self):
            return np.full(count, -np.inf), np.zeros((count, len(recourse.first))), np.full(count, -1, dtype=np.int64)
        self._tick += 1
        values, best = self._best(x)
        self._used[best] = self._tick
        slopes, columns = np.empty((count, len(recourse.first))), recourse.t_column[self._links]
        for part in self._parts():
            steep = self._slopes[best[part]].T
            np.subtract.at(steep, columns, (self._prices[best[part]] * self._moved(part)).T)
            slopes[part] = steep.T
        is_bound = values > -_FAR * _DUST
        return np.where(is_bound, values, -np.inf), slopes, np.where(is_bound, self._source[best], -1)

    def _best(self, x: Floats) -> tuple[Floats, Ints]:
        """Return the best bound of each scenario at decisions, and which prices give it.

        Of decisions that were asked about lately, only the prices that are new since then are looked at.
        """
        key, count = x.tobytes(), len(self._recourse)
        values, best, known = self._lately.pop(key, (np.full(count, -np.inf), np.zeros(count, dtype=np.int64), 0))
        values, best, fresh = values.copy(), best.copy(), slice(known, len(self))
        weights = self._prices[fresh] * x[self._recourse.t_column[self._links]]
        at = self._slopes[fresh] @ x
        for part in self._parts() if known < len(self) else ():
            levels = self._levels[fresh, part] + at[:, None] - weights @ self._moved(part).T
            which = np.argmax(levels, axis=0)
            highest = levels[which, np.arange(len(which))]
            is_better = highest > values[part]
            values[part] = np.where(is_better, highest, values[part])
            best[part] = np.where(is_better, which + known, best[part])
        self._lately[key] = (values, best, len(self))
        if len(self._lately) > _LATELY:
            del self._lately[next(iter(self._lately))]
        return values, best

    def _parts(self) -> list[slice]:
        count = len(self._recourse)
        return [slice(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]

    def _cleaned(self, found: Found) -> tuple[Floats, Floats, float]:
        """Return prices and reduced costs of what varies without dust, and the part of the bound that does not vary."""
        recourse = self._recourse
        low, high = recourse.sides(found.scenario)
        prices = np.where((found.prices > 0) & ~np.isfinite(low), 0.0, found.prices)
        prices = np.where((prices < 0) & ~np.isfinite(high), 0.0, prices)
        reduced = found.reduced[self._columns]
        reduced = np.where(np.abs(reduced) <= _DUST, 0.0, reduced)
        mine = slice(found.scenario, found.scenario + 1)
        sides, limits = self._sides(mine), self._limits(mine)
        varies = np.maximum(prices[self._rows], 0) @ sides[0][0] - np.maximum(-prices[self._rows], 0) @ sides[1][0]
        varies += np.maximum(reduced, 0) @ limits[0][0] - np.maximum(-reduced, 0) @ limits[1][0]
        moved = recourse.moved(recourse.links_of(found.scenario), found.x)
        return prices, reduced, found.objective + float(prices @ moved) - float(varies)

    def _sides(self, part: slice) -> tuple[Floats, Floats]:
        """Return the limits of the rows that vary, (scenario, row)."""
        every = [[side[self._rows] for side in self._recourse.sides(s)] for s in range(part.start, part.stop)]
        low, high = np.array(every).transpose(1, 0, 2)
        return _finite(low), _finite(high)

    def _limits(self, part: slice) -> tuple[Floats, Floats]:
        """Return the limits of the columns that vary, (scenario, column)."""
        family, second = self._recourse.family, self._recourse.second[self._columns]
        scale, tables = family.base.column_scale[second], []
        for name, whole in (("lower", family.base.lower), ("upper", family.base.upper)):
            table = np.tile(whole[second], (part.stop - part.start, 1))
            for row, change in enumerate(family.changes[part.start : part.stop]):
                places, values = getattr(change, name)
                mine = self._second[places] >= 0
                table[row, np.searchsorted(self._columns, self._second[places[mine]])] = values[mine]
            tables.append(_finite(table / scale))
        return tables[0], tables[1]

    def _moved(self, part: slice) -> Floats:
        """Return by how much the entries of T that vary differ from the shared ones, (scenario, entry)."""
        recourse = self._recourse
        links = np.array([recourse.links_of(s)[self._links] for s in range(part.start, part.stop)])
        return np.asarray(links - recourse.links[self._links], dtype=np.float64)

    def _make_room(self, count: int) -> None:
        """Let go of the prices that have bounded nothing for longest, half of them, where the pool is full."""
        if len(self) + count <= self._most:
            return
        kept = np.sort(np.argsort(-self._used, kind="stable")[: self._most // 2])
        for name in ("_levels", "_slopes", "_prices", "_source", "_used"):
            setattr(self, name, getattr(self, name)[kept])
        self._lately.clear()


def _touched(parts: list[Ints]) -> Ints:
    """Return the distinct positions among the parts, without -1."""
    positions = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))
    return positions[positions >= 0]


def _finite(values: Floats) -> Floats:
    return np.clip(values, -_FAR, _FAR)
