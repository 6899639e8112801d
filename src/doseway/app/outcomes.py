"""What decoding a packet, and judging a file, came to, as facts: the same by whichever way they came in."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from doseway.app.inspecting import How
from doseway.evidence.inspection import Inspection
from doseway.evidence.readings_csv import readings_sha256
from doseway.model.canonical import encode
from doseway.model.errors import DataError
from doseway.model.facts import JudgementMade, PacketDecoded, PacketRejected, RuleFailed
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


class JudgedFile(NamedTuple):
    """The facts that follow from a file's judgement.

    Attributes:
        failed: the rules that crashed.
        made: the judgement; its `commitment` is empty until `data`, which is its canonical JSON, is staged as its blob.
    """

    failed: tuple[RuleFailed, ...]
    made: JudgementMade
    data: bytes


def judged_file(packet: int, shown: Inspection) -> JudgedFile:
    """Return what to log of a judged file."""
    data = encode(msgspec.to_builtins(shown.judgement))
    made = JudgementMade(
        packet=packet,
        profile_id=shown.judgement.profile_id,
        verdict=shown.verdict.value,
        limits=shown.limits,
        judgement_sha256=hashlib.sha256(data).hexdigest(),
        commitment="",
    )
    failed = (RuleFailed(packet=packet, rule=one.rule, error=one.error) for one in shown.judgement.failures)
    return JudgedFile(tuple(failed), made, data)


def options_of(how_to: How) -> dict[str, Any]:
    """Return what a file's decoder is told beside the bytes, as it is logged."""
    given = {"zone": how_to.zone, "issuers": dict(how_to.issuers), "mapping": how_to.mapping}
    return {name: value for name, value in given.items() if value}
