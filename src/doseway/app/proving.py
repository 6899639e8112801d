"""Evidence for people at a page: make the pack of a shipment as bytes on their way out, and verify one that came in."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from doseway.app.board import Archive
from doseway.evidence import verify


@contextmanager
def packed(archive: Archive, shipment: str, title: str) -> Iterator[tuple[Path, int]]:
    """Make the evidence pack of a shipment; gives the file, which is gone afterwards, and its seal's index.

    Raises as `Archive.pack` does.
    """
    with tempfile.TemporaryDirectory(prefix="doseway-pack-") as folder:
        out = Path(folder) / f"{shipment}.evidence.zip"
        yield out, archive.pack(shipment, title=title, out=out)


def verify_pack(data: bytes, policy: str | None) -> dict[str, Any]:
    """Verify a pack as the stand-alone verifier does; returns what it prints with `--json`.

    Args:
        data: the zip.
        policy: whose signatures count; None: the pack's own word for it, which proves less.
    """
    with tempfile.TemporaryDirectory(prefix="doseway-verify-") as folder:
        path = Path(folder) / "pack.zip"
        path.write_bytes(data)
        return verify.verify(path, policy)
