"""The tower's journey is the one that `transit` makes of the same recordings."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transit.journey_kit import HOUR, ROAD, SITES, UNSIGNED, at, fix, site

from doseway.app.tower.bindings import Bindings
from doseway.app.tower.history import history_of
from doseway.app.tower.journeys import journey_of, watch_journey
from doseway.app.tower.library import Library
from doseway.app.tower.state import Carried, Context, Holder
from doseway.model.canonical import encode
from doseway.model.documents import DeviceCard, Shipment
from doseway.model.places import Signal
from doseway.model.readings import Device, Quantity, Recording, Series
from doseway.model.units import INVALID
from doseway.model.watch import builtin, to_plain
from doseway.transit.build import Binding, Papers, build

SHIPMENT = Shipment(id="s1", legs=ROAD)
CARDS = {"d1": DeviceCard(id="d1", interval_s=300)}
END = 8 * HOUR


@st.composite
def recordings(draw: st.DrawFn) -> list[Recording]:
    """Draw what a device said, in any number of recordings."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        series = []
        for sensor, quantity in (("probe", Quantity.TEMPERATURE), ("probe", Quantity.LIGHT)):
            one = Series(sensor, quantity)
            for minute, value in draw(st.lists(st.tuples(st.integers(0, END), st.integers(0, 3)), max_size=12)):
                one.add(at(minute), INVALID if value == 0 else value * 100_000)
            series.append(one)
        places = draw(st.lists(st.tuples(st.integers(0, END), st.integers(900, 1_100)), max_size=12))
        signals = draw(st.lists(st.tuples(st.integers(0, END), st.sampled_from(["jamming", "removed"])), max_size=3))
        found.append(
            Recording(
                format="t",
                format_version=1,
                device=Device(serial="d1"),
                series=tuple(series),
                signature=UNSIGNED,
                fixes=tuple(fix(minute, 45.0, east / 100, is_mock=east % 50 == 1) for minute, east in places),
                signals=tuple(Signal(observed_at_ms=at(minute), kind=kind) for minute, kind in signals),
            )
        )
    return found


def plain(value: Any) -> Any:
    """Return a journey in things that compare."""
    if isinstance(value, np.ndarray):
        return np.where(np.isnan(value), -1.0, value).tolist() if value.dtype.kind == "f" else value.tolist()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


@settings(deadline=None, max_examples=60)
@given(recordings(), st.integers(60, END), st.one_of(st.none(), st.integers(120, END)))
def test_it_is_the_journey_of_the_recordings(found: list[Recording], until: int, unbound: int | None) -> None:
    binding = Binding(device="d1", bound_ms=at(30), unbound_ms=None if unbound is None else at(unbound))
    papers = Papers(shipment=SHIPMENT, sites=SITES | {"park": site("park", (45_100_000, 9_500_000), uses=("safe",))})
    expected = build(papers, [("d1", one) for one in found], [binding], until_ms=at(until))
    history = history_of(found).between(binding.bound_ms, binding.unbound_ms)
    carried = Carried(history, ((binding.bound_ms, binding.unbound_ms),), history.newest_ms)
    context = Context(shipment=SHIPMENT, legs=ROAD, sites=dict(expected.sites), cards={})
    assert plain(journey_of(Holder(context=context, devices={"d1": carried}), at(until))) == plain(expected)


def test_the_watch_finds_and_says_how_far_the_shipment_is() -> None:
    light = Series("box", Quantity.LIGHT)
    for minute in range(0, 150, 5):
        light.add(at(minute), 500_000 if 100 <= minute < 130 else 0)
    places = tuple(fix(minute, 45.0, 9.0 + max(minute - 60, 0) / 120) for minute in range(0, 150, 5))
    said = Recording(
        format="t", format_version=1, device=Device(serial="d1"), series=(light,), signature=UNSIGNED, fixes=places
    )
    carried = Carried(history_of([said]), ((at(0), None),), at(145))
    watch = encode(to_plain(builtin()))
    context = Context(shipment=SHIPMENT, legs=ROAD, sites=dict(SITES), cards=CARDS, watch=watch)
    watched = watch_journey(Holder(context=context, devices={"d1": carried}), at(145))
    assert watched.failures == ()
    rules = {one.finding.rule: one.limits for one in watched.found}
    assert "light" in rules
    assert rules["light"]["rule"] == "light"
    assert (watched.progress.phase, watched.progress.leg) == ("in-transit", 0)
    assert watched.progress.eta_at_ms is not None
    assert watched.progress.eta_at_ms > at(145)


def test_a_library_without_documents_knows_built_in_books() -> None:
    library = Library(Bindings())
    assert library.has("watch", "standard")
    assert library.has("profile", "usp-cct")
    assert not library.has("profile", "nothing")
    assert not library.has("shipment", "s1")
