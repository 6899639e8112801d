"""The evidence of one shipment: every packet of it, and its record with the judgement that anybody can make anew.

A live message holds a few readings of some devices; the judgement is about all of them. So the readings of the shipment
are put into the log as one record in Doseway's own format, judged there, and packed beside the packets that they came
in. The stand-alone verifier recomputes the judgement from the record, and each packet's readings are bound by hash.
"""

import io
from collections.abc import Iterable
from pathlib import Path

import msgspec

from doseway.app.importing import import_stream
from doseway.app.inspecting import How
from doseway.app.packing import Packed, pack_packets
from doseway.app.settings import Settings
from doseway.app.tower.opening import Tower
from doseway.app.tower.record import packets_of, record_of
from doseway.coldchain.profile import Profile, from_plain, without_limits
from doseway.evidence import readings_csv
from doseway.model.errors import DataError


def pack_shipment(settings: Settings, tower: Tower, shipment: str, *, title: str, out: Path) -> Packed:
    """Write the pack of a shipment.

    Raises:
        DataError: there is no such shipment, or nothing was received for it yet.
        UsageError, HashMismatch, ForkedLog, RolledBack, Unavailable: as `pack_packets`.
    """
    holder = tower.holder(shipment)
    if holder is None or holder.context is None:
        raise DataError(f"there is no shipment {shipment!r}")
    packets = packets_of(holder)
    if not packets:
        hint = "Wait for its devices' first message, or import a logger's file."
        raise DataError(f"nothing was received for shipment {shipment} yet", hint=hint)
    record = _record(tower, shipment, readings_csv.chunks(record_of(holder)), _profile(holder.context.limits))
    return pack_packets(settings, tower.sequencer, [*packets, record], title, out)


def _record(tower: Tower, shipment: str, chunks: Iterable[bytes], profile: Profile) -> int:
    """Put the record into the log, judged; the same record is there once."""
    stream = io.BytesIO(b"".join(chunks))
    how_to = How(profile=profile, format="readings")
    return import_stream(tower.sequencer, stream, f"{shipment}.readings.csv", how_to).packet


def _profile(limits: bytes) -> Profile:
    return from_plain(msgspec.json.decode(limits)) if limits else without_limits()
