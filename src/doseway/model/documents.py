"""The documents that people edit: each change puts the whole document in a new version (`document.put`).

A shipment names a product, a lane or its own legs, the parties, and the limit profile to judge by. Devices are not part
of it: they are associated with it over time, in the words of an EPCIS 2.0 AssociationEvent.
"""

from typing import Any, ClassVar, Literal

import msgspec

from doseway.model.places import Area
from doseway.model.readings import Quantity

Mode = Literal["road", "air", "sea", "rail"]


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all documents; `KIND` names it in facts, tags (`KIND:id`) and addresses.

    Attributes:
        id: `a-z 0-9 . _ -`, at most 64, given once. title: for people.
    """

    KIND: ClassVar[str] = ""
    id: str
    title: str = ""


class Product(Document, frozen=True, kw_only=True):
    """What is shipped. `gtin` is its GS1 GTIN-14; `profile` the limit profile that its label asks for."""

    KIND: ClassVar[str] = "product"
    gtin: str = ""
    profile: str = ""
    is_freeze_sensitive: bool = False
    budget_used_before_s: int = 0


class Party(Document, frozen=True, kw_only=True):
    """A company or a department. `gln` is its GS1 GLN. It has no addresses, for facts hold none."""

    KIND: ClassVar[str] = "party"
    gln: str = ""


class Site(Document, frozen=True, kw_only=True):
    """A place with a fence: an origin, a hub, a safe parking, a zone of risk.

    Attributes:
        area: its fence. zone: its IANA time zone.
        uses: what it is to a shipment; `risk` areas hold within `hours` (local `HH:MM-HH:MM`, empty: always); in a
            `dead` one no radio is to be expected.
    """

    KIND: ClassVar[str] = "site"
    area: Area
    zone: str = "UTC"
    gln: str = ""
    uses: tuple[Literal["stop", "safe", "risk", "dead"], ...] = ("stop",)
    hours: tuple[str, ...] = ()


class Leg(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One leg: from site to site by one mode, planned for Unix ms; `corridor_m` is half the width it may stray."""

    mode: Mode
    from_site: str
    to_site: str
    depart_at_ms: int
    arrive_at_ms: int
    corridor_m: int = 0
    via_udeg: tuple[tuple[int, int], ...] = ()


class Lane(Document, frozen=True, kw_only=True):
    """A route that is used again: its legs count from a departure at 0."""

    KIND: ClassVar[str] = "lane"
    legs: tuple[Leg, ...] = ()


class DeviceCard(Document, frozen=True, kw_only=True):
    """A tracker or logger: `id` is what its messages call it.

    Attributes:
        interval_s: how often it measures. silence_s: the pause between its messages that is normal.
        buffers: it keeps readings and sends them later. public_key_hex: of a device that signs its packets.
        calibrated_until_ms: the end of its calibration's validity.
        measures: what it senses; empty: not known. has_positions: it reports where it is.
        product_sensors: the names of those of its sensors that are in the product; the temperatures of its others are
            those of the air around it. Empty: not said. Then a sensor `ambient`, and a tracker's own sensor `internal`
            beside its `probe`, measure the air for a shipment that has limits for it, and the product for any other.
    """

    KIND: ClassVar[str] = "device"
    model: str = ""
    interval_s: int = 600
    silence_s: int = 1800
    buffers: bool = True
    public_key_hex: str = ""
    calibrated_until_ms: int | None = None
    measures: tuple[Quantity, ...] = ()
    has_positions: bool = True
    product_sensors: tuple[str, ...] = ()


class Shipment(Document, frozen=True, kw_only=True):
    """A consignment under way.

    Attributes:
        profile: id of the limit profile for the product's temperature; `ambient_profile` for the transport's own
            (IATA label) range; empty: the product's, none.
        watch: id of the rule set for everything but temperature; empty: the built-in `standard`.
        depart_at_ms: when it is planned to leave: a lane's legs count from it; None: from the lane's length before the
            promise. promised_at_ms: when it has to be there. sscc: the GS1 SSCC of its logistic units.
    """

    KIND: ClassVar[str] = "shipment"
    product: str = ""
    lot: str = ""
    quantity: int = 0
    sscc: tuple[str, ...] = ()
    profile: str = ""
    ambient_profile: str = ""
    watch: str = ""
    shipper: str = ""
    carrier: str = ""
    consignee: str = ""
    lane: str = ""
    legs: tuple[Leg, ...] = ()
    depart_at_ms: int | None = None
    promised_at_ms: int | None = None
    is_cancelled: bool = False


class RuleBook(Document, frozen=True, kw_only=True):
    """A user's own rule book: its snapshot as it is logged with every alert, integers in thousandths and ms.

    Attributes:
        version: that of the document, counted by the tower. source: where the limits come from; notes: what a user of
            it must know. rules: one table each, `rule` and `id` first.
    """

    version: int = 1
    source: str = ""
    notes: str = ""
    rules: tuple[dict[str, Any], ...] = ()


class ProfileBook(RuleBook, frozen=True, kw_only=True):
    """A limit profile: see `doseway.coldchain.profile`."""

    KIND: ClassVar[str] = "profile"
    confidence: str = ""
    energy_j_mol: int = 83_144
    observation: dict[str, Any] = {}


class WatchBook(RuleBook, frozen=True, kw_only=True):
    """A rule set for everything but temperature: see `doseway.model.watch`."""

    KIND: ClassVar[str] = "watch"


KINDS: dict[str, type[Document]] = {
    kind.KIND: kind for kind in (Product, Party, Site, Lane, DeviceCard, Shipment, ProfileBook, WatchBook)
}
