"""Consumption: the part of a shelf life that the temperature history has used, by an Arrhenius or a vial monitor curve.

Consumed fraction = sum of dt / L(T). Not a release: a curve through two points is a model.
"""

from typing import Any, Final, Literal

import numpy as np

from doseway.coldchain.histogram import Histogram, histogram
from doseway.coldchain.judgement import Consumption, Episode
from doseway.coldchain.kinetics import VVM_POINTS, Curve, Lookup, curve_rates, slope_of
from doseway.coldchain.port import Found, Rule, RuleSpec
from doseway.coldchain.runs import on_records
from doseway.coldchain.timeline import Bools, Memory, Timeline
from doseway.model.rulebook import refuse
from doseway.model.units import SECOND_MS

_WHOLE_PPB: Final = 1_000_000_000


class Consumed(RuleSpec, frozen=True, kw_only=True):
    """Parameters of a consumption rule.

    Attributes:
        model: `arrhenius`: a life at one temperature and an activation energy; `vvm`: lives at two temperatures.
        life_ms, reference_milli: the life at the reference.
        energy_j_mol: for `arrhenius`. second_life_ms, second_milli: for `vvm`.
        vvm_class: 2, 7, 14 or 30; in TOML it stands for the two points of WHO/PQS/E006/IN05.3.
        fraction_limit_ppb: the part of the life at which it is raised; used_fraction_ppb: the part used before.
    """

    model: Literal["arrhenius", "vvm"]
    life_ms: int
    reference_milli: int
    energy_j_mol: int | None = None
    second_life_ms: int | None = None
    second_milli: int | None = None
    vvm_class: int | None = None
    fraction_limit_ppb: int = _WHOLE_PPB
    used_fraction_ppb: int = 0

    @classmethod
    def expand(cls, entry: dict[str, Any]) -> dict[str, Any]:
        """Write the points of a vial monitor's class out, so that the logged limits are complete."""
        points = VVM_POINTS.get(entry.get("vvm_class", 0)) if entry.get("model") == "vvm" else None
        if points is None:
            return entry
        life, reference, second_life, second = points
        named = {
            "life_s": life // SECOND_MS,
            "reference_c": reference // 1000,
            "second_life_s": second_life // SECOND_MS,
            "second_c": second // 1000,
        }
        return {**named, **entry}

    def check(self) -> None:
        """Check that the model has what it needs."""
        if self.life_ms == 0 or self.second_life_ms == 0 or self.fraction_limit_ppb <= 0 or self.used_fraction_ppb < 0:
            raise refuse(self, "lives and fraction_limit are positive, used_fraction is not negative")
        if self.model == "arrhenius" and not self.energy_j_mol:
            raise refuse(self, "the model arrhenius needs energy_kj_mol")
        if self.model == "vvm":
            if self.second_life_ms is None or self.second_milli is None:
                raise refuse(
                    self, "the model vvm needs a second point", "Give second_life_s and second_c, or vvm_class."
                )
            if (self.second_milli - self.reference_milli) * (self.second_life_ms - self.life_ms) >= 0:
                raise refuse(self, "a product does not live longer where it is warmer")

    @property
    def curve(self) -> Curve:
        """The life as a function of temperature."""
        if self.second_life_ms is not None and self.second_milli is not None:
            return Curve.through(self.life_ms, self.reference_milli, self.second_life_ms, self.second_milli)
        return Curve(self.life_ms, self.reference_milli, slope_of(self.energy_j_mol or 0))


class ConsumptionRule:
    """The sum is taken over the exact histogram, so it depends on no order; it never ends once it is raised."""

    id: Final = "consumption"
    version: Final = 1
    title: Final = "Shelf life used"
    spec: Final = Consumed

    def find(self, timeline: Timeline, spec: Consumed) -> Found:
        """Return the use of each track's life, and an episode where the limit was reached."""
        found, table = Found(), curve_rates(spec.curve)
        for track in range(len(timeline)):
            meter = _Meter(timeline, spec, track, table)
            used_ppb, used_ms = meter.used(len(meter.at))
            found.consumptions.append((track, _consumption(spec, timeline.sensors[track], used_ppb, used_ms)))
            if used_ppb >= spec.fraction_limit_ppb and meter.start_ms is not None:
                found.episodes.append((track, meter.episode(used_ppb)))
        return found

    def quiet(self, timeline: Timeline, spec: Consumed) -> Bools:  # noqa: ARG002  # the port's signature
        """A sum hangs over no record."""
        return on_records(timeline, timeline.counted.credit >= 0)

    def settle(self, timeline: Timeline, spec: Consumed, cut: int) -> Memory:
        """Remember the time at each temperature, the peak, and when it was raised."""
        return _Meter(timeline, spec, 0, curve_rates(spec.curve)).memory(cut)


class _Meter:
    """The counted readings of one track, behind what is remembered of it."""

    def __init__(self, timeline: Timeline, spec: Consumed, track: int, table: Lookup[np.float64]) -> None:
        counted = timeline.counted
        inside = slice(counted.bounds[track], counted.bounds[track + 1])
        self.timeline, self.spec, self.track, self.table = timeline, spec, track, table
        self.at, self.value, self.credit = counted.at[inside], counted.value[inside], counted.credit[inside]
        self.position = counted.position[inside]
        self.before = timeline.memory.get(spec.id, Memory())
        first = int(self.at[0]) if len(self.at) else None
        self.start_ms: int | None = self.before.figures.get("start_ms", first)

    def upto(self, count: int) -> Histogram:
        """Return the histogram of what is remembered and the first `count` readings."""
        one = histogram(self.value[:count], self.credit[:count])
        return one.plus(self.before.histogram) if self.before.histogram else one

    def used(self, count: int) -> tuple[int, int]:
        """Return the fraction used in parts per billion, and as time at the reference in ms."""
        equivalent = self.upto(count).weighted(self.table)[0]
        life = self.spec.life_ms
        earlier = self.spec.used_fraction_ppb
        return earlier + round(equivalent * _WHOLE_PPB / life), round(equivalent + earlier * life / _WHOLE_PPB)

    def raised_ms(self) -> int:
        """Return the reading with whose time the limit was reached: the sum only grows, so halving finds it."""
        if "raised_ms" in self.before.figures:
            return self.before.figures["raised_ms"]
        low, high = 1, len(self.at)
        while low < high:
            middle = (low + high) // 2
            if self.used(middle)[0] >= self.spec.fraction_limit_ppb:
                high = middle
            else:
                low = middle + 1
        return int(self.at[low - 1])

    def peak(self, count: int) -> tuple[int, int]:
        """Return the highest value of the remembered and the first `count` readings, and when it first occurred."""
        figures = self.before.figures
        found = []
        if "peak_milli" in figures:
            found.append((figures["peak_milli"], -figures["peak_at_ms"]))
        if count:
            place = int(self.value[:count].argmax())
            found.append((int(self.value[place]), -int(self.at[place])))
        value, at = max(found)
        return value, -at

    def episode(self, used_ppb: int) -> Episode:
        """Make the episode of a limit that was reached."""
        peak, peak_at = self.peak(len(self.at))
        assert self.start_ms is not None
        return Episode(
            rule=self.spec.rule,
            rule_version=self.spec.rule_version,
            rule_id=self.spec.id,
            sensor=self.timeline.sensors[self.track],
            effect=self.spec.effect,
            start_ms=self.start_ms,
            raised_ms=self.raised_ms(),
            peak_milli=peak,
            peak_at_ms=peak_at,
            details={"used_ppb": used_ppb, "limit_ppb": self.spec.fraction_limit_ppb},
        )

    def memory(self, cut: int) -> Memory:
        """Remember the readings before the record `cut`."""
        count = int(self.position.searchsorted(cut))
        if self.start_ms is None or not (count or self.before.figures):
            return self.before
        peak, peak_at = self.peak(count)
        figures = {"start_ms": self.start_ms, "peak_milli": peak, "peak_at_ms": peak_at}
        if count and self.used(count)[0] >= self.spec.fraction_limit_ppb:
            figures["raised_ms"] = self.raised_ms()
        elif "raised_ms" in self.before.figures:
            figures["raised_ms"] = self.before.figures["raised_ms"]
        return Memory(figures=figures, histogram=self.upto(count).as_dict())


def _consumption(spec: Consumed, sensor: str, used_ppb: int, used_ms: int) -> Consumption:
    budget_ms = round(spec.life_ms * spec.fraction_limit_ppb / _WHOLE_PPB)
    return Consumption(
        rule=spec.rule,
        rule_id=spec.id,
        sensor=sensor,
        used_ms=used_ms,
        budget_ms=budget_ms,
        left_ms=max(budget_ms - used_ms, 0),
        used_ppb=used_ppb,
    )


RULE: Final[Rule[Consumed]] = ConsumptionRule()
