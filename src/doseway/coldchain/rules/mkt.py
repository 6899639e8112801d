"""MKT: the mean kinetic temperature of the worst window that holds a high excursion, against a limit.

USP <1079.2>: 30 consecutive days (CRT) or 24 consecutive hours (CCT) *including* the excursion. Texts differ on whether
the window ends or begins with it, so the worst of all windows of that length decides, and the worst of those that end
and of those that begin with an excursion are told beside it. Low excursions have no MKT.
"""

from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from doseway.coldchain.histogram import Histogram, histogram, mkt_milli
from doseway.coldchain.judgement import Effect, Episode
from doseway.coldchain.kinetics import LARGEST_J_MOL, SMALLEST_J_MOL, slope_of
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.runs import Runs, on_records, out_mask
from doseway.coldchain.timeline import Bools, Memory, Timeline
from doseway.coldchain.track import Int64
from doseway.coldchain.window import LOAD_ONE, Loads, TrackLoads, Window, cap_of, load, loads_of, worst_of
from doseway.model.rulebook import refuse
from doseway.model.units import DAY_MS, INVALID

_LONGEST_MS: Final = 30 * DAY_MS
_SENSITIVITY: Final = {"mkt_42_milli": 42_000, "mkt_83_milli": 83_144, "mkt_125_milli": 125_000}
_WHOLE_PPM: Final = 1_000_000
_TENTH: Final = 100


class MktLimit(RuleSpec, frozen=True, kw_only=True):
    """Parameters of an MKT rule.

    Attributes:
        limit_milli: the window's MKT may not be above it.
        window_ms: the length of a window, at most 30 days: longer ones hide excursions.
        energy_j_mol: ΔH; 83,144 unless product data exist (USP <1160>).
        excursion_above_milli: what makes a window relevant: a reading above it.
        min_coverage_ppm: a window that was observed less than this does not pass; it is undecided.
    """

    limit_milli: int
    window_ms: int
    energy_j_mol: int = 83_144
    excursion_above_milli: int
    min_coverage_ppm: int = 0

    @property
    def horizon_ms(self) -> int:
        """A window that begins before a cut ends this much after it."""
        return self.window_ms

    def check(self) -> None:
        """Check the window and the energy."""
        if not 0 < self.window_ms <= _LONGEST_MS:
            raise refuse(self, "window_s lies between 0 and 30 days", "USP <1079.2>: longer windows hide excursions.")
        if not SMALLEST_J_MOL <= self.energy_j_mol <= LARGEST_J_MOL:
            raise refuse(self, "energy_kj_mol lies between 1 and 1000")
        if not 0 <= self.min_coverage_ppm <= _WHOLE_PPM:
            raise refuse(self, "min_coverage lies between 0 and 1")


class _Worst(msgspec.Struct, frozen=True):
    """The worst windows of a track: of all, of those ending with an excursion, of those beginning with one."""

    all: Window
    ending: Window | None
    beginning: Window | None


class MktRule:
    """Tells the worst window of each track with a high excursion: for information where the limit holds."""

    id: Final = "mkt"
    version: Final = 1
    title: Final = "Mean kinetic temperature of the worst window"
    spec: Final = MktLimit

    def find(self, timeline: Timeline, spec: MktLimit) -> Found:
        """Return one episode, the worst window, for each track with an excursion."""
        found, memory = Found(), timeline.memory.get(spec.id)
        desk = _Desk(timeline, spec)
        if memory is not None:
            found.episodes = [(0, one) for one in desk.joined(memory, desk.since(None))]
            return found
        for track in desk.tracks:
            worst = desk.worst(track)
            if worst is not None:
                found.episodes.append((track, desk.episode(track, worst)))
        return found

    def quiet(self, timeline: Timeline, spec: MktLimit) -> Bools:
        """Tell where no excursion hangs over."""
        return on_records(timeline, ~out_mask(timeline.counted, "high", spec.excursion_above_milli))

    def settle(self, timeline: Timeline, spec: MktLimit, cut: int) -> Memory:
        """Remember the worst of the windows that begin before the record `cut`."""
        desk = _Desk(timeline, spec)
        worst = desk.since(int(timeline.at[cut]))
        memory = timeline.memory.get(spec.id, Memory())
        return Memory(
            episodes=tuple(desk.joined(memory, worst)),
            figures=_figures(*_three(memory, worst)),
        )


class _Desk:
    """One timeline under one MKT rule."""

    def __init__(self, timeline: Timeline, spec: MktLimit) -> None:
        counted = timeline.counted
        self.timeline, self.spec, self.slope = timeline, spec, slope_of(spec.energy_j_mol)
        hot = out_mask(counted, "high", spec.excursion_above_milli)
        self.runs = Runs(timeline, hot)
        self._edges = np.searchsorted(self.runs.track, np.arange(len(timeline) + 1)).tolist()
        self.tracks = [track for track, (edge, after) in enumerate(pairwise(self._edges)) if edge < after]
        self._loads: Loads | None = None
        self._track: tuple[int, TrackLoads] | None = None
        self._beside: tuple[dict[int, Window], dict[int, Window]] | None = None
        if self.tracks:
            value = counted.value
            each = loads_of(spec.limit_milli, self.slope, cap_of(spec.window_ms))
            self._loads = Loads(counted, each.take(value, int(value.min()), int(value.max()))[0], hot)

    def loads(self, track: int) -> TrackLoads:
        """Return the readings of a track with their loads."""
        if self._track is None or self._track[0] != track:
            assert self._loads is not None
            self._track = (track, self._loads.track(track))
        return self._track[1]

    def worst(self, track: int, since_ms: int | None = None, until_ms: int | None = None) -> _Worst | None:
        """Return the worst windows of a track, of those that begin in between."""
        assert self._loads is not None
        worst = self.loads(track).worst(self._runs_of(track), self.spec.window_ms, since_ms, until_ms)
        if worst is None:
            return None
        if self._beside is None:  # once for all tracks
            self._beside = self._loads.at_excursions(self.runs, self.spec.window_ms, since_ms, until_ms)
        ending, beginning = self._beside
        return _Worst(worst, ending.get(track), beginning.get(track))

    def since(self, until_ms: int | None) -> _Worst | None:
        """Return the worst windows of a single track that begin before `until_ms`, and within this timeline."""
        if not self.tracks:
            return None
        since = int(self.timeline.at[0]) if self.spec.id in self.timeline.memory else None
        return self.worst(0, since, until_ms)

    def joined(self, memory: Memory, worst: _Worst | None) -> list[Episode]:
        """Return the episode of the worst of what is remembered and what was found."""
        first, ending, beginning = _three(memory, worst)
        if first is None:
            return []
        if worst is not None and first == worst.all:
            return [self.episode(0, _Worst(first, ending, beginning))]
        details = memory.episodes[0].details | _mkt_beside(self.spec, self.slope, ending, beginning)
        return [msgspec.structs.replace(memory.episodes[0], details=details)]

    def episode(self, track: int, worst: _Worst) -> Episode:
        """Make the episode of a window."""
        spec, window, loads = self.spec, worst.all, self.loads(track)
        inside = loads.inside(window)
        at, value, hot = loads.at[inside], loads.value[inside], loads.hot[inside]
        time = _overlap(at, at + loads.credit[inside], window)
        length = window.end_ms - window.start_ms
        coverage = window.time_ms * _WHOLE_PPM // length
        out, least, most = self._bounds(track, window, time, hot, inside)
        held = time > 0
        peak = int(np.where(held, value, INVALID).argmax())
        rest = held & ~hot
        return Episode(
            rule=spec.rule,
            rule_version=spec.rule_version,
            rule_id=spec.id,
            sensor=self.timeline.sensors[track],
            effect=_effect(spec, window, coverage),
            start_ms=window.start_ms,
            raised_ms=max(int(at[int((held & hot).argmax())]), window.start_ms),
            end_ms=window.end_ms,
            out_ms=out,
            least_ms=least,
            most_ms=most,
            unknown_ms=length - window.time_ms,
            peak_milli=int(value[peak]),
            peak_at_ms=int(at[peak]),
            details={
                "limit_milli": spec.limit_milli,
                "window_ms": length,
                "energy_j_mol": spec.energy_j_mol,
                "n": int(held.sum()),
                "coverage_ppm": coverage,
                "left_at_peak_ms": self._left(window, int(value[peak]), loads.load[inside][rest], time[rest]),
                **self._temperatures(histogram(value, time)),
                **_mkt_beside(spec, self.slope, worst.ending, worst.beginning),
            },
        )

    def _temperatures(self, one: Histogram) -> dict[str, int]:
        energies = {"mkt_milli": self.spec.energy_j_mol, **_SENSITIVITY}
        distinct = tuple(dict.fromkeys(energies.values()))
        figures = dict(zip(distinct, mkt_milli(one, *distinct) or [0] * len(distinct), strict=True))
        value = figures[self.spec.energy_j_mol]
        tenth = abs(value) // _TENTH * _TENTH
        shown = {name: figures[energy] for name, energy in energies.items()}
        return {**shown, "mkt_truncated_milli": tenth if value >= 0 else -tenth}

    def _left(self, window: Window, peak: int, rest_loads: Int64, rest_times: Int64) -> int:
        """Return for how much longer at the peak the window would have held: the closed form, on exact loads."""
        rest_ms = int(rest_times.sum())
        room = window.time_ms * LOAD_ONE - window.load
        if room <= 0 or not rest_ms:
            return 0
        rest_load = int(np.dot(rest_loads, rest_times))  # a part of the window's load: below 2^63
        peak_load = load(peak, self.spec.limit_milli, self.slope, cap_of(self.spec.window_ms))
        worse = peak_load * rest_ms - rest_load
        return min(room * rest_ms // worse, rest_ms) if worse > 0 else rest_ms

    def _runs_of(self, track: int) -> tuple[Int64, Int64]:
        """Return the first and the last readings of a track's excursions, as numbers within the track."""
        start = self.timeline.counted.bounds[track]
        chosen = self._chosen(track)
        return self.runs.first[chosen] - start, self.runs.last[chosen] - start

    def _chosen(self, track: int) -> slice:
        return slice(self._edges[track], self._edges[track + 1])

    def _bounds(self, track: int, window: Window, time: Int64, hot: Bools, inside: slice) -> tuple[int, int, int]:
        """Return observed, least and most time of excursion within a window."""
        out = int(time[hot].sum())
        lasts = self._runs_of(track)[1] - inside.start
        lasts = lasts[(lasts >= 0) & (lasts < len(time))]
        chosen = self._chosen(track)
        most = _overlap(self.runs.lower[chosen], self.runs.upper[chosen], window)
        return out, out - int(time[lasts].sum()), int(most.sum())


def _overlap(starts: Int64, ends: Int64, window: Window) -> Int64:
    shared: Int64 = np.minimum(ends, window.end_ms) - np.maximum(starts, window.start_ms)
    return np.maximum(shared, 0)


def _effect(spec: MktLimit, window: Window, coverage_ppm: int) -> Effect:
    if window.is_over:
        return spec.effect
    return Effect.UNDECIDED if coverage_ppm < spec.min_coverage_ppm else Effect.INFO


def _mkt_beside(spec: MktLimit, slope: float, ending: Window | None, beginning: Window | None) -> dict[str, int | str]:
    named = (("mkt_ending_milli", ending), ("mkt_beginning_milli", beginning))
    return {name: one.mkt_milli(spec.limit_milli, slope) for name, one in named if one is not None}


_NAMES: Final = ("all", "ending", "beginning")


def _three(memory: Memory, worst: _Worst | None) -> tuple[Window | None, Window | None, Window | None]:
    """Return the worst windows of what is remembered and what was found."""
    all_, ending, beginning = (_choose(memory, worst, name) for name in _NAMES)
    return all_, ending, beginning


def _choose(memory: Memory, worst: _Worst | None, name: str) -> Window | None:
    figures = memory.figures
    windows: list[Window] = []
    if f"{name}_load" in figures:
        windows.append(Window(*(figures[f"{name}_{field}"] for field in Window.__struct_fields__)))
    found = None if worst is None else getattr(worst, name)
    return worst_of(windows if found is None else [*windows, found])


def _figures(*windows: Window | None) -> dict[str, int]:
    return {
        f"{name}_{field}": getattr(window, field)
        for name, window in zip(_NAMES, windows, strict=True)
        if window is not None
        for field in Window.__struct_fields__
    }


RULE: Final[Rule[MktLimit]] = MktRule()
