"""The figures of whole recordings: counts, coverage, extremes, mean and MKT with its sensitivity."""

from typing import Final

import msgspec
import numpy as np

from doseway.coldchain.histogram import Histogram, histogram, mean_milli, mkt_milli
from doseway.coldchain.judgement import Statistics
from doseway.coldchain.timeline import Timeline
from doseway.coldchain.track import Int64
from doseway.model.units import INVALID

_WHOLE_PPM: Final = 1_000_000
_LOW_J_MOL: Final = 42_000
_HIGH_J_MOL: Final = 125_000


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What statistics remember of records that were let go on the live path; histogram: value to time."""

    readings: int = 0
    invalid: int = 0
    contradictory: int = 0
    observed_ms: int = 0
    min_milli: int | None = None
    max_milli: int | None = None
    histogram: dict[int, int] = {}


class Reckoner:
    """Computes statistics at one activation energy, J/mol."""

    def __init__(self, energy_j_mol: int) -> None:
        self.energy_j_mol = energy_j_mol

    def statistics(self, timeline: Timeline, track: int, seen: Seen | None = None) -> Statistics:
        """Return the figures of one track, behind what was seen of it before."""
        whole, weights = _seen(timeline, track, int(timeline.bounds[track + 1]))
        if seen is not None:
            weights = weights.plus(seen.histogram)
            whole = _joined(seen, whole)
        first, end = int(timeline.first_ms[track]), int(timeline.end_ms[track])
        if not len(weights.value):
            weights = self._unweighted(timeline, track)
        mkts = mkt_milli(weights, self.energy_j_mol, _LOW_J_MOL, _HIGH_J_MOL)
        mkt, low, high = mkts or (None, None, None)
        span = end - first
        return Statistics(
            sensor=timeline.sensors[track],
            readings=whole.readings,
            invalid=whole.invalid,
            contradictory=whole.contradictory,
            first_at_ms=first,
            last_at_ms=int(timeline.at[timeline.bounds[track + 1] - 1]),
            interval_ms=int(timeline.interval_ms[track]),
            span_ms=span,
            observed_ms=whole.observed_ms,
            unknown_ms=span - whole.observed_ms,
            coverage_ppm=whole.observed_ms * _WHOLE_PPM // span if span else 0,
            min_milli=whole.min_milli,
            max_milli=whole.max_milli,
            mean_milli=mean_milli(weights),
            mkt_milli=mkt,
            energy_j_mol=self.energy_j_mol,
            mkt_42_milli=low,
            mkt_125_milli=high,
        )

    def seen(self, timeline: Timeline, track: int, until: int, before: Seen | None = None) -> Seen:
        """Return what statistics need of the records of a track before the record `until`."""
        one, weights = _seen(timeline, track, until)
        joined = weights.plus({} if before is None else before.histogram)
        return msgspec.structs.replace(one if before is None else _joined(before, one), histogram=joined.as_dict())

    def _unweighted(self, timeline: Timeline, track: int) -> Histogram:
        """Return each reading with the same weight, for a recording whose readings stand for no time."""
        value = timeline.value[timeline.bounds[track] : timeline.bounds[track + 1]]
        value = value[value != INVALID]
        return histogram(value, np.ones(len(value), np.int64))


def no_readings(sensor: str, interval_ms: int, energy_j_mol: int) -> Statistics:
    """Return the figures of a sensor without a single record."""
    return Statistics(
        sensor=sensor,
        readings=0,
        invalid=0,
        contradictory=0,
        first_at_ms=None,
        last_at_ms=None,
        interval_ms=interval_ms,
        span_ms=0,
        observed_ms=0,
        unknown_ms=0,
        coverage_ppm=0,
        min_milli=None,
        max_milli=None,
        mean_milli=None,
        mkt_milli=None,
        energy_j_mol=energy_j_mol,
        mkt_42_milli=None,
        mkt_125_milli=None,
    )


def _seen(timeline: Timeline, track: int, until: int) -> tuple[Seen, Histogram]:
    """Return the counts of the records of a track before the record `until`, and their histogram."""
    inside = slice(int(timeline.bounds[track]), until)
    at, value, credit = timeline.at[inside], timeline.value[inside], timeline.credit[inside]
    invalid = 0
    if timeline.is_counted is None:  # then the sum is at hand
        observed = int(timeline.counted.credited[until] - timeline.counted.credited[inside.start])
    else:
        observed = int(credit.sum())
    if timeline.is_valid is not None:
        valid = timeline.is_valid[inside]
        invalid = len(valid) - int(valid.sum())
        at, value, credit = at[valid], value[valid], credit[valid]
    low, high = (int(value.min()), int(value.max())) if len(value) else (None, None)
    one = Seen(
        readings=len(value),
        invalid=invalid,
        contradictory=_contradictory(at) if timeline.has_equal_times else 0,
        observed_ms=observed,
        min_milli=low,
        max_milli=high,
    )
    return one, histogram(value, credit, None if low is None or high is None else (low, high))


def _contradictory(at: Int64) -> int:
    """Count the readings that share their time with another value."""
    same = at[1:] == at[:-1]
    return int((np.append(same, False) | np.append(False, same)).sum())


def _joined(one: Seen, two: Seen) -> Seen:
    lows = [low for low in (one.min_milli, two.min_milli) if low is not None]
    highs = [high for high in (one.max_milli, two.max_milli) if high is not None]
    return Seen(
        readings=one.readings + two.readings,
        invalid=one.invalid + two.invalid,
        contradictory=one.contradictory + two.contradictory,
        observed_ms=one.observed_ms + two.observed_ms,
        min_milli=min(lows, default=None),
        max_milli=max(highs, default=None),
    )
