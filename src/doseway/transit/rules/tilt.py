"""Tilt: further from upright than allowed for so long."""

from typing import Final

from doseway.model.findings import Finding
from doseway.model.journey import Journey
from doseway.model.readings import Quantity
from doseway.model.units import decimal_text
from doseway.model.watching import Needs, WatchRule
from doseway.model.wording import duration
from doseway.transit.levels import LevelSpec, find_level


class Tilt(LevelSpec, frozen=True, kw_only=True):
    """Parameters of a tilt rule.

    Attributes:
        limit_millidegree: the angle from upright beyond which it is tilted.
    """

    limit_millidegree: int


class TiltRule:
    """Looks at every tilt sensor."""

    id: Final = "tilt"
    version: Final = 1
    title: Final = "Tilted or lying"
    source: Final = "Milesight AT101 `position: tilt`; ONE Record sensor type TILT"
    spec: Final = Tilt
    needs: Final[Needs] = (("tilt",),)

    def find(self, journey: Journey, spec: Tilt) -> list[Finding]:
        """Return one finding for each time that it was tilted long enough."""
        limit = decimal_text(spec.limit_millidegree)
        return find_level(
            journey,
            spec,
            Quantity.TILT,
            lambda worst, ms: f"Tilted by more than {limit}° for {duration(ms)}, at most {decimal_text(worst)}°.",
            limit_milli=spec.limit_millidegree,
        )


RULE: Final[WatchRule[Tilt]] = TiltRule()
