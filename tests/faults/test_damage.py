"""A disk that lies: whatever it changes in the log's file is told as damage or named, and never called sound."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from doseway.app import logbook
from doseway.app.importing import import_file
from doseway.app.inspecting import How
from doseway.app.settings import Settings
from doseway.app.verification import verify_store
from doseway.model.errors import DosewayError

TABLES = ("head", "entry", "tile", "tag", "content_id", "blob", "blob_chunk", "note")
SECTOR, PAGE = 512, 4096


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Path:
    """A log with three files in it, all of it in one file."""
    settings = Settings(store=tmp_path_factory.mktemp("whole") / "data")
    with logbook.writing(settings) as sequencer:
        for name in ("good-shipment.txt", "freezing.txt", "box.senml"):
            import_file(sequencer, examples / name, How(zone="UTC"))
    with sqlite3.connect(settings.store / "log.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return settings.store


def rows(path: Path) -> list[list[str]] | None:
    """Return all that the file holds; None where it cannot be read."""
    connection = sqlite3.connect(path)
    try:
        return [sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in TABLES]
    except sqlite3.Error:
        return None
    finally:
        connection.close()


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """Return the bytes after what a disk may do: flip a bit, lose a sector or the end, put another page in place."""
    place, hurt = chance.randrange(len(raw)), bytearray(raw)
    sector, page = place // SECTOR * SECTOR, place // PAGE * PAGE
    match chance.randrange(4):
        case 0:
            hurt[place] ^= 1 << chance.randrange(8)
        case 1:
            hurt[sector : sector + SECTOR] = bytes(SECTOR)
        case 2:
            del hurt[place:]
        case _:
            hurt[page : page + PAGE] = chance.randbytes(len(hurt[page : page + PAGE]))
    return bytes(hurt)


def is_called_sound(store: Path) -> bool:
    try:
        return verify_store(Settings(store=store)).is_sound
    except DosewayError:
        return False


def test_damage_is_never_called_sound(whole: Path, tmp_path: Path) -> None:
    raw, kept, chance = (whole / "log.sqlite").read_bytes(), rows(whole / "log.sqlite"), random.Random(4711)
    assert is_called_sound(whole)
    told = 0
    for number in range(120):
        store = tmp_path / str(number)
        shutil.copytree(whole, store)
        (store / "log.sqlite").write_bytes(damaged(raw, chance))
        if is_called_sound(store):
            assert rows(store / "log.sqlite") == kept, f"round {number}: sound, and not what was written"
        else:
            told += 1
        shutil.rmtree(store)
    assert told > 30
