"""The view of packets: what came in, what became of it, the newest verdict; computed from the log, kept beside it."""

from collections.abc import Sequence
from typing import Any, Final

from doseway.ledger.drafts import Indexed
from doseway.ledger.projection import Transaction
from doseway.model.facts import BlobErased, JudgementMade, PacketDecoded, PacketReceived, PacketRejected

COLUMNS: Final = ("packet", "name", "size_bytes", "state", "verdict")


class PacketsView:
    """A projection with one row a packet."""

    name: Final = "packets"
    version: Final = 1

    def reset(self, tx: Transaction) -> None:
        """Make the table anew."""
        tx.execute("DROP TABLE IF EXISTS packets")
        tx.execute(
            "CREATE TABLE packets (packet INTEGER PRIMARY KEY, name TEXT NOT NULL, size_bytes INTEGER NOT NULL, "
            "state TEXT NOT NULL, verdict TEXT NOT NULL) STRICT"
        )

    def apply(self, tx: Transaction, facts: Sequence[Indexed]) -> None:
        """Take the next facts; those that are not about packets change nothing."""
        for found in facts:
            match found.fact.content():
                case PacketReceived(name=name, size_bytes=size):
                    row = (found.index, name, size, "received", "")
                    tx.execute("INSERT INTO packets VALUES (?, ?, ?, ?, ?)", row)
                case PacketDecoded(packet=packet):
                    _set_state(tx, packet, "decoded")
                case PacketRejected(packet=packet):
                    _set_state(tx, packet, "rejected")
                case BlobErased(packet=packet):
                    _set_state(tx, packet, "erased")  # of a judgement's bytes there is no row to change
                case JudgementMade(packet=packet, verdict=verdict):
                    tx.execute("UPDATE packets SET state = 'judged', verdict = ? WHERE packet = ?", (verdict, packet))


def read_packets(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Name the columns of rows of the view."""
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def _set_state(tx: Transaction, packet: int, state: str) -> None:
    tx.execute("UPDATE packets SET state = ? WHERE packet = ?", (state, packet))
