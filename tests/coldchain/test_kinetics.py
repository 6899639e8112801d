"""Arrhenius ratios and vial monitor curves, to the digits of the vectors."""

import numpy as np
import pytest

from doseway.coldchain.kinetics import Lookup, arrhenius_factor, rate, vvm_curve
from doseway.model.units import DAY_MS

CODATA_R = 8.314462618  # the ratios were computed with it


@pytest.mark.parametrize(
    ("energy", "ratios"),
    [
        (83.144, (11.152, 1.4676, 1.7388, 4.9857)),
        (100, (18.184, 1.5863, 1.9452, 6.9052)),
        (120, (32.482, 1.7396, 2.2220, 10.1628)),
    ],
)
def test_rate_ratios(energy: float, ratios: tuple[float, ...]) -> None:
    pairs = ((25, 5), (8, 5), (30, 25), (40, 25))
    found = [arrhenius_factor(warm, cool, energy, CODATA_R) for warm, cool in pairs]
    assert [round(found[0], 3), *(round(one, 4) for one in found[1:])] == list(ratios)
    assert [arrhenius_factor(warm, cool, energy) for warm, cool in pairs] == pytest.approx(found, rel=3e-5)


@pytest.mark.parametrize(
    ("vvm", "energy", "at_8", "at_20", "at_40"),
    [
        (30, 119.27, 3_539.8, 438.5, 19.26),
        (14, 119.22, 1_648.8, 204.4, 8.99),
        (7, 119.22, 824.4, 102.2, 4.50),
        (2, 105.86, 138.1, 21.6, 1.35),
    ],
)
def test_vial_monitor_curves(vvm: int, energy: float, at_8: float, at_20: float, at_40: float) -> None:
    curve = vvm_curve(vvm)
    days = [curve.life_at(value) / DAY_MS for value in (8_000, 20_000, 40_000)]
    assert round(curve.energy_kj_mol, 2) == energy
    assert (round(days[0], 1), round(days[1], 1), round(days[2], 2)) == (at_8, at_20, at_40)


def test_curves_go_through_their_points_and_extrapolate_as_published() -> None:
    assert vvm_curve(30).life_at(37_000) == 30 * DAY_MS
    assert vvm_curve(30).life_at(25_000) / DAY_MS == pytest.approx(193)
    assert vvm_curve(2).life_at(5_000) / DAY_MS == pytest.approx(225)
    assert round(vvm_curve(2).life_at(25_000) / DAY_MS, 1) == 10.4
    years = [vvm_curve(vvm).life_at(5_000) / DAY_MS / 365.25 for vvm in (30, 14, 7)]
    assert [round(one, 1) for one in years] == [16.8, 7.8, 3.9]


def test_colder_than_30_k_is_no_division_by_zero() -> None:
    assert rate(-273_150, 10_000.0) == rate(-2_000_000_000, 10_000.0) < 1e-100


def test_a_lookup_gives_what_the_function_gives_whatever_was_asked_before() -> None:
    lookup = Lookup([lambda value: value + 1_000_000, lambda value: value + 2_000_000], np.int64)
    for values in ([5, 7, 5], [-300_000, 9], [8], [-5_000_000, 5_000_000], [9, 400_000]):
        column = np.array(values)
        found = lookup.take(column, int(column.min()), int(column.max()))
        assert found.tolist() == [[v + 1_000_000 for v in values], [v + 2_000_000 for v in values]]
