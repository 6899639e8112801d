"""The documents in their newest version, and what they say that each shipment is judged by."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from doseway.app.tower.bindings import Bindings
from doseway.app.tower.state import Context
from doseway.coldchain import profile as profiles
from doseway.coldchain.profile import Profile
from doseway.model import watch as watches
from doseway.model.canonical import encode
from doseway.model.documents import KINDS, DeviceCard, Document, Lane, Leg, Product, Shipment, Site
from doseway.model.errors import DataError, DosewayError
from doseway.model.facts import DocumentPut
from doseway.model.units import SECOND_MS

PROFILE_KIND: Final = "profile"
WATCH_KIND: Final = "watch"
BOOKS: Final = frozenset({PROFILE_KIND, WATCH_KIND})
"""Rule books that users put as documents: their snapshots."""


class Library:
    """Folds document facts."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._documents: dict[str, dict[str, Document]] = {kind: {} for kind in KINDS}
        self._profiles: dict[str, Mapping[str, Any]] = {}
        self._watches: dict[str, Mapping[str, Any]] = {}
        self._contexts: dict[str, Context] = {}
        self._device_keys: Mapping[str, str] = {}
        self._changed: set[str] = set()
        self._is_all_changed = False

    def record(self, body: DocumentPut) -> None:
        """Take a document. Raises DataError where it is none of its kind."""
        if body.kind in BOOKS:
            books = self._profiles if body.kind == PROFILE_KIND else self._watches
            books[body.id] = body.document
            self._is_all_changed = True
            return
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
        if kind == PROFILE_KIND:
            return name in self._profiles or name in profiles.builtin_ids()
        if kind == WATCH_KIND:
            return name in self._watches or name in watches.builtin_ids()
        return name in self._documents[kind]

    def _context(self, name: str) -> Context:
        shipment = self._documents[Shipment.KIND][name]
        assert isinstance(shipment, Shipment)
        product = self._documents[Product.KIND].get(shipment.product)
        used_s = product.budget_used_before_s if isinstance(product, Product) else 0
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
        own = self._profiles.get(name)
        return _snapshot(name, used_s) if own is None else _plain(profiles.from_plain(own), used_s)

    def _watch(self, name: str) -> bytes:
        own = self._watches.get(name)
        return _standing_watch(name) if own is None else encode(watches.to_plain(watches.from_plain(own)))

    def _legs(self, shipment: Shipment) -> tuple[Leg, ...]:
        lane = self._documents[Lane.KIND].get(shipment.lane)
        if shipment.legs or not isinstance(lane, Lane) or not lane.legs or shipment.promised_at_ms is None:
            return shipment.legs
        departure_ms = shipment.promised_at_ms - lane.legs[-1].arrive_at_ms
        return tuple(
            msgspec.structs.replace(
                leg, depart_at_ms=leg.depart_at_ms + departure_ms, arrive_at_ms=leg.arrive_at_ms + departure_ms
            )
            for leg in lane.legs
        )

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
