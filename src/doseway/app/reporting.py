"""Reports of inspections that are in no log."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from doseway import __version__
from doseway.app.logbook import SystemClock
from doseway.evidence.case import Case, JudgedAs, LoggedFact, Original, Packet
from doseway.evidence.inspection import Inspection
from doseway.evidence.pdf import render_pdf
from doseway.evidence.report import render_html
from doseway.ledger.durable import write_whole
from doseway.model.facts import PacketReceived, encode_fact
from doseway.model.ids import SALT_BYTES

_NAMED: Final = 3


def write_reports(inspections: Sequence[Inspection], html: Path | None, pdf: Path | None) -> list[Path]:
    """Write one report over all inspections as HTML, PDF or both; return what was written.

    Raises:
        Unavailable: a file cannot be written.
    """
    case = _case(inspections)
    written = []
    for path, render in ((html, render_html), (pdf, render_pdf)):
        if path is None:
            continue
        write_whole(path, render(case))
        written.append(path)
    return written


def _case(inspections: Sequence[Inspection]) -> Case:
    """Dress inspections as a case without a log: no checkpoint, so the report claims no proof."""
    names = ", ".join(Path(one.file).name for one in inspections[:_NAMED])
    return Case(
        title=names if len(inspections) <= _NAMED else f"{names} and {len(inspections) - _NAMED} more",
        packets=tuple(map(_packet, inspections)),
        policy="",
        software=f"doseway {__version__}",
        made_at_ms=SystemClock().now_ms(),
    )


def _packet(one: Inspection) -> Packet:
    name = Path(one.file).name
    body = PacketReceived(door="inspect", name=name, size_bytes=one.size_bytes, commitment="")
    fact = LoggedFact(index=0, entry=encode_fact(body, at_ms=0, by="inspect"))
    original = Original(open=io.BytesIO, size_bytes=one.size_bytes, salt=bytes(SALT_BYTES))
    judged = JudgedAs(fact=fact, inspection=one)
    return Packet(received=fact, recording=one.recording, original=original, judged=(judged,))
