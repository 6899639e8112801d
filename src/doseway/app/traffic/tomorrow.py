"""A shipment of the next day: planned, its device at hand, and one of its rules can never fire.

Somebody made a watch for light in the box and chose a tracker that has no light sensor: what the tower says of that
before the departure is what there is to see.
"""

from collections.abc import Iterator
from typing import Final

from doseway.app.traffic.company import Route, carrier_of
from doseway.app.traffic.model import Binding
from doseway.model.documents import DeviceCard, Document, Shipment, WatchBook
from doseway.model.readings import Quantity
from doseway.model.units import DAY_MS, HOUR_MS

_WATCH: Final = WatchBook(
    id="night-vans",
    title="Vans by night",
    source="the company's own risk assessment",
    rules=(
        {
            "rule": "light",
            "id": "light",
            "rule_version": 1,
            "title": "Light in the box",
            "limit_millilux": 5_000,
            "phases": ["in-transit"],
        },
        {"rule": "tampering", "id": "tampering", "rule_version": 1, "title": "Tampering"},
    ),
)
_DEVICE: Final = DeviceCard(
    id="70b3d57ed0059999",
    title="LoRaWAN box sensor 9999",
    model="LoRaWAN box sensor",
    interval_s=300,
    measures=(Quantity.TEMPERATURE, Quantity.HUMIDITY),
    has_positions=False,
)
_AT_HAND_MS: Final = 22 * HOUR_MS
_DEPARTS_MS: Final = DAY_MS + 5 * HOUR_MS
_PROMISED_MS: Final = DAY_MS + 20 * HOUR_MS


def documents(route: Route, shipment: str, start_ms: int) -> Iterator[Document]:
    """Give its documents; it goes along a lane, from its own planned departure on."""
    yield _WATCH
    yield _DEVICE
    yield Shipment(
        id=shipment,
        title=f"{route.id.replace('-', ' → ', 1)} tomorrow",
        product=route.product,
        lot="L2611",
        quantity=300,
        profile=route.package.profile,
        watch=_WATCH.id,
        shipper="northlight",
        carrier=carrier_of(route),
        consignee="care-wholesale",
        lane=route.id,
        depart_at_ms=start_ms + _DEPARTS_MS,
        promised_at_ms=start_ms + _PROMISED_MS,
    )


def bindings(shipment: str, start_ms: int) -> Iterator[Binding]:
    """Give when its device is put to it: late in the evening."""
    yield Binding(at_ms=start_ms + _AT_HAND_MS, action="ADD", shipment=shipment, device=_DEVICE.id)
