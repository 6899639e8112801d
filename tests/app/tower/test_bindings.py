"""Which device was with which shipment: a function of the set of association facts."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.app.tower.bindings import Bindings
from doseway.app.tower.history import Column, History, union
from doseway.model.facts import AssociationRecorded

TOLD = st.lists(
    st.tuples(st.sampled_from(["ADD", "DELETE"]), st.sampled_from(["s1", "s2"]), st.integers(0, 20)), max_size=6
)


def fact(action: str, shipment: str, at_ms: int) -> AssociationRecorded:
    assert action in {"ADD", "DELETE"}
    is_put = action == "ADD"
    return AssociationRecorded(action="ADD" if is_put else "DELETE", parent=shipment, child="d", event_time_ms=at_ms)


def bindings(told: list[tuple[str, str, int]]) -> Bindings:
    found = Bindings()
    for index, one in enumerate(told):
        found.record(index, fact(*one))
    return found


def test_a_device_is_with_one_shipment_after_the_other() -> None:
    found = bindings([("ADD", "s1", 5), ("ADD", "s2", 9), ("DELETE", "s2", 12)])
    assert found.spans("d") == (("s1", 5, 9), ("s2", 9, 12))
    assert [found.shipment_at("d", at_ms) for at_ms in (4, 5, 8, 9, 11, 12)] == ["", "s1", "s1", "s2", "s2", ""]
    assert found.devices_of("s1") == ["d"]
    assert found.sole_holder("d", 100) == ""


def test_a_correction_that_is_told_later_counts_from_when_it_happened() -> None:
    found = bindings([("ADD", "s1", 5), ("ADD", "s2", 3)])
    assert found.spans("d") == (("s2", 3, 5), ("s1", 5, None))
    assert found.sole_holder("d", 5) == "shipment:s1"
    assert found.sole_holder("d", 4) == ""


def test_a_device_that_nobody_bound_holds_what_it_observed_itself() -> None:
    assert Bindings().sole_holder("d", 0) == "device:d"


@settings(deadline=None)
@given(TOLD, st.integers(0, 1 << 20))
def test_every_observation_has_exactly_one_subject(told: list[tuple[str, str, int]], seed: int) -> None:
    by_time = {at_ms: (action, shipment, at_ms) for action, shipment, at_ms in told}
    shuffled = list(by_time.values())
    random.Random(seed).shuffle(shuffled)
    found = bindings(shuffled)
    assert found.spans("d") == bindings(list(by_time.values())).spans("d")
    times = History({"temperature/p": Column(b"".join(at.to_bytes(8, "little") for at in range(24)), b"\0" * 96)})
    parts = found.split("d", times)
    assert sum(part.history.size for part in parts.values()) == 24
    assert union([one.history for one in parts.values()] or [times]).size == 24
    for holder, part in parts.items():
        for at_ms in part.history.heard().tolist():
            assert holder == (
                f"shipment:{found.shipment_at('d', at_ms)}" if found.shipment_at("d", at_ms) else "device:d"
            )
