"""Arrhenius kinetics: how much faster a product ages when it is warmer, and the curves of vaccine vial monitors.

All temperatures come in as milli-°C. Rates are taken with `math.exp`, one value at a time, and kept in a table: the
same value always has the same rate, on the fast path and on the slow one.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Final, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from doseway.model.units import DAY_MS

GAS_CONSTANT_J: Final = 8.3144
"""R in J/(mol K), to the digits with which 83.144 kJ/mol is exactly 10,000 K (USP <1160>)."""
REFERENCE_K: Final = 298.15
ZERO_MILLI_K: Final = 273_150
COLDEST_K: Final = 30.0
"""Below this nothing ages; taking colder values as this one keeps the exponentials within floating point."""
SMALLEST_J_MOL: Final = 1_000
LARGEST_J_MOL: Final = 1_000_000
_LARGEST_TABLE: Final = 1_000_000
_TABLES: Final = 16

NumberT = TypeVar("NumberT", np.int64, np.float64)


def kelvin(value_milli: int) -> float:
    """Convert milli-°C to K; what is colder than 30 K counts as 30 K."""
    return max((value_milli + ZERO_MILLI_K) / 1000, COLDEST_K)


def slope_of(energy_j_mol: float) -> float:
    """Return ΔH/R in K."""
    return energy_j_mol / GAS_CONSTANT_J


def rate(value_milli: int, slope: float, reference_k: float = REFERENCE_K) -> float:
    """Return how many times faster than at the reference a product ages."""
    return math.exp(slope * (1 / reference_k - 1 / kelvin(value_milli)))


def arrhenius_factor(
    temperature_c: float, reference_c: float, energy_kj_mol: float, gas_constant_j: float = GAS_CONSTANT_J
) -> float:
    """Return k(temperature) / k(reference); at 83.144 kJ/mol products age 11.15 times as fast at 25 °C as at 5 °C."""
    slope = energy_kj_mol * 1000 / gas_constant_j
    return rate(round(temperature_c * 1000), slope, kelvin(round(reference_c * 1000)))


class Curve(msgspec.Struct, frozen=True):
    """A shelf life that depends on temperature: L(T) = life · exp(slope · (1/T − 1/T_reference)).

    Attributes:
        life_ms: at the reference. reference_milli: milli-°C. slope: ΔH/R in K.
    """

    life_ms: int
    reference_milli: int
    slope: float

    @classmethod
    def through(cls, life_ms: int, reference_milli: int, other_life_ms: int, other_milli: int) -> "Curve":
        """Return the curve through two points."""
        inverse = 1 / kelvin(other_milli) - 1 / kelvin(reference_milli)
        return cls(life_ms, reference_milli, math.log(other_life_ms / life_ms) / inverse)

    @property
    def energy_kj_mol(self) -> float:
        """The activation energy that the slope implies."""
        return self.slope * GAS_CONSTANT_J / 1000

    def life_at(self, value_milli: int) -> float:
        """Return the shelf life at a temperature in ms."""
        return self.life_ms / rate(value_milli, self.slope, kelvin(self.reference_milli))


VVM_POINTS: Final[dict[int, tuple[int, int, int, int]]] = {
    30: (30 * DAY_MS, 37_000, 193 * DAY_MS, 25_000),
    14: (14 * DAY_MS, 37_000, 90 * DAY_MS, 25_000),
    7: (7 * DAY_MS, 37_000, 45 * DAY_MS, 25_000),
    2: (2 * DAY_MS, 37_000, 225 * DAY_MS, 5_000),
}
"""The two defining points of each class, (life in ms, milli-°C) twice: WHO/PQS/E006/IN05.3 table 1a."""


def vvm_curve(vvm_class: int) -> Curve:
    """Return the curve of a vaccine vial monitor of class 2, 7, 14 or 30.

    Raises:
        KeyError: there is no such class.
    """
    return Curve.through(*VVM_POINTS[vvm_class])


class Lookup(Generic[NumberT]):
    """Functions of milli-°C on whole columns: computed once a value, then looked up. Results are not negative.

    The table is replaced and never changed, so several threads may share a lookup.
    """

    def __init__(self, functions: Sequence[Callable[[int], float]], kind: type[NumberT]) -> None:
        self._functions = tuple(functions)
        self._kind: type[NumberT] = kind
        self._held: tuple[int, NDArray[NumberT]] = (0, np.zeros((len(self._functions), 0), kind))

    def take(self, values: NDArray[np.signedinteger[Any]], low: int, high: int) -> NDArray[NumberT]:
        """Return a row of results for each function; the values lie between low and high."""
        if high - low > _LARGEST_TABLE:
            rows = [[function(value) for value in values.tolist()] for function in self._functions]
            return np.array(rows, self._kind)
        start, table = self._covering(low, high)
        places = values - start  # int32 stays int32: the table is small
        found = _columns(table, places)
        if found[0].min(initial=0) < 0:
            table = table.copy()
            for place in np.unique(places[found[0] < 0]).tolist():
                table[:, place] = [function(place + start) for function in self._functions]
            self._held = (start, table)
            found = _columns(table, places)
        return found

    def _covering(self, low: int, high: int) -> tuple[int, NDArray[NumberT]]:
        """Return a table that reaches from low to high; what is held is kept where that stays small."""
        start, table = self._held
        end = start + table.shape[1]
        if start <= low and high < end:
            return start, table
        keeps = end > start and max(high, end - 1) - min(low, start) <= _LARGEST_TABLE
        if keeps:
            low, high = min(low, start), max(high, end - 1)
        wider = np.full((len(self._functions), high - low + 1), -1, self._kind)
        if keeps:
            wider[:, start - low : end - low] = table
        return low, wider


def _columns(table: NDArray[NumberT], places: NDArray[np.signedinteger[Any]]) -> NDArray[NumberT]:
    """Return the places of each row; one row, the case of long columns, is taken faster alone."""
    found: NDArray[NumberT] = table[0].take(places)[np.newaxis] if len(table) == 1 else table.take(places, axis=1)
    return found


@lru_cache(maxsize=_TABLES)
def rates(*energies_j_mol: float) -> Lookup[np.float64]:
    """Return the lookup of `rate` at activation energies; the same one for the same arguments."""
    return Lookup([partial(rate, slope=slope_of(energy)) for energy in energies_j_mol], np.float64)


def curve_rates(curve: Curve) -> Lookup[np.float64]:
    """Return the lookup of the rates on a curve against its reference."""
    return Lookup([partial(rate, slope=curve.slope, reference_k=kelvin(curve.reference_milli))], np.float64)
