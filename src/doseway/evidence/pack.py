"""The evidence pack: one zip that verifies on a machine with no network, no Doseway and no trust in us.

    manifest.json                     every file's SHA-256 and size
    report.html, report.pdf           for people
    records/<packet>-<name>, .salt    the original bytes, and the salt that opens their commitment
    readings/<packet>.csv             the canonical readings
    judgement/<fact>.json             the judgement as logged, and .limits.json, the limits that were in force
    log/checkpoint, log/entries/*     the cosigned checkpoint and the logged facts
    proofs/<index>.tlog-proof         each fact's inclusion (C2SP tlog-proof)
    policy, keys/*                    whose signatures count
    verify.py, README.txt             how to check it all
    rejudge.py, reread.py             what the verifier judges by anew, and decodes originals with

Packing is a pure function of its arguments: members are sorted, their times fixed, their compression the same, so
packing a case twice on one machine gives the same bytes. See `case` for the two steps and why there are two.
"""

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files as package_files
from typing import BinaryIO, Final

import msgspec

from doseway.evidence import readings_csv
from doseway.evidence.case import Case, JudgedAs, LogExtract, LoggedFact, Original, Packet
from doseway.evidence.manifest import FileEntry, Heading, contents_sha256, encode_manifest
from doseway.evidence.pdf import render_pdf
from doseway.evidence.report import render_html
from doseway.ledger.proof import TlogProof, format_proof
from doseway.model.canonical import encode
from doseway.model.errors import HashMismatch, UsageError
from doseway.model.facts import JudgementMade, decode_fact

Chunks = Callable[[], Iterable[bytes]]

_TEXT_ROOM: Final = 80
_BLOCK: Final = 1 << 20
_MOST_FILES: Final = 65_000
_MOST_BYTES: Final = (1 << 32) - 1
_README: Final = """Doseway evidence pack: {title}

Verify it with plain Python 3.9 or newer, no network and nothing to install:
  1. Take verify.py from a source that you trust (this copy is for convenience; any other Doseway release has it too).
  2. python verify.py THIS-FILE.zip --policy YOUR-COPY-OF-THE-POLICY
  3. Read the verdict: VERIFIED (0), VERIFIED WITH GAPS (1), NOT WITNESSED (2) or TAMPERED (3), with its reasons.

report.html and report.pdf are for people. records/ holds the original bytes as they came in.
"""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A case rendered and hashed, ready to be sealed and written.

    Attributes:
        digest: what the `evidence.packed` fact of this pack carries as `pack_sha256` (hex).
        contents: name to a function that yields the bytes, anew at each call.
        entries: the manifest's line of each of the contents.
        facts: the facts that the case is made of.
    """

    heading: Heading
    digest: str
    contents: dict[str, Chunks]
    entries: dict[str, FileEntry]
    facts: tuple[LoggedFact, ...]


def prepare(case: Case) -> Prepared:
    """Render the reports and hash everything that is not the log's own.

    Raises:
        UsageError: two facts share an index, or a name under `keys/` is not a plain file name.
        HashMismatch: a judgement is not the one whose hash is in its fact.
    """
    facts = tuple(sorted(_facts(case), key=lambda fact: fact.index))
    if len({fact.index for fact in facts}) != len(facts):
        raise UsageError("two facts of the case share an index", hint="Give each logged fact once.")
    found = dict(_contents(case))
    contents = {name: found[name] for name in sorted(found)}
    entries = {name: _entry(chunks) for name, chunks in contents.items()}
    heading = Heading(title=case.title, software=case.software, made_at_ms=case.made_at_ms)
    digest = contents_sha256(heading, entries)
    return Prepared(heading=heading, digest=digest, contents=contents, entries=entries, facts=facts)


def write(prepared: Prepared, log: LogExtract, out: BinaryIO) -> None:
    """Write the zip to a seekable binary stream; originals and readings are streamed.

    Raises:
        UsageError: a fact of the case has no proof, or the pack would be beyond 65,000 files or 4 GiB a file.
        HashMismatch: a file's bytes changed between preparing and writing.
    """
    members = {**prepared.contents, **_log_files(prepared.facts, log)}
    log_names = members.keys() - prepared.contents.keys()
    entries = {**prepared.entries, **{name: _entry(members[name]) for name in log_names}}
    members["manifest.json"] = _just(encode_manifest(prepared.heading, entries))
    if len(members) > _MOST_FILES or any(entry.size > _MOST_BYTES for entry in entries.values()):
        raise UsageError("the case is too large for one pack", hint="Split it: one pack for each shipment.")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(members):
            _write_member(archive, name, members[name], entries.get(name))


def _write_member(archive: zipfile.ZipFile, name: str, chunks: Chunks, entry: FileEntry | None) -> None:
    info = zipfile.ZipInfo(name)  # 1980-01-01: no clock gets into the bytes
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    with archive.open(info, "w") as member:
        for chunk in chunks():
            digest.update(chunk)
            member.write(chunk)
    if entry and digest.hexdigest() != entry.sha256:
        raise HashMismatch(f"{name} changed while the pack was written", hint="Pack again; if it recurs run fsck.")


def _contents(case: Case) -> Iterator[tuple[str, Chunks]]:
    yield "report.html", _just(render_html(case))
    yield "report.pdf", _just(render_pdf(case))
    yield "README.txt", _just(_README.format(title=case.title).encode())
    for name in ("verify.py", "rejudge.py", "reread.py"):
        yield name, _just(package_files("doseway.evidence").joinpath(name).read_bytes())
    yield "policy", _just(case.policy.encode())
    for name, content in case.keys.items():
        if safe_name(name) != name:
            raise UsageError(f"{name!r} is not a plain file name", hint="Use letters, digits, dot and dash.")
        yield f"keys/{name}", _just(content)
    for packet in case.packets:
        yield from _packet_files(packet)


def _packet_files(packet: Packet) -> Iterator[tuple[str, Chunks]]:
    number = packet.received.index
    if packet.original:
        name = str(msgspec.json.decode(packet.received.entry)["body"]["name"])
        yield f"records/{number}-{safe_name(name)}", _stream(packet.original)
        yield f"records/{number}.salt", _just(packet.original.salt.hex().encode())
    recording = packet.recording
    if recording:
        yield f"readings/{number}.csv", lambda: readings_csv.chunks(recording)
    for judged in packet.judged:
        yield from _judgement_files(judged)


def _judgement_files(judged: JudgedAs) -> Iterator[tuple[str, Chunks]]:
    body = decode_fact(judged.fact.entry).content()
    if not isinstance(body, JudgementMade):
        raise UsageError(f"fact {judged.fact.index} is no judgement.made")
    judgement = encode(judged.inspection.judgement)
    if hashlib.sha256(judgement).hexdigest() != body.judgement_sha256:
        raise HashMismatch(f"the judgement given for fact {judged.fact.index} is not the one that was logged")
    yield f"judgement/{judged.fact.index}.json", _just(judgement)
    yield f"judgement/{judged.fact.index}.limits.json", _just(encode(body.limits))


def _facts(case: Case) -> Iterator[LoggedFact]:
    yield from case.documents
    for packet in case.packets:
        yield packet.received
        if packet.decoded:
            yield packet.decoded
        yield from (judged.fact for judged in packet.judged)
        yield from packet.others


def _log_files(facts: tuple[LoggedFact, ...], log: LogExtract) -> dict[str, Chunks]:
    proven = {one.fact.index: one for one in log.facts}
    missing = [fact.index for fact in facts if fact.index not in proven or proven[fact.index].fact != fact]
    if missing:
        raise UsageError(f"the log extract proves no fact {missing[0]} as the case has it")
    files = {"log/checkpoint": _just(log.checkpoint)}
    for index, one in proven.items():
        proof = TlogProof(index=index, hashes=one.path, checkpoint=log.checkpoint, extra=None)
        files[f"log/entries/{index}.json"] = _just(one.fact.entry)
        files[f"proofs/{index}.tlog-proof"] = _just(format_proof(proof))
    return files


def safe_name(name: str) -> str:
    """Return a file name that is safe on every system: ASCII letters, digits, `.`, `-`, `_`; never hidden or empty."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name.replace("\\", "/").rpartition("/")[2]).lstrip(".-")
    return plain[-_TEXT_ROOM:].lstrip(".-") or "file"


def _just(data: bytes) -> Chunks:
    return lambda: (data,)


def _stream(original: Original) -> Chunks:
    def chunks() -> Iterator[bytes]:
        with original.open() as stream:
            while block := stream.read(_BLOCK):
                yield block

    return chunks


def _entry(chunks: Chunks) -> FileEntry:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks():
        digest.update(chunk)
        size += len(chunk)
    return FileEntry(digest.hexdigest(), size)
