"""Light: brighter than it is in a closed box, outside the places where it may be opened."""

from typing import Final

from doseway.model.findings import Finding
from doseway.model.journey import Journey
from doseway.model.readings import Quantity
from doseway.model.units import decimal_text
from doseway.model.visits import allowed_at, stop_sites
from doseway.model.watching import Needs, WatchRule
from doseway.model.wording import duration
from doseway.transit.levels import LevelSpec, find_level


class Light(LevelSpec, frozen=True, kw_only=True):
    """Parameters of a light rule.

    Attributes:
        limit_millilux: the brightness.
        is_allowed_at_sites: light at a planned or safe site is none; a position that nobody knows excuses nothing.
    """

    limit_millilux: int
    is_allowed_at_sites: bool = True


class LightRule:
    """Looks at every light sensor, one that reports the brightest moment between two messages included."""

    id: Final = "light"
    version: Final = 1
    title: Final = "Light where it should be dark"
    source: Final = "Tive light alert (point in time, MaxLight between reports) with safe zones"
    spec: Final = Light
    needs: Final[Needs] = (("light",),)

    def find(self, journey: Journey, spec: Light) -> list[Finding]:
        """Return one finding for each time that it was bright long enough."""
        sites = stop_sites(journey) if spec.is_allowed_at_sites else []
        return find_level(
            journey,
            spec,
            Quantity.LIGHT,
            lambda worst, ms: f"Light of up to {decimal_text(worst)} lx for {duration(ms)}.",
            limit_milli=spec.limit_millilux,
            excuse=lambda device, at: allowed_at(journey, sites, device, at),
        )


RULE: Final[WatchRule[Light]] = LightRule()
