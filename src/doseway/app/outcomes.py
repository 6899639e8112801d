"""What decoding a packet came to, as facts: the same for a file that is imported and a message that came in."""

from collections.abc import Mapping
from typing import Any

from doseway.app.inspecting import How
from doseway.evidence.readings_csv import readings_sha256
from doseway.model.errors import DataError
from doseway.model.facts import PacketDecoded, PacketRejected
from doseway.model.readings import Recording


def decoded_fact(packet: int, recording: Recording, options: Mapping[str, Any]) -> PacketDecoded:
    """Return the fact that a packet was read, with the options that it was read by."""
    times = [instant for series in recording.series for instant in series.observed_at_ms]
    times += [fix.observed_at_ms for fix in recording.fixes] + [one.observed_at_ms for one in recording.signals]
    return PacketDecoded(
        packet=packet,
        format=recording.format,
        format_version=recording.format_version,
        signature=recording.signature.status.value,
        device_model=recording.device.model,
        device_serial=recording.device.serial,
        zone=recording.zone,
        readings=recording.readings,
        first_at_ms=min(times, default=None),
        last_at_ms=max(times, default=None),
        readings_sha256=readings_sha256(recording),
        options=dict(options),
    )


def rejected_fact(packet: int, error: DataError) -> PacketRejected:
    """Return the fact that a packet could not be read: what, where, and what to do."""
    return PacketRejected(
        packet=packet, code=error.code, what=error.what, where=str(error.where or ""), hint=error.hint
    )


def options_of(how_to: How) -> dict[str, Any]:
    """Return what a file's decoder is told beside the bytes, as it is logged."""
    given = {"zone": how_to.zone, "issuers": dict(how_to.issuers), "mapping": how_to.mapping}
    return {name: value for name, value in given.items() if value}
