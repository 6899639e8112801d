"""Door open: the door's own sensor says so, or daylight falls in outside every place where it may."""

from typing import Final

import msgspec

from doseway.model.findings import Finding
from doseway.model.journey import Journey
from doseway.model.readings import Quantity
from doseway.model.rulebook import refuse
from doseway.model.units import decimal_text
from doseway.model.visits import allowed_at, stop_sites
from doseway.model.watching import Needs, WatchRule
from doseway.model.wording import duration
from doseway.transit.levels import LevelSpec, find_level

_HALF_OPEN: Final = 500


class DoorOpen(LevelSpec, frozen=True, kw_only=True):
    """Parameters of a door rule.

    Attributes:
        light_millilux: light at least so bright is an open door as well; None: only the door's sensor counts.
        is_allowed_at_sites: a door may be open at a planned or safe site.
    """

    light_millilux: int | None = None
    is_allowed_at_sites: bool = True

    def check(self) -> None:
        """Check that some light is meant."""
        if self.light_millilux is not None and self.light_millilux <= 0:
            raise refuse(self, "light_lux is positive: it is never darker than dark")


class DoorOpenRule:
    """Looks at door sensors (0 closed, 1 open) and light sensors."""

    id: Final = "door_open"
    version: Final = 1
    title: Final = "Door open outside of an allowed place"
    source: Final = "Traccar attribute `door`; light of at least X lux outside any allowed place"
    spec: Final = DoorOpen
    needs: Final[Needs] = (("door", "light"),)

    def find(self, journey: Journey, spec: DoorOpen) -> list[Finding]:
        """Return one finding for each time that a sensor saw it open long enough."""
        sites = stop_sites(journey) if spec.is_allowed_at_sites else []
        found = find_level(
            journey,
            spec,
            Quantity.DOOR,
            lambda _, ms: f"The door was open for {duration(ms)}.",
            limit_milli=_HALF_OPEN,
            excuse=lambda device, at: allowed_at(journey, sites, device, at),
        )
        if spec.light_millilux is not None:
            found += find_level(
                journey,
                msgspec.structs.replace(spec, comparison="inclusive"),
                Quantity.LIGHT,
                lambda worst, ms: f"Opened: light of up to {decimal_text(worst)} lx for {duration(ms)}.",
                limit_milli=spec.light_millilux,
                excuse=lambda device, at: allowed_at(journey, sites, device, at),
            )
        return found


RULE: Final[WatchRule[DoorOpen]] = DoorOpenRule()
