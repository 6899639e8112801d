"""An answer for those who are not at the tower: one HTML page, a workbook, a PDF, and the proof that it was given."""

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from doseway import __version__
from doseway.app.logbook import policy_text
from doseway.app.plans.book import AnswerHead
from doseway.app.plans.made import Made, Shown
from doseway.app.plans.room import PlanRoom
from doseway.app.plans.uploads import XLSX_TYPE, ZIP_TYPE
from doseway.evidence.plan_pdf import PlanReport, Told, render_plan_pdf
from doseway.ledger.proof import format_proof
from doseway.model.clock import iso_utc
from doseway.plan.seeing.report import Chapter, render
from doseway.plan.seeing.workbook import workbook
from doseway.plan.sheets import Sheet
from doseway.plan.tables import Network

Ending = Literal["html", "xlsx", "pdf", "zip"]
"""The files that an answer can be taken along as; the zip has its network and its proof too."""

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "html": "text/html; charset=utf-8",
    "xlsx": XLSX_TYPE,
    "pdf": "application/pdf",
    "zip": ZIP_TYPE,
}

_READ_ME: Final = """\
This is the proof of an answer that the log {origin} holds as entry {index}, about the network of entry {put}.

answer.json, network{ending}   what was answered, and the tables that it is about, as they were brought
*.fact.json                    the two facts: who, when, which parameters, which bound and gap, which software
*.salt                         with the SHA-256 of the file, this gives the fact's `commitment`:
                               SHA-256(0x00 || salt || SHA-256(file))
*.tlog-proof                   that the fact is in the log, under its signed checkpoint (C2SP tlog-proof)
policy                         whose signatures count, as this tower has it; compare it with what you know

Any C2SP tool checks the proofs; `sha256sum` and a line of any language check the commitments.
"""


def report(room: PlanRoom, head: AnswerHead, answer: Made, ending: Ending) -> bytes:
    """Return an answer as a file."""
    match ending:
        case "zip":
            return proof(room, head)
        case "pdf":
            return pdf(head, answer)
        case "xlsx":
            return xlsx(answer)
        case "html":
            return html(head, answer, room.examined(room.version(head.network, head.version)).network)


def report_name(head: AnswerHead, ending: Ending) -> str:
    """Return the name of that file."""
    return f"{head.network}-{head.question}-{head.index}.{ending}"


def portable(name: str) -> str:
    """Return a file's name as any header and any system takes it."""
    return re.sub(r"[^A-Za-z0-9._ -]", "_", name)


def facts_of(head: AnswerHead) -> list[tuple[str, str]]:
    """Return what can be said about how an answer came to be, as pairs of words."""
    proved = [("bound", head.bound), ("gap", head.gap)]
    return [
        ("network", f"{head.network}, version {head.version}"),
        ("SHA-256 of the tables", head.tables_sha256),
        ("asked by", head.by.removeprefix("account:")),
        ("answered", iso_utc(head.at_ms)),
        ("log entry", str(head.index)),
        ("status", head.status + (", stopped" if head.is_stopped else "")),
        *((name, value) for name, value in proved if value is not None),
        ("solver", head.solver),
        ("software", head.software),
        ("SHA-256 of the answer", head.answer_sha256),
    ]


def html(head: AnswerHead | None, answer: Made, network: Network | None) -> bytes:
    """Return an answer as one HTML page."""
    chapters = [
        Chapter(one.title, Shown(said=one.words, tables=one.sheets), tuple(one.figures)) for one in answer.chapters
    ]
    if head is not None:
        said = [f"{name}: {value}" for name, value in facts_of(head)]
        chapters.append(Chapter("How it came to be", Shown(said=said, tables=[])))
    return render(answer.title, chapters, network, f"Doseway {__version__}")


def xlsx(answer: Made) -> bytes:
    """Return an answer as a workbook: the words, then every table and what each drawing shows."""
    sheets = [one for part in answer.chapters for one in (*part.sheets, *(f.twin for f in part.figures))]
    words = [line for part in answer.chapters for line in part.words]
    return workbook(_named_apart(sheets), words)


def pdf(head: AnswerHead, answer: Made) -> bytes:
    """Return an answer as a PDF."""
    told = [
        Told(
            title=part.title,
            words=part.words,
            figures=[(one.title, one.caption, one.printed()) for one in part.figures],
            sheets=part.sheets,
        )
        for part in answer.chapters
    ]
    report = PlanReport(title=answer.title, software=f"Doseway {__version__}", facts=facts_of(head), chapters=told)
    return render_plan_pdf(report, head.at_ms)


def proof(room: PlanRoom, head: AnswerHead) -> bytes:
    """Return everything with which somebody who trusts nobody can check that this was answered, then, about that."""
    log, put = room.log, room.version(head.network, head.version)
    ending = put.file[put.file.rfind(".") :]
    files: dict[str, bytes] = {
        "READ-ME.txt": _READ_ME.format(origin=log.origin, index=head.index, put=put.index, ending=ending).encode(),
        "answer.json": room.answer_bytes(head.index),
        f"network{ending}": room.file(put),
        "policy": policy_text(room.settings).encode(),
    }
    for name, index in (("answer", head.index), ("network", put.index)):
        info = log.blob_info(index)
        files[f"{name}.fact.json"] = log.entry(index)
        files[f"{name}.tlog-proof"] = format_proof(log.tlog_proof(index))
        if info is not None:
            files[f"{name}.salt"] = info.salt
    files["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())
    ).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _named_apart(sheets: Sequence[Sheet]) -> list[Sheet]:
    """Return sheets whose names, as a workbook cuts them, differ; one that comes twice is told once."""
    taken: dict[str, Sheet] = {}
    for one in sheets:
        taken.setdefault(one.name[:31].lower(), one)
    return [one for one in taken.values() if one.rows]
