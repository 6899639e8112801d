"""When and how samples are sent: live, in a burst after a flight, late after a dead zone, or twice under one id."""

import hashlib
import random
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from doseway.app.traffic import incidents, trackers
from doseway.app.traffic.model import Message
from doseway.app.traffic.places import PLACES
from doseway.app.traffic.plans import Plan, Unit
from doseway.app.traffic.trackers import Sample
from doseway.intake.cose.sender import Sender
from doseway.model.units import MINUTE_MS, SECOND_MS

_PAST_MS: Final = 3 * MINUTE_MS
_LANDED_MS: Final = 20 * MINUTE_MS
_ELSEWHERE: Final = "hub-madrid"
_MQTT: Final = frozenset({"chirpstack", "packet"})


def messages(plan: Plan, samples: Iterable[Sample], seed: int, start_ms: int, end_ms: int) -> Iterator[Message]:
    """Give the messages of all devices of a shipment that are sent within the day.

    What was sent before the day began comes in its first minutes: the tower is switched on, and is told the past.
    """
    samples = list(samples)
    for unit in plan.units:
        rng = random.Random(f"{seed} sending {unit.card.id}")  # noqa: S311  # traffic, no secrets
        for message in _of_unit(plan, unit, samples, rng):
            if message.at_ms < start_ms:
                past_ms = start_ms + rng.randrange(_PAST_MS)
                yield msgspec.structs.replace(message, at_ms=past_ms)
            elif message.at_ms < end_ms:
                yield message


def _of_unit(plan: Plan, unit: Unit, samples: list[Sample], rng: random.Random) -> Iterator[Message]:
    if unit.format == "packet":
        yield from _signed(plan, unit, samples, rng)
        return
    for number, sample in enumerate(samples):
        sent_ms = _sent_ms(plan, sample, rng)
        if sent_ms is None:
            continue
        is_late = sent_ms - sample.at_ms > MINUTE_MS
        body = _body(unit, sample._replace(is_late=is_late), number)
        yield _message(unit, sent_ms, body)
        if plan.incident == "clone" and plan.hit_ms <= sample.at_ms < plan.hit_ms + incidents.CLONE_MS:
            yield _cloned(unit, sample, number)


def _sent_ms(plan: Plan, sample: Sample, rng: random.Random) -> int | None:
    """Return when a sample is sent; None: never."""
    delay = rng.randrange(2, 30) * SECOND_MS
    if plan.incident == "theft" and sample.at_ms >= plan.hit_ms + incidents.VANISH_MS:
        return None
    if plan.incident == "late-upload" and plan.hit_ms <= sample.at_ms < plan.hit_ms + incidents.SILENT_MS:
        return plan.hit_ms + incidents.SILENT_MS + incidents.CATCH_UP_MS + delay
    landing = _landing_ms(plan, sample.at_ms)
    return sample.at_ms + delay if landing is None else landing + _LANDED_MS + delay


def _landing_ms(plan: Plan, at_ms: int) -> int | None:
    """Return when the flight lands that the shipment is on; None on the ground."""
    for leg, late in zip(plan.voyage.legs, plan.voyage.late_ms, strict=True):
        if leg.mode == "air" and leg.depart_at_ms + late <= at_ms < leg.arrive_at_ms + late:
            return leg.arrive_at_ms + late
    return None


def _signed(plan: Plan, unit: Unit, samples: list[Sample], rng: random.Random) -> Iterator[Message]:
    """Give signed packets; what was kept during a flight goes out as one body, in the order in which it was signed."""
    device = unit.card.id
    boot_id = hashlib.sha256(device.encode()).digest()[:8]
    sender = Sender(trackers.signing_key(device), device, boot_id=boot_id, boot_n=1)
    kept: dict[int, list[bytes]] = {}
    for sample in samples:
        packet = trackers.signed(sender, sample, plan.bind_ms)
        landing = _landing_ms(plan, sample.at_ms)
        delay = rng.randrange(2, 30) * SECOND_MS
        kept.setdefault(sample.at_ms + delay if landing is None else landing + _LANDED_MS, []).append(packet)
    for sent_ms, packets in kept.items():
        yield _message(unit, sent_ms, b"".join(packets))


def _cloned(unit: Unit, sample: Sample, number: int) -> Message:
    """Return what a second device says under the same id, half an interval later."""
    latitude, longitude = PLACES[_ELSEWHERE].position
    at_ms = sample.at_ms + 5 * MINUTE_MS
    place = (latitude + 0.2 + number * 0.00011, longitude + 0.3)
    there = sample._replace(at_ms=at_ms, position=place, speed_kmh=0.0, temperature_milli=5_100)
    return _message(unit, at_ms + 7 * SECOND_MS, _body(unit, there, number))


def _body(unit: Unit, sample: Sample, number: int) -> bytes:
    device = unit.card.id
    match unit.format:
        case "tive":
            return trackers.tive(device, sample)
        case "traccar":
            return trackers.traccar(device, sample)
        case "chirpstack":
            return trackers.chirpstack(device, sample, number)
        case _:
            return trackers.osmand(device, sample)


def _message(unit: Unit, sent_ms: int, body: bytes) -> Message:
    device = unit.card.id
    topics = {"chirpstack": f"application/boxes/device/{device}/event/up", "packet": f"devices/{device}/packet"}
    return Message(
        at_ms=sent_ms,
        door="mqtt" if unit.format in _MQTT else "http",
        format=unit.format,
        device=device,
        body=body,
        name=topics.get(unit.format, ""),
    )
