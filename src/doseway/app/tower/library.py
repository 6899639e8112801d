"""The documents in their newest version, and what they say that each shipment is judged by."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from doseway.app.books import SORTS, Book, book_of, builtin
from doseway.app.tower.bindings import Bindings
from doseway.app.tower.state import Context
from doseway.coldchain import profile as profiles
from doseway.coldchain.profile import Profile
from doseway.model import watch as watches
from doseway.model.canonical import encode
from doseway.model.documents import (
    KINDS,
    DeviceCard,
    Document,
    Lane,
    Leg,
    Product,
    ProfileBook,
    RuleBook,
    Shipment,
    Site,
    WatchBook,
)
from doseway.model.errors import DataError, DosewayError
from doseway.model.facts import DocumentPut
from doseway.model.units import SECOND_MS
from doseway.model.watch import Watch
from doseway.transit.build import planned_legs


class Library:
    """Folds document facts."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._documents: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
        self._contexts: dict[str, Context] = {}
        self._device_keys: Mapping[str, str] = {}
        self._changed: set[str] = set()
        self._is_all_changed = False

    def record(self, body: DocumentPut) -> None:
        """Take a document. Raises DataError where it is none of its kind."""
        document = read_document(body)
        self._documents[body.kind][body.id] = document
        if isinstance(document, Shipment):
            self._changed.add(document.id)
        elif isinstance(document, DeviceCard):
            if document.public_key_hex:
                self._device_keys = {**self._device_keys, document.public_key_hex: f"device:{document.id}"}
            self._changed.update(shipment for shipment, _, _ in self._bindings.spans(document.id))
        else:
            self._is_all_changed = True

    def rebound(self, shipments: Iterable[str]) -> None:
        """Note that the devices of shipments changed."""
        self._changed.update(shipments)

    def changed(self) -> dict[str, Context]:
        """Return the contexts that differ from those returned before."""
        known = self._documents[Shipment.KIND]
        names = known.keys() if self._is_all_changed else self._changed & known.keys()
        self._changed, self._is_all_changed = set(), False
        contexts = {name: self._context(name) for name in sorted(names)}
        changed = {name: one for name, one in contexts.items() if self._contexts.get(name) != one}
        self._contexts.update(changed)
        return changed

    def card(self, device: str) -> DeviceCard | None:
        """Return the card of a device."""
        found = self._documents[DeviceCard.KIND].get(device)
        return found if isinstance(found, DeviceCard) else None

    def device_keys(self) -> Mapping[str, str]:
        """Return the keys that devices sign with, hex, to `device:ID`; the same mapping until a card changes."""
        return self._device_keys

    def has(self, kind: str, name: str) -> bool:
        """Tell whether there is a document."""
        return name in self._documents[kind] or (kind in SORTS and name in SORTS[kind].shelf.ids())

    def book(self, kind: str, name: str) -> Book:
        """Return a profile or a watch: the user's own, else the built-in one of that name.

        Raises:
            ProfileError: there is none of that name, or it cannot be read any more.
        """
        own = self._documents[kind].get(name)
        return book_of(own) if isinstance(own, RuleBook) else builtin(kind, name)

    def limits_of(self, profile: Profile, shipment: Shipment) -> bytes:
        """Return the snapshot of any limits for a shipment: what its product used of its budgets before counts."""
        return _plain(profile, self._used_s(shipment))

    def _used_s(self, shipment: Shipment) -> int:
        product = self._documents[Product.KIND].get(shipment.product)
        return product.budget_used_before_s if isinstance(product, Product) else 0

    def _context(self, name: str) -> Context:
        shipment = self._documents[Shipment.KIND][name]
        assert isinstance(shipment, Shipment)
        product = self._documents[Product.KIND].get(shipment.product)
        used_s = self._used_s(shipment)
        wanted = shipment.profile or (product.profile if isinstance(product, Product) else "")
        try:
            limits = self._limits(wanted, used_s)
            ambient = self._limits(shipment.ambient_profile, 0)
            watch = self._watch(shipment.watch or watches.STANDARD_ID)
            error = "" if wanted else "No limit profile is named: neither the shipment nor its product has one."
        except DosewayError as problem:
            limits, ambient, watch, error = b"", b"", b"", f"The limits cannot be read: {problem}"
        legs = self._legs(shipment)
        return Context(
            shipment=shipment,
            limits=limits,
            ambient_limits=ambient,
            watch=watch,
            legs=legs,
            sites=self._sites(legs),
            cards={one: card for one in self._bindings.devices_of(name) if (card := self.card(one)) is not None},
            error=error,
        )

    def _limits(self, name: str, used_s: int) -> bytes:
        if not name:
            return b""
        if name not in self._documents[ProfileBook.KIND]:
            return _snapshot(name, used_s)
        own = self.book(ProfileBook.KIND, name)
        assert isinstance(own, Profile)
        return _plain(own, used_s)

    def _watch(self, name: str) -> bytes:
        if name not in self._documents[WatchBook.KIND]:
            return _standing_watch(name)
        own = self.book(WatchBook.KIND, name)
        assert isinstance(own, Watch)
        return encode(watches.to_plain(own))

    def _legs(self, shipment: Shipment) -> tuple[Leg, ...]:
        lane = self._documents[Lane.KIND].get(shipment.lane)
        return planned_legs(shipment, lane if isinstance(lane, Lane) else None)

    def _sites(self, legs: Iterable[Leg]) -> dict[str, Site]:
        named = {site for leg in legs for site in (leg.from_site, leg.to_site)}
        return {
            name: site
            for name, site in sorted(self._documents[Site.KIND].items())
            if isinstance(site, Site) and (name in named or set(site.uses) - {"stop"})
        }


def read_document(body: DocumentPut) -> Document:
    """Return the document of a fact.

    Raises:
        DataError: its kind is unknown, or it is none of its kind.
    """
    kind = KINDS.get(body.kind)
    if kind is None:
        raise DataError(f"there is no kind of document {body.kind!r}", hint=f"Known: {', '.join(sorted(KINDS))}.")
    try:
        return msgspec.convert(body.document, kind)
    except msgspec.ValidationError as error:
        raise DataError(f"this is no {body.kind}: {error}") from error


@lru_cache(maxsize=256)
def _snapshot(name: str, used_s: int) -> bytes:
    return _plain(profiles.builtin(name), used_s)


@lru_cache(maxsize=64)
def _standing_watch(name: str) -> bytes:
    return encode(watches.to_plain(watches.builtin(name)))


def _plain(profile: Profile, used_s: int) -> bytes:
    """Return a snapshot; what the product used of its budgets before counts in every rule that has a budget."""
    rules = tuple(
        msgspec.structs.replace(rule, used_ms=getattr(rule, "used_ms") + used_s * SECOND_MS)  # noqa: B009
        if used_s and hasattr(rule, "used_ms")
        else rule
        for rule in profile.rules
    )
    return encode(profiles.to_plain(msgspec.structs.replace(profile, rules=rules)))
