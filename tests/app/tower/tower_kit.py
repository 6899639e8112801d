"""A tower in a folder with a clock in hand, a tiny message format, and a fridge shipment: what its tests share."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from doseway.app.board import AlertRow
from doseway.app.settings import Settings
from doseway.app.tower.evaluate import Watch
from doseway.app.tower.journeys import watch_journey
from doseway.app.tower.opening import Tower, open_tower
from doseway.intake.door import Admitted, Incoming
from doseway.intake.port import DecodeOptions
from doseway.ledger.pool import PoolSettings
from doseway.model.documents import DeviceCard, Product, Shipment
from doseway.model.errors import FormatError
from doseway.model.places import Fix, Signal
from doseway.model.readings import Device, Note, Quantity, Recording, Series, SignatureCheck, SignatureStatus
from doseway.model.units import UnixMs

START_MS = 1_764_000_000_000
MINUTE = 60_000
TEN = 10 * MINUTE

Reading = tuple[int, int]
"""Unix ms and milli-°C."""


class TinyFormat:
    """A JSON array of {"d": device, "s": sensor, "t": [[ms, milli]], "f": [[ms, lat, lon]], "g": [[ms, kind]]}."""

    id = "tiny"
    version = 1
    title = "Tiny"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        try:
            messages = json.loads(body)
            return tuple(_recording(one, options) for one in messages)
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(f"this is no tiny message: {error}", hint="Send JSON.") from error


class CrashingFormat(TinyFormat):
    """A plug-in with a fault."""

    id = "crash"

    def decode(self, body: bytes, options: DecodeOptions) -> tuple[Recording, ...]:
        del body, options
        raise ZeroDivisionError("a fault of its own")


def _recording(message: dict[str, Any], options: DecodeOptions) -> Recording:
    notes: tuple[Note, ...] = ()
    series = Series(message.get("s", "probe"), Quantity(message.get("q", "temperature")))
    for at_ms, value in message.get("t", ()):
        if at_ms is None:
            assert options.received_at_ms is not None
            at_ms, notes = options.received_at_ms, (Note("arrival-time", "No time."),)  # noqa: PLW2901
        series.add(at_ms, value)
    return Recording(
        format="tiny",
        format_version=1,
        device=Device(model="T1", serial=message["d"]),
        series=(series,) if len(series) else (),
        signature=SignatureCheck(status=SignatureStatus.UNSIGNED),
        fixes=tuple(Fix(observed_at_ms=a, latitude_udeg=x, longitude_udeg=y) for a, x, y in message.get("f", ())),
        signals=tuple(Signal(observed_at_ms=a, kind=kind) for a, kind in message.get("g", ())),
        notes=notes,
    )


@dataclass
class HandClock:
    """Shows what it is set to."""

    at_ms: int = START_MS

    def now_ms(self) -> UnixMs:
        return UnixMs(self.at_ms)


def body_of(device: str, readings: Iterable[Reading], **more: Any) -> bytes:
    """Return a tiny message of one device."""
    return json.dumps([{"d": device, "t": [list(one) for one in readings], **more}]).encode()


@dataclass
class TowerPlace:
    """Where a tower lies, and how to open it there."""

    folder: Path
    clock: HandClock = field(default_factory=HandClock)
    watch: Watch = watch_journey

    @property
    def settings(self) -> Settings:
        return Settings(store=self.folder / "store")

    @contextmanager
    def open(self) -> Iterator[Tower]:
        with open_tower(
            self.settings,
            messages={"tiny": TinyFormat(), "crash": CrashingFormat()},
            watch=self.watch,
            clock=self.clock,
            pool=PoolSettings(linger_ms=1),
        ) as tower:
            yield tower

    def incoming(self, body: bytes, *, form: str = "tiny", door: str = "http", at_ms: int | None = None) -> Incoming:
        received_at_ms = self.clock.at_ms if at_ms is None else at_ms
        return Incoming(door=door, format=form, body=body, by="key:test", received_at_ms=received_at_ms)

    def send(self, tower: Tower, *bodies: bytes, door: str = "http") -> list[Admitted]:
        """Admit bodies and have them evaluated."""
        futures = [tower.admit(self.incoming(body, door=door)) for body in bodies]
        admitted = [future.result(timeout=10) for future in futures]
        tower.settle()
        return admitted


def plan(tower: Tower, shipment: str = "s1", devices: Sequence[str] = ("d1",), profile: str = "usp-cct") -> None:
    """Put a fridge shipment and its devices, bound from the start."""
    if tower.board.document("product", "vaccine") is None:
        tower.desk.put(Product(id="vaccine", profile=profile), replaces=0, by="user:q")
    tower.desk.put(Shipment(id=shipment, title=f"Lot {shipment}", product="vaccine"), replaces=0, by="user:q")
    for device in devices:
        if tower.board.document("device", device) is None:
            tower.desk.put(DeviceCard(id=device, model="T1"), replaces=0, by="user:q")
        tower.desk.associate(shipment, device, at_ms=START_MS, by="user:q")
    tower.settle()


def journey(hot: Iterable[int] = (), count: int = 60, value: int = 12_000) -> list[Reading]:
    """Return readings every ten minutes, in range but for the hot places."""
    places = set(hot)
    return [(START_MS + number * TEN, value if number in places else 5_000) for number in range(count)]


def said(rows: Iterable[AlertRow]) -> list[tuple[str, str, str]]:
    """Return what alerts say, without how they came to say it."""
    return sorted((one.shipment, one.state, str(one.finding)) for one in rows)


def all_alerts(tower: Tower, states: Sequence[Any] = ("open", "closed")) -> Sequence[AlertRow]:
    """Return every alert, page by page."""
    found: list[AlertRow] = []
    while page := tower.board.alerts(states=states, after=found[-1].alert if found else "", limit=1_000):
        found += page
    return found
