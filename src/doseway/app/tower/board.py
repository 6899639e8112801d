"""The tower's `Board`: tables for what is searched and sorted, the states for what is drawn."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from doseway.app.board import (
    AlertRow,
    AlertState,
    ChannelPoints,
    Counts,
    DeviceRow,
    ShipmentQuery,
    ShipmentRow,
    Stored,
    TimelineRow,
)
from doseway.app.tower.changes import Changes
from doseway.app.tower.charting import channels_of, route_of
from doseway.app.tower.keeper import Keeper, until_ms_of
from doseway.app.tower.library import Library
from doseway.app.tower.lost import rests_on_lost
from doseway.app.tower.state import shipment_holder
from doseway.app.tower.tables import StoredPlain
from doseway.engines.sqlite_views import SqliteViews
from doseway.model.documents import DeviceCard
from doseway.model.units import SECOND_MS

_MOST: Final = 1_000
_SHIPMENT: Final = msgspec.json.Decoder(ShipmentRow)
_ALERT: Final = msgspec.json.Decoder(AlertRow)
_DEVICE: Final = msgspec.json.Decoder(DeviceRow)
_STORED: Final = msgspec.json.Decoder(StoredPlain)
_TIMELINE: Final = msgspec.json.Decoder(TimelineRow)
_SILENCE_S: Final = DeviceCard(id="").silence_s


class TowerBoard:
    """Reads the tower's views. Thread-safe.

    Args:
        views: a connection of its own, so that no page waits for the writer.
        keeper: where the states are. changes: how far the views are. library: the cards of devices.
    """

    def __init__(self, views: SqliteViews, keeper: Keeper, changes: Changes, library: Library) -> None:
        self._views = views
        self._keeper = keeper
        self._changes = changes
        self._library = library

    def index(self) -> int:
        """Return how many facts the views have taken."""
        return self._changes.end

    def wait_for(self, index: int, timeout_s: float) -> bool:
        """Wait until the views have taken the fact at `index`; False when they have not in time."""
        return self._changes.wait_for(index, timeout_s)

    def shipments(self, query: ShipmentQuery) -> Sequence[ShipmentRow]:
        """Return a page of shipments, sorted by id."""
        sql, values = _searched("SELECT row FROM tower_shipment WHERE id > ?", query.after, query.text)
        if query.phases:
            marks = ", ".join("?" * len(query.phases))
            sql, values = f"{sql} AND phase IN ({marks})", [*values, *query.phases]
        if query.is_alerting:
            sql += " AND open_alerts > 0"
        if query.is_unready:
            sql += " AND lint > 0"
        return [_SHIPMENT.decode(row) for row in self._rows(f"{sql} ORDER BY id LIMIT ?", *values, _page(query.limit))]

    def shipment(self, shipment: str) -> ShipmentRow | None:
        """Return one shipment."""
        rows = self._rows("SELECT row FROM tower_shipment WHERE id = ?", shipment)
        return _SHIPMENT.decode(rows[0]) if rows else None

    def alerts(
        self, *, shipment: str = "", states: Sequence[AlertState] = ("open",), after: str = "", limit: int = 100
    ) -> Sequence[AlertRow]:
        """Return alerts, the gravest and then the newest first."""
        marks = ", ".join("?" * len(states))
        sql = "SELECT row FROM tower_alert WHERE state IN (" + marks + ")"  # noqa: S608 - question marks only
        values: list[object] = [*states]
        if shipment:
            sql, values = f"{sql} AND shipment = ?", [*values, shipment]
        if after:
            place = "(SELECT rank, opened_index, alert FROM tower_alert WHERE alert = ?)"
            sql, values = f"{sql} AND (rank, opened_index, alert) < {place}", [*values, after]
        sql += " ORDER BY rank DESC, opened_index DESC, alert DESC LIMIT ?"
        return [self._marked(_ALERT.decode(row)) for row in self._rows(sql, *values, _page(limit))]

    def alert(self, alert: str) -> AlertRow | None:
        """Return one alert."""
        rows = self._rows("SELECT row FROM tower_alert WHERE alert = ?", alert)
        return self._marked(_ALERT.decode(rows[0])) if rows else None

    def counts(self) -> Counts:
        """Return how many there are of what the overview counts."""
        sql = (
            "SELECT phase, open_alerts > 0, is_located, is_late, lint > 0, count(*) FROM tower_shipment "
            "GROUP BY phase, open_alerts > 0, is_located, is_late, lint > 0"
        )
        ((alerts,),) = self._views.query("SELECT count(*) FROM tower_alert WHERE state = 'open'")
        return msgspec.convert(_counted(self._views.query(sql), alerts), Counts)

    def devices(
        self, *, text: str = "", shipment: str = "", is_silent: bool = False, after: str = "", limit: int = 100
    ) -> Sequence[DeviceRow]:
        """Return a page of devices, sorted by id: with these words in id or model, of a shipment, only silent ones."""
        sql, values = _searched("SELECT row FROM tower_device WHERE device > ?", after, text)
        if shipment:
            sql, values = f"{sql} AND shipment = ?", [*values, shipment]
        rows = self._heard(self._rows(f"{sql} ORDER BY device LIMIT ?", *values, -1 if is_silent else _page(limit)))
        return list(islice((row for row in rows if row.is_silent or not is_silent), _page(limit)))

    def count_silent(self) -> int:
        """Return how many devices are silent."""
        until_ms = until_ms_of(self._keeper.states)
        found = self._views.query("SELECT device, heard_at_ms FROM tower_device")
        return sum(self._is_silent(str(device), heard, until_ms) for device, heard in found)

    def channels(self, shipment: str, *, first_ms: int, last_ms: int, buckets: int) -> Sequence[ChannelPoints]:
        """Return every channel of a shipment within a span, in at most so many buckets each."""
        holder = self._keeper.holder(shipment_holder(shipment))
        return [] if holder is None else channels_of(holder, first_ms, last_ms, max(buckets, 1))

    def route(self, shipment: str, *, points: int = 500) -> Sequence[tuple[int, int, int, int | None]]:
        """Return the way so far: (at_ms, latitude_udeg, longitude_udeg, accuracy_mm), thinned to so many points."""
        holder = self._keeper.holder(shipment_holder(shipment))
        return [] if holder is None else route_of(holder, max(points, 2))

    def timeline(self, shipment: str, *, after: int = -1, limit: int = 100) -> Sequence[TimelineRow]:
        """Return the facts about a shipment, the oldest first, behind an index."""
        sql = "SELECT row FROM tower_timeline WHERE shipment = ? AND idx > ? ORDER BY idx LIMIT ?"
        return [_TIMELINE.decode(row) for row in self._rows(sql, shipment, after, _page(limit))]

    def document(self, kind: str, document: str) -> Stored | None:
        """Return a document in its newest version."""
        rows = self._rows("SELECT row FROM tower_document WHERE kind = ? AND id = ?", kind, document)
        return _STORED.decode(rows[0]).read() if rows else None

    def documents(self, kind: str, *, after: str = "", limit: int = 100) -> Sequence[Stored]:
        """Return a page of documents of a kind, sorted by id."""
        sql = "SELECT row FROM tower_document WHERE kind = ? AND id > ? ORDER BY id LIMIT ?"
        return [_STORED.decode(row).read() for row in self._rows(sql, kind, after, _page(limit))]

    def _marked(self, row: AlertRow) -> AlertRow:
        """Mark an alert that rests on what can no longer be read: erasing is no fact about an alert."""
        holder = self._keeper.holder(shipment_holder(row.shipment))
        if holder is None or not rests_on_lost(holder, row.finding):
            return row
        return msgspec.structs.replace(row, is_on_erased=True)

    def _heard(self, rows: Sequence[bytes]) -> Iterator[DeviceRow]:
        until_ms = until_ms_of(self._keeper.states)
        for row in map(_DEVICE.decode, rows):
            yield msgspec.structs.replace(row, is_silent=self._is_silent(row.device, row.heard_at_ms, until_ms))

    def _is_silent(self, device: str, heard_at_ms: object, until_ms: int) -> bool:
        card = self._library.card(device)
        silence_ms = (card.silence_s if card is not None else _SILENCE_S) * SECOND_MS
        return not isinstance(heard_at_ms, int) or until_ms - heard_at_ms > silence_ms

    def _rows(self, sql: str, *values: object) -> list[bytes]:
        return [row for (row,) in self._views.query(sql, values) if isinstance(row, bytes)]


def _searched(sql: str, after: str, text: str) -> tuple[str, list[object]]:
    """Return a statement that goes on behind an id and asks for every word of a text."""
    words = text.casefold().split()
    return sql + " AND instr(words, ?) > 0" * len(words), [after, *words]


def _counted(groups: Sequence[tuple[Any, ...]], open_alerts: object) -> dict[str, object]:
    """Add up groups of (phase, is alerting, is located, is late, is unready, how many)."""
    phases: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    for phase, alerting, located, late, unready, count in groups:
        phases[phase] += count
        sums.update(alerting=alerting * count, located=located * count, late=late * count, unready=unready * count)
    return {
        **dict.fromkeys(("alerting", "located", "late", "unready"), 0),
        **sums,
        "phases": dict(phases),
        "open_alerts": open_alerts,
    }


def _page(limit: int) -> int:
    return max(1, min(limit, _MOST))
