"""The tower's `Board`: tables for what is searched and sorted, the states for what is drawn."""

from collections.abc import Sequence
from typing import Final

import msgspec

from doseway.app.board import (
    AlertRow,
    AlertState,
    ChannelPoints,
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
        sql, values = "SELECT row FROM tower_shipment WHERE id > ?", [query.after]
        for word in query.text.casefold().split():
            sql, values = f"{sql} AND instr(words, ?) > 0", [*values, word]
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
        return [_ALERT.decode(row) for row in self._rows(sql, *values, _page(limit))]

    def alert(self, alert: str) -> AlertRow | None:
        """Return one alert."""
        rows = self._rows("SELECT row FROM tower_alert WHERE alert = ?", alert)
        return _ALERT.decode(rows[0]) if rows else None

    def devices(self, *, after: str = "", limit: int = 100) -> Sequence[DeviceRow]:
        """Return a page of devices, sorted by id."""
        sql = "SELECT row FROM tower_device WHERE device > ? ORDER BY device LIMIT ?"
        until_ms = until_ms_of(self._keeper.states)
        return [self._heard(_DEVICE.decode(row), until_ms) for row in self._rows(sql, after, _page(limit))]

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

    def _heard(self, row: DeviceRow, until_ms: int) -> DeviceRow:
        card = self._library.card(row.device)
        silence_ms = (card.silence_s if card is not None else _SILENCE_S) * SECOND_MS
        is_silent = row.heard_at_ms is None or until_ms - row.heard_at_ms > silence_ms
        return msgspec.structs.replace(row, is_silent=is_silent)

    def _rows(self, sql: str, *values: object) -> list[bytes]:
        return [row for (row,) in self._views.query(sql, values) if isinstance(row, bytes)]


def _page(limit: int) -> int:
    return max(1, min(limit, _MOST))
