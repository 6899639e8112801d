"""The state of the log in a few lines: what is in it, and who has seen it."""

from typing import Any

from doseway.app import logbook
from doseway.app.settings import Settings
from doseway.ledger.log import Log
from doseway.ledger.note import open_note
from doseway.model.errors import DosewayError
from doseway.model.facts import BlobErased, JudgementMade, PacketDecoded, PacketReceived, PacketRejected


def log_status(settings: Settings) -> dict[str, Any]:
    """Return origin, key, size, root, witnesses and packets of the user's log.

    Raises:
        Unavailable: there is no log.
        IntegrityError: it is not in order.
    """
    with logbook.reading(settings) as log:
        head = log.head()
        return {
            "origin": log.origin,
            "vkey": str(log.keys()[-1]),
            "size": head.size,
            "root": head.root.hex(),
            "cosigned": _cosigned(settings, log),
            "packets": list(_packets(log).values()),
        }


def _cosigned(settings: Settings, log: Log) -> str:
    note = log.cosigned()
    if note is None:
        return "by nobody yet"
    try:
        witnesses = {one.key: one.name for one in logbook.read_policy(settings).witnesses}
    except DosewayError:
        witnesses = {}
    opened = open_note(note, [*log.keys(), *witnesses])
    names = [witnesses[one.key] for one in opened.signatures if one.key in witnesses]
    return f"{log.open(note).size} entries, by {', '.join(names) or 'witnesses that the policy no longer names'}"


def _packets(log: Log) -> dict[int, dict[str, Any]]:
    """Fold the facts about packets, in log order."""
    packets: dict[int, dict[str, Any]] = {}
    for found in log.facts():
        match found.fact.content():
            case PacketReceived(name=name, size_bytes=size):
                packets[found.index] = {
                    "packet": found.index,
                    "name": name,
                    "size_bytes": size,
                    "state": "received",
                    "verdict": "",
                }
            case PacketDecoded(packet=packet):
                packets[packet]["state"] = "decoded"
            case PacketRejected(packet=packet):
                packets[packet]["state"] = "rejected"
            case JudgementMade(packet=packet, verdict=verdict):
                packets[packet] |= {"state": "judged", "verdict": verdict}
            case BlobErased(packet=packet) if packet in packets:
                packets[packet]["state"] = "erased"
    return packets
