"""The manifest of an evidence pack: every file's SHA-256 and size, in canonical JSON (RFC 8785).

    {"contents_sha256": "…", "files": {"report.html": {"sha256": "…", "size": 1234}, …}, "made_at": "…",
     "schema": "doseway-evidence/1", "software": "…", "title": "…"}

`contents_sha256` is over the same JSON without itself and without the files under `log/` and `proofs/`. It is what
an `evidence.packed` fact puts into the log: the pack's own facts and their proofs come into being after it, and prove
themselves.
"""

import hashlib
from typing import Any, Final

import msgspec

from doseway.model.clock import iso_utc

SCHEMA: Final = "doseway-evidence/1"
LOG_FOLDERS: Final = ("log/", "proofs/")


class FileEntry(msgspec.Struct, frozen=True):
    """What the manifest says of one file: SHA-256 in hex, size in bytes."""

    sha256: str
    size: int


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest says of the pack itself."""

    title: str
    software: str
    made_at_ms: int


def contents_sha256(heading: Heading, files: dict[str, FileEntry]) -> str:
    """Return the digest of everything in the pack but the log's own files, in hex."""
    return hashlib.sha256(_encode(_plain(heading, _contents(files)))).hexdigest()


def encode_manifest(heading: Heading, files: dict[str, FileEntry]) -> bytes:
    """Write the manifest over all files of the pack but itself."""
    return _encode({**_plain(heading, files), "contents_sha256": contents_sha256(heading, files)})


def _contents(files: dict[str, FileEntry]) -> dict[str, FileEntry]:
    return {name: entry for name, entry in files.items() if not name.startswith(LOG_FOLDERS)}


def _plain(heading: Heading, files: dict[str, FileEntry]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "title": heading.title,
        "software": heading.software,
        "made_at": iso_utc(heading.made_at_ms),
        "files": {name: {"sha256": entry.sha256, "size": entry.size} for name, entry in files.items()},
    }


def _encode(value: dict[str, Any]) -> bytes:
    # Imported here: inspecting a file without packing it does not need the package.
    import rfc8785  # noqa: PLC0415

    return rfc8785.dumps(value)
