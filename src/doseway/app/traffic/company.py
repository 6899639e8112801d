"""The company of the demonstration: what it makes, who carries and receives it, and when its shipments leave.

Departures are hours from the beginning of the day; negative ones are under way when it begins.
"""

from typing import Final, Literal, NamedTuple

from doseway.app.traffic.package import CRYOGENIC, FROZEN, REFRIGERATED, ROOM, Package
from doseway.app.traffic.voyages import Stage
from doseway.model.documents import Document, Party, Product

Kit = Literal["tive", "traccar", "van", "packet"]
"""The devices of a shipment: a tracker in the box, the reefer's own, a sensor and the driver's phone, a signing one."""
Incident = Literal["", "tarmac", "freezing", "theft", "spoof", "clone", "late-upload"]

PRODUCTS: Final[tuple[Product, ...]] = (
    Product(id="vaccine-dtp", title="DTP vaccine, 10 doses", profile="usp-cct", is_freeze_sensitive=True),
    Product(id="insulin", title="Insulin glargine pens", profile="usp-cct", is_freeze_sensitive=True),
    Product(id="antibody", title="Monoclonal antibody vials", profile="usp-cct"),
    Product(id="tablets", title="Anticoagulant tablets", profile="usp-crt"),
    Product(id="inhaler", title="Inhaler", profile="usp-crt"),
    Product(id="plasmid", title="Plasmid DNA, frozen", profile="frozen"),
    Product(id="car-t", title="Autologous CAR-T cells", profile="cryogenic"),
)
PARTIES: Final[tuple[Party, ...]] = (
    Party(id="northlight", title="Northlight Biologics"),
    Party(id="alpine-haulage", title="Alpine Haulage"),
    Party(id="skyfreight", title="Skyfreight Cargo"),
    Party(id="atlantic-line", title="Atlantic Container Line"),
    Party(id="care-wholesale", title="Care Wholesale"),
    Party(id="hospitals", title="Hospital pharmacies"),
)


class Route(NamedTuple):
    """A route that the company uses: `incidents` names what befalls the shipment of a departure's number."""

    id: str
    product: str
    package: Package
    kit: Kit
    origin: str
    stages: tuple[Stage, ...]
    departures_h: tuple[float, ...]
    incidents: dict[int, Incident] = {}  # noqa: RUF012  # a named tuple's default is never written to


def _road(*places: str) -> tuple[Stage, ...]:
    return tuple(("road", place) for place in places)


def _flown(first: str, *then: str, last: str) -> tuple[Stage, ...]:
    return (("road", first), *(("air", place) for place in then), ("road", last))


ROUTES: Final[tuple[Route, ...]] = (
    Route("basel-milan", "antibody", REFRIGERATED, "traccar", "plant-basel", _road("hub-milan"), (-1, 2, 7, 13)),
    Route("basel-lyon", "insulin", REFRIGERATED, "van", "plant-basel", _road("hub-lyon"), (1, 9, 15, 18), {1: "spoof"}),
    Route("puurs-paris", "vaccine-dtp", REFRIGERATED, "van", "plant-puurs", _road("hospital-paris"), (3, 8, 14)),
    Route("puurs-berlin", "antibody", REFRIGERATED, "traccar", "plant-puurs", _road("hub-berlin"), (-3, 4, 12)),
    Route("kalundborg-stockholm", "insulin", REFRIGERATED, "traccar", "plant-kalundborg", _road("hub-stockholm"),
          (0, 6, 12)),
    Route("warsaw-vilnius", "vaccine-dtp", REFRIGERATED, "traccar", "hub-warsaw", _road("hub-vilnius"), (2, 9, 16),
          {0: "freezing"}),
    Route("milan-rome", "antibody", REFRIGERATED, "tive", "hub-milan", _road("hub-rome"), (5, 11, 18), {1: "theft"}),
    Route("madrid-lisbon", "insulin", REFRIGERATED, "traccar", "hub-madrid", _road("hub-lisbon"), (1, 6, 14),
          {1: "late-upload"}),
    Route("vienna-munich", "inhaler", ROOM, "van", "hub-vienna", _road("hospital-munich"), (4, 10, 16)),
    Route("jersey-atlanta", "tablets", ROOM, "traccar", "hub-new-jersey", _road("hub-atlanta"), (6, 13)),
    Route("lyon-paris", "antibody", REFRIGERATED, "van", "hub-lyon", _road("hospital-paris"), (2, 9, 16)),
    Route("berlin-warsaw", "insulin", REFRIGERATED, "traccar", "hub-berlin", _road("hub-warsaw"), (3, 10),
          {1: "clone"}),
    Route("puurs-jersey", "vaccine-dtp", REFRIGERATED, "tive", "plant-puurs",
          _flown("airport-lgg", "airport-jfk", last="hub-new-jersey"), (-8, -2, 5)),
    Route("basel-chicago", "antibody", REFRIGERATED, "tive", "plant-basel",
          _flown("airport-fra", "airport-ord", last="hub-chicago"), (-10, -3, 3)),
    Route("hyderabad-berlin", "vaccine-dtp", REFRIGERATED, "tive", "plant-hyderabad",
          _flown("airport-hyd", "airport-dxb", "airport-fra", last="hub-berlin"), (-0.6, -8, 4), {0: "tarmac"}),
    Route("kalundborg-tokyo", "plasmid", FROZEN, "tive", "plant-kalundborg",
          _flown("airport-cph", "airport-nrt", last="hub-tokyo"), (-9, 1)),
    Route("singapore-puurs", "tablets", ROOM, "tive", "plant-singapore",
          _flown("airport-sin", "airport-ams", last="plant-puurs"), (-12, 0.5)),
    Route("puurs-nairobi", "vaccine-dtp", REFRIGERATED, "tive", "plant-puurs",
          _flown("airport-lgg", "airport-nbo", last="hub-nairobi"), (-5, 6)),
    Route("leiden-jersey", "car-t", CRYOGENIC, "packet", "cell-lab-leiden",
          _flown("airport-ams", "airport-jfk", last="hub-new-jersey"), (1.5,)),
    Route("puurs-sao-paulo", "plasmid", FROZEN, "packet", "plant-puurs",
          _flown("airport-lgg", "airport-gru", last="hub-sao-paulo"), (-6, 2)),
    Route("antwerp-new-york", "tablets", ROOM, "traccar", "plant-puurs",
          (("road", "port-antwerp"), ("sea", "port-new-york"), ("road", "hub-new-jersey")), (-60, -120, -20)),
    Route("antwerp-santos", "inhaler", ROOM, "traccar", "plant-puurs",
          (("road", "port-antwerp"), ("sea", "port-santos"), ("road", "hub-sao-paulo")), (-100, -200)),
)  # fmt: skip


def carrier_of(route: Route) -> str:
    """Return the party that carries: by the mode that is furthest."""
    modes = {mode for mode, _ in route.stages}
    if "sea" in modes:
        return "atlantic-line"
    return "skyfreight" if "air" in modes else "alpine-haulage"


def documents() -> tuple[Document, ...]:
    """Return products and parties."""
    return (*PRODUCTS, *PARTIES)
