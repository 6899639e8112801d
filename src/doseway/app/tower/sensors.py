"""Which sensors of a shipment are in the product, and which measure the air around it."""

from collections.abc import Iterable
from typing import Final

from doseway.app.tower.history import History, parts_of
from doseway.app.tower.state import Carried, Context, Holder
from doseway.model.readings import Quantity

AMBIENT: Final = "ambient"
_OWN: Final = "internal"
_PROBE: Final = "probe"


def air_sensors(history: History, context: Context | None, device: str) -> frozenset[str]:
    """Return the names of those sensors of a device whose temperatures are not the product's.

    What the device's card says holds. Where it says nothing, a sensor `ambient`, and a tracker's own sensor beside its
    probe (Tive: `Temperature` beside `ProbeTemperature`), measure the air, but only for a shipment that has limits for
    the air: no temperature goes unjudged because nobody said what it is of.
    """
    card = context.cards.get(device) if context is not None else None
    names = frozenset(_thermometers(history))
    if card is not None and card.product_sensors:
        return names - frozenset(card.product_sensors)
    return likely_air(names) if context is not None and context.ambient_limits else frozenset()


def likely_air(names: Iterable[str]) -> frozenset[str]:
    """Return the names of sensors that by their words measure the air."""
    known = frozenset(names)
    return known & ({AMBIENT, _OWN} if _PROBE in known else {AMBIENT})


def product_sensors(holder: Holder, device: str, carried: Carried) -> frozenset[str]:
    """Return the names of the sensors of a device that measure the product's temperature."""
    return frozenset(_thermometers(carried.history)) - air_sensors(carried.history, holder.context, device)


def _thermometers(history: History) -> Iterable[str]:
    for key in history.columns:
        quantity, sensor = parts_of(key)
        if quantity is Quantity.TEMPERATURE:
            yield sensor
