"""Humidity: relative humidity beyond a limit for so long."""

from typing import Final

from doseway.model.findings import Finding
from doseway.model.journey import Journey
from doseway.model.readings import Quantity
from doseway.model.rulebook import refuse
from doseway.model.units import decimal_text
from doseway.model.watching import Needs, WatchRule
from doseway.model.wording import duration
from doseway.transit.levels import LevelSpec, Side, check_clear_limit, find_level


class Humidity(LevelSpec, frozen=True, kw_only=True):
    """Parameters of a humidity rule.

    Attributes:
        side: `high` or `low`. limit_millipercent: the limit, relative humidity.
        clear_limit_millipercent: how far it has to come back; in between it keeps its state.
    """

    side: Side = "high"
    limit_millipercent: int
    clear_limit_millipercent: int | None = None

    def check(self) -> None:
        """Check the clear limit."""
        if not check_clear_limit(self.side, self.limit_millipercent, self.clear_limit_millipercent):
            raise refuse(self, "clear_limit_percent lies beyond limit_percent")


class HumidityRule:
    """Looks at every humidity sensor."""

    id: Final = "humidity"
    version: Final = 1
    title: Final = "Relative humidity out of range"
    source: Final = "Tive triggers HumidityMin and HumidityMax"
    spec: Final = Humidity
    needs: Final[Needs] = (("humidity",),)

    def find(self, journey: Journey, spec: Humidity) -> list[Finding]:
        """Return one finding for each time that it was beyond the limit long enough."""
        word = "Above" if spec.side == "high" else "Below"
        limit = decimal_text(spec.limit_millipercent)
        return find_level(
            journey,
            spec,
            Quantity.HUMIDITY,
            lambda worst, ms: f"{word} {limit} % relative humidity for {duration(ms)}, worst {decimal_text(worst)} %.",
            limit_milli=spec.limit_millipercent,
            clear_limit_milli=spec.clear_limit_millipercent,
            side=spec.side,
        )


RULE: Final[WatchRule[Humidity]] = HumidityRule()
