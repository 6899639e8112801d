"""Packing: a pack is whole or absent, and what went wrong is said before the log is sealed."""

import errno
from pathlib import Path

import pytest

from doseway.app import logbook
from doseway.app.importing import import_file
from doseway.app.inspecting import How
from doseway.app.packing import pack_packets
from doseway.app.settings import Settings
from doseway.evidence import pack
from doseway.model.errors import DataError, Unavailable, UsageError

OTHER_LOG = "other.example/log+225cf77b+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"


@pytest.fixture
def settings(tmp_path: Path, examples: Path) -> Settings:
    """A log with one file, packet 1."""
    made = Settings(store=tmp_path / "store")
    with logbook.writing(made) as sequencer:
        import_file(sequencer, examples / "good-shipment.txt", How())
    return made


def size(settings: Settings) -> int:
    with logbook.reading(settings) as log:
        return log.size


def test_a_disk_that_fills_up_leaves_no_half_pack(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*arguments: object) -> None:
        arguments[-1].write(b"PK\x03\x04")  # type: ignore[attr-defined]  # the stream
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pack, "write", fill)
    with logbook.writing(settings) as sequencer, pytest.raises(Unavailable, match="No space left"):
        pack_packets(settings, sequencer, [1], "lot", tmp_path / "p.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_what_cannot_be_packed_is_told_before_the_log_is_sealed(settings: Settings, tmp_path: Path) -> None:
    before = size(settings)
    with logbook.writing(settings) as sequencer:
        with pytest.raises(Unavailable):
            pack_packets(settings, sequencer, [1], "lot", tmp_path / "none" / "p.zip")
        logbook.policy_path(settings).write_text("garbage\n", encoding="utf-8")
        with pytest.raises(DataError, match="garbage"):
            pack_packets(settings, sequencer, [1], "lot", tmp_path / "p.zip")
        logbook.policy_path(settings).write_text(f"log {OTHER_LOG}\nquorum none\n", encoding="utf-8")
        with pytest.raises(UsageError, match="does not name a key of this log"):
            pack_packets(settings, sequencer, [1], "lot", tmp_path / "p.zip")
    assert size(settings) == before
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
