"""A planned day: the same from the same seed, physically plausible, and every body a message of its format."""

import io
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from doseway.app.traffic import Day, plan_day
from doseway.app.traffic.company import ROUTES
from doseway.app.traffic.places import PLACES
from doseway.coldchain.judge import judge
from doseway.coldchain.judgement import Effect
from doseway.coldchain.profile import builtin
from doseway.intake.cose.record import sequence_of
from doseway.intake.message_registry import by_id
from doseway.intake.port import DecodeOptions
from doseway.intake.registry import by_id as file_format
from doseway.model.documents import DeviceCard, Lane, Party, Product, Shipment, Site
from doseway.model.findings import Severity
from doseway.model.places import distance_m
from doseway.model.readings import Quantity, Recording, Series, SignatureStatus
from doseway.model.units import DAY_MS, HOUR_MS, INVALID, MINUTE_MS

START_MS = 1_795_564_800_000  # 2026-11-25
NOTES = {"network-time", "buffered", "device-record"}
SEVERITIES = {
    Effect.WITHIN_BUDGET: Severity.WARNING,
    Effect.UNDECIDED: Severity.WARNING,
    Effect.QA_REVIEW: Severity.HIGH,
}
BANDS = {"usp-cct": (2_000, 8_000), "usp-crt": (20_000, 25_000), "frozen": (-30_000, -15_001),
         "cryogenic": (-196_000, -150_001)}  # fmt: skip


@cache
def day(seed: int = 1, start_ms: int = START_MS) -> Day:
    return plan_day(seed, start_ms)


@cache
def recordings(seed: int = 1) -> dict[str, list[tuple[int, Recording]]]:
    """What was sent, decoded, by device, each with its arrival."""
    keys = {one.public_key_hex: f"device:{one.id}" for one in cards(seed).values() if one.public_key_hex}
    found: dict[str, list[tuple[int, Recording]]] = defaultdict(list)
    for message in day(seed).messages:
        options = DecodeOptions(name=message.device, received_at_ms=message.at_ms, issuers=keys)
        (recording,) = by_id(message.format).decode(message.body, options)
        assert recording.device.serial == message.device
        found[message.device].append((message.at_ms, recording))
    return found


def cards(seed: int = 1) -> dict[str, DeviceCard]:
    return {one.id: one for one in day(seed).documents if isinstance(one, DeviceCard)}


def shipments(seed: int = 1) -> dict[str, Shipment]:
    return {one.id: one for one in day(seed).documents if isinstance(one, Shipment)}


def series_of(shipment: str, quantity: Quantity, seed: int = 1, until_ms: int = START_MS + DAY_MS) -> list[Series]:
    devices = [one.device for one in day(seed).bindings if one.shipment == shipment and one.action == "ADD"]
    return [
        series
        for device in devices
        for at_ms, recording in recordings(seed)[device]
        if at_ms <= until_ms
        for series in recording.series
        if series.quantity is quantity
    ]


def test_the_same_seed_gives_the_same_day_and_another_one_another() -> None:
    assert plan_day(1, START_MS) == day(1)
    assert day(2).messages != day(1).messages
    assert day(1, START_MS + DAY_MS).messages != day(1).messages


def test_the_day_is_that_of_a_small_company() -> None:
    planned = day()
    assert len(shipments()) == 61
    assert {mode for route in ROUTES for mode, _ in route.stages} == {"road", "air", "sea"}
    assert {route.package.profile for route in ROUTES} == {"usp-cct", "usp-crt", "frozen", "cryogenic"}
    assert {one.format for one in planned.messages} == {"tive", "traccar", "chirpstack", "osmand", "packet"}
    assert {(one.format, one.door) for one in planned.messages} == {
        *(("tive", "http"), ("traccar", "http"), ("osmand", "http"), ("chirpstack", "mqtt"), ("packet", "mqtt")),
    }
    assert 5_000 < len(planned.messages) < 15_000


def test_messages_are_in_order_and_within_the_day() -> None:
    planned = day()
    times = [one.at_ms for one in planned.messages]
    assert times == sorted(times)
    assert planned.start_ms <= times[0]
    assert times[-1] < planned.end_ms == planned.start_ms + DAY_MS


def test_documents_refer_to_what_is_there() -> None:
    known: dict[type, set[str]] = defaultdict(set)
    for one in day().documents:
        assert one.id not in known[type(one)]
        known[type(one)].add(one.id)
        if isinstance(one, Shipment):
            assert one.product in known[Product]
            assert {one.shipper, one.carrier, one.consignee} <= known[Party]
            assert {place for leg in one.legs for place in (leg.from_site, leg.to_site)} <= known[Site]
            assert one.profile == builtin(one.profile).id
    assert len(known[Lane]) == len(ROUTES)
    bound = {(one.shipment, one.device) for one in day().bindings}
    assert {shipment for shipment, _ in bound} == known[Shipment]
    assert {device for _, device in bound} == known[DeviceCard]
    assert {one.device for one in day().messages} == known[DeviceCard] - {"990400100002", "70b3d57ed0059999"}


def test_a_device_is_with_one_shipment_and_taken_off_after_it_was_put_on() -> None:
    last: dict[str, tuple[str, str]] = {}
    for one in day().bindings:
        if one.action == "ADD":
            assert one.device not in last
        else:
            assert last[one.device] == ("ADD", one.shipment)
        last[one.device] = (one.action, one.shipment)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_body_decodes_without_anything_to_remark(seed: int) -> None:
    told = Counter(note.code for found in recordings(seed).values() for _, one in found for note in one.notes)
    assert set(told) <= NOTES
    assert told["buffered"] > 10


def test_no_reading_comes_from_the_future_and_those_of_a_flight_come_in_a_burst() -> None:
    late: Counter[str] = Counter()
    for device, found in recordings().items():
        for at_ms, one in found:
            for series in one.series:
                assert max(series.observed_at_ms) <= at_ms
                late[device] += at_ms >= START_MS + HOUR_MS and min(series.observed_at_ms) < at_ms - HOUR_MS
    assert sum(count > 20 for count in late.values()) > 8


def test_signed_packets_are_genuine_and_whole() -> None:
    for device in (one for one in cards() if one.startswith("dw-")):
        found = [one for _, one in recordings()[device]]
        assert {one.signature.status for one in found} == {SignatureStatus.GENUINE}
        order = sorted(
            (one.seq, one.prev, one.sha256) for each in found for one in map(sequence_of, each.notes) if one is not None
        )
        assert [seq for seq, _, _ in order] == list(range(len(order)))
        assert all(later[1] == earlier[2] for earlier, later in pairwise(order))


def test_temperatures_are_in_range_where_nothing_befalls() -> None:
    hit = {one.shipment for one in day().expected if not one.is_retracted}
    checked = 0
    for name, shipment in shipments().items():
        low, high = BANDS[shipment.profile]
        for series in series_of(name, Quantity.TEMPERATURE) if name not in hit else ():
            assert INVALID not in series.value_milli
            assert low <= min(series.value_milli) <= max(series.value_milli) <= high, (name, shipment.title)
            checked += len(series)
    assert checked > 4_000


def test_a_package_never_changes_faster_than_its_time_constant_allows() -> None:
    """Between two readings ten minutes apart, a refrigerated product moves by less than 2 degrees."""
    for name, shipment in shipments().items():
        if shipment.profile != "usp-cct" or any(one.shipment == name for one in day().expected):
            continue
        points = sorted(
            point
            for series in series_of(name, Quantity.TEMPERATURE)
            for point in zip(series.observed_at_ms, series.value_milli, strict=True)
        )
        assert all(abs(later[1] - earlier[1]) < 2_000 for earlier, later in pairwise(points)), name


def test_nothing_moves_faster_than_it_can() -> None:
    cloned = {one.shipment for one in day().expected if one.rule_id == "cloned_device"}
    devices = {one.device for one in day().bindings if one.shipment in cloned}
    for device, found in recordings().items():
        fixes = sorted(
            {(fix.observed_at_ms, fix.latitude_udeg, fix.longitude_udeg) for _, one in found for fix in one.fixes}
        )
        assert bool(fixes) != device.startswith("70b3")  # a box sensor has no receiver
        speeds = [
            distance_m(earlier[1:], later[1:]) / (later[0] - earlier[0]) * 3600 for earlier, later in pairwise(fixes)
        ]
        assert (max(speeds, default=0) > 1_000) == (device in devices), device


def test_fixes_begin_and_end_at_the_sites_of_the_legs() -> None:
    """A shipment that begins and ends within the day is seen at both ends of its way."""
    whole = 0
    for one in day().bindings:
        legs = shipments()[one.shipment].legs
        if one.action != "DELETE" or one.device not in recordings() or legs[0].depart_at_ms < START_MS:
            continue
        fixes = [fix for _, each in recordings()[one.device] for fix in each.fixes]
        if one.device.startswith("70b3"):
            continue
        for fix, name in ((min(fixes, key=_at), legs[0].from_site), (max(fixes, key=_at), legs[-1].to_site)):
            centre = PLACES[name].site().area
            place = (fix.latitude_udeg, fix.longitude_udeg)
            way = distance_m(place, (centre.latitude_udeg, centre.longitude_udeg))  # type: ignore[union-attr]
            assert way < PLACES[name].radius_m
        whole += 1
    assert whole > 15


def _at(fix: object) -> int:
    return fix.observed_at_ms  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_judge_of_the_cold_chain_finds_what_is_expected_and_nothing_else(seed: int) -> None:
    own = {"theft", "first_miles_stop", "light", "door_open", "no_signal", "spoofed_position", "cloned_device"}
    for name, shipment in shipments(seed).items():
        series = series_of(name, Quantity.TEMPERATURE, seed)
        episodes = judge(series, builtin(shipment.profile), 600_000).episodes if series else ()
        found = sorted((one.rule_id, one.start_ms) for one in episodes if one.effect is not Effect.INFO)
        wanted = sorted(
            (one.rule_id, one.start_ms, one.within_ms)
            for one in day(seed).expected
            if one.shipment == name and one.rule_id not in own and not one.is_retracted and series
        )
        assert [rule for rule, _ in found] == [rule for rule, _, _ in wanted], name
        for (_, start_ms), (_, about_ms, within_ms) in zip(found, wanted, strict=True):
            assert abs(start_ms - about_ms) <= within_ms


def test_a_late_upload_takes_a_gap_away() -> None:
    (gap,) = [one for one in day().expected if one.rule_id == "gap"]
    back_ms = gap.start_ms + 3 * HOUR_MS + 20 * MINUTE_MS
    before, after = (
        {one.rule_id for one in judge(series_of(gap.shipment, Quantity.TEMPERATURE, until_ms=until), builtin("usp-cct"),
                                      600_000).episodes}
        for until in (back_ms + 10 * MINUTE_MS, START_MS + DAY_MS)
    )  # fmt: skip
    assert (before, after) == ({"gap"}, set())


def test_the_file_that_is_imported_by_hand_shows_what_is_expected(examples: Path) -> None:
    (handed,) = day().handed
    with (examples / handed.name).open("rb") as stream:
        content = io.BytesIO(stream.read())
    recording = file_format("berlinger").decode(content, DecodeOptions(zone=handed.zone))
    shipment = shipments()[handed.shipment]
    bound = [one for one in day().bindings if one.shipment == handed.shipment]
    times = recording.series[0].observed_at_ms
    assert {one.device for one in bound} == {recording.device.serial}
    assert bound[0].at_ms <= times[0] < times[-1] < bound[1].at_ms
    found = {
        one.rule_id: (one.start_ms, SEVERITIES[one.effect])
        for one in judge(recording.series, builtin(shipment.profile), 300_000).episodes
        if one.effect is not Effect.INFO
    }
    wanted = {one.rule_id: one for one in day().expected if one.shipment == handed.shipment}
    assert found.keys() == wanted.keys()
    for rule_id, (start_ms, severity) in found.items():
        assert severity is wanted[rule_id].severity
        assert abs(start_ms - wanted[rule_id].start_ms) <= wanted[rule_id].within_ms


def test_each_incident_shows_in_the_messages() -> None:
    by_rule = {one.rule_id: one.shipment for one in day().expected}
    theft = series_of(by_rule["theft"], Quantity.LIGHT)
    assert max(value for series in theft for value in series.value_milli) > 100_000
    spoofed = [one.device for one in day().bindings if one.shipment == "shp-006" and one.device.startswith("van")]
    mocked = [fix for _, one in recordings()[spoofed[0]] for fix in one.fixes if fix.is_mock]
    assert len(mocked) == 6
    assert by_rule["theft"] != by_rule["gap"] != by_rule["above-8"]


def test_expected_alerts_are_of_shipments_that_exist_and_sorted_by_them() -> None:
    names = [one.shipment for one in day().expected]
    assert names == sorted(names)
    assert set(names) <= set(shipments())
    assert {one.severity for one in day().expected} == {Severity.WARNING, Severity.HIGH, Severity.CRITICAL}
