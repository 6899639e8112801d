"""The tower's tables: SQL for search and order, and whole rows as JSON. Computed from the log; may be deleted."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from doseway.app.board import AlertRow, AlertState, DeviceRow, ShipmentRow, Stored, TimelineRow
from doseway.app.tower.library import read_document
from doseway.app.tower.state import state_of
from doseway.app.tower.timeline import told_in_words
from doseway.ledger.drafts import Indexed
from doseway.ledger.projection import Transaction
from doseway.model.errors import DataError
from doseway.model.facts import (
    AlertAcknowledged,
    AlertClosed,
    AlertEscalated,
    AlertExtended,
    AlertOpened,
    AlertRetracted,
    AlertShortened,
    AlertSnoozed,
    DocumentPut,
)
from doseway.model.findings import Severity

NAME: Final = "tower"
VERSION: Final = 2
RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}

_SCHEMA: Final = {
    "tower_shipment": "(id TEXT PRIMARY KEY, words TEXT NOT NULL, phase TEXT NOT NULL, open_alerts INTEGER NOT NULL, "
    "is_located INTEGER NOT NULL, is_late INTEGER NOT NULL, lint INTEGER NOT NULL, row BLOB NOT NULL) "
    "STRICT, WITHOUT ROWID",
    "tower_device": "(device TEXT PRIMARY KEY, words TEXT NOT NULL, shipment TEXT NOT NULL, heard_at_ms INTEGER, "
    "row BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "tower_alert": "(alert TEXT PRIMARY KEY, shipment TEXT NOT NULL, state TEXT NOT NULL, rank INTEGER NOT NULL, "
    "opened_index INTEGER NOT NULL, row BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "tower_document": "(kind TEXT NOT NULL, id TEXT NOT NULL, row BLOB NOT NULL, PRIMARY KEY (kind, id)) "
    "STRICT, WITHOUT ROWID",
    "tower_timeline": "(shipment TEXT NOT NULL, idx INTEGER NOT NULL, row BLOB NOT NULL, "
    "PRIMARY KEY (shipment, idx)) STRICT, WITHOUT ROWID",
}
_INDEXES: Final = (
    "CREATE INDEX tower_shipment_counted ON tower_shipment (phase, open_alerts > 0, is_located, is_late)",
    "CREATE INDEX tower_device_heard ON tower_device (device, heard_at_ms)",
    "CREATE INDEX tower_device_by_shipment ON tower_device (shipment)",
    "CREATE INDEX tower_alert_by_shipment ON tower_alert (shipment, state)",
    "CREATE INDEX tower_alert_by_rank ON tower_alert (state, rank DESC, opened_index DESC)",
)
_encode = msgspec.json.encode
_ALERT: Final = msgspec.json.Decoder(AlertRow)


def reset(tx: Transaction) -> None:
    """Make the tables anew, empty."""
    for table, columns in _SCHEMA.items():
        tx.execute(f"DROP TABLE IF EXISTS {table}")
        tx.execute(f"CREATE TABLE {table} {columns}")
    for sql in _INDEXES:
        tx.execute(sql)


def put_shipments(tx: Transaction, rows: Iterable[ShipmentRow]) -> None:
    """Write shipments."""
    tx.executemany(
        "INSERT OR REPLACE INTO tower_shipment VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                row.id,
                f"{row.id}\n{row.title}\n{row.product}".casefold(),
                row.phase,
                row.open_alerts,
                row.latitude_udeg is not None,
                row.is_late,
                row.lint,
                _encode(row),
            )
            for row in rows
        ],
    )


def put_devices(tx: Transaction, rows: Iterable[DeviceRow]) -> None:
    """Write devices."""
    tx.executemany(
        "INSERT OR REPLACE INTO tower_device VALUES (?, ?, ?, ?, ?)",
        [
            (row.device, f"{row.device}\n{row.model}".casefold(), row.shipment, row.heard_at_ms, _encode(row))
            for row in rows
        ],
    )


def apply(tx: Transaction, facts: Sequence[Indexed]) -> None:
    """Take facts into alerts, documents and timelines; they may have been taken before."""
    for found in facts:
        body = found.fact.content()
        match body:
            case AlertOpened() | AlertExtended() | AlertShortened() | AlertClosed() | AlertRetracted():
                _revise(tx, found, body)
            case AlertAcknowledged(alert=alert, comment=comment):
                _amend(tx, alert, found, acknowledged_by=found.fact.by, comment=comment)
            case AlertSnoozed(alert=alert, until_ms=until_ms):
                _amend(tx, alert, found, snoozed_until_ms=until_ms)
            case AlertEscalated(alert=alert, level=level):
                _amend(tx, alert, found, level=level)
            case DocumentPut():
                _put_document(tx, found.index, body)
        for told in told_in_words(found.fact, body):
            row = TimelineRow(
                index=found.index,
                at_ms=found.fact.at_ms,
                type=found.fact.type,
                by=found.fact.by,
                text=told.text,
                values=told.values,
                alert=told.alert,
                finding=told.finding,
            )
            values = (told.shipment, found.index, _encode(row))
            tx.execute("INSERT OR REPLACE INTO tower_timeline VALUES (?, ?, ?)", values)


def _revise(
    tx: Transaction,
    found: Indexed,
    body: AlertOpened | AlertExtended | AlertShortened | AlertClosed | AlertRetracted,
) -> None:
    old = _alert(tx, body.alert)
    if isinstance(body, AlertOpened):
        row = AlertRow(
            alert=body.alert,
            shipment=body.shipment,
            state=state_of(body.finding),
            finding=body.finding,
            limits=dict(body.limits),
            opened_at_ms=found.fact.at_ms if old is None else old.opened_at_ms,
            opened_index=found.index if old is None else old.opened_index,
            index=found.index,
            revisions=1 if old is None else old.revisions + 1,
        )
        _put_alert(tx, row)
    elif old is not None:
        finding = old.finding if isinstance(body, AlertRetracted) else body.finding
        state: AlertState = "retracted" if isinstance(body, AlertRetracted) else state_of(finding)
        _put_alert(
            tx,
            msgspec.structs.replace(old, state=state, finding=finding, index=found.index, revisions=old.revisions + 1),
        )


def _amend(tx: Transaction, alert: str, found: Indexed, **changes: object) -> None:
    old = _alert(tx, alert)
    if old is not None:
        _put_alert(tx, msgspec.structs.replace(old, index=found.index, **changes))


def _alert(tx: Transaction, alert: str) -> AlertRow | None:
    for (row,) in tx.execute("SELECT row FROM tower_alert WHERE alert = ?", (alert,)):
        return _ALERT.decode(row)
    return None


def _put_alert(tx: Transaction, row: AlertRow) -> None:
    rank = RANKS[row.finding.severity]
    tx.execute(
        "INSERT OR REPLACE INTO tower_alert VALUES (?, ?, ?, ?, ?, ?)",
        (row.alert, row.shipment, row.state, rank, row.opened_index, _encode(row)),
    )


class StoredPlain(msgspec.Struct, frozen=True, kw_only=True):
    """A `Stored` as it lies in its table: the document still plain, because its kind says its type."""

    kind: str
    id: str
    version: int
    index: int
    document: msgspec.Raw

    def read(self) -> Stored:
        """Return it with its document as a struct."""
        body = DocumentPut(
            kind=self.kind,
            id=self.id,
            version=self.version,
            replaces=self.version - 1,
            document=msgspec.json.decode(self.document),
        )
        return Stored(kind=self.kind, id=self.id, version=self.version, index=self.index, document=read_document(body))


def _put_document(tx: Transaction, index: int, body: DocumentPut) -> None:
    try:
        read_document(body)
    except DataError:
        return  # a newer Doseway knows this kind; the log keeps it
    plain = msgspec.Raw(_encode(body.document))
    row = StoredPlain(kind=body.kind, id=body.id, version=body.version, index=index, document=plain)
    tx.execute("INSERT OR REPLACE INTO tower_document VALUES (?, ?, ?)", (body.kind, body.id, _encode(row)))
