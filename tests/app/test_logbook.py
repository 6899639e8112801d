"""The log's folder: key and policy survive crashes, neighbours and careless editors."""

import os
import stat
from pathlib import Path

import pytest

from doseway.app import keys, logbook, rotation
from doseway.app.settings import Settings
from doseway.model.errors import DataError, Unavailable


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A log that was just made."""
    made = Settings(store=tmp_path / "store")
    with logbook.writing(made):
        return made


def vkey(settings: Settings) -> str:
    with logbook.reading(settings) as log:
        return str(log.keys()[-1])


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_key_and_store_are_the_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = Settings(store=tmp_path / "store")
        with logbook.writing(made):
            pass
        rotation.rotate(made, "yearly")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.store.stat().st_mode) == 0o700
    key_files = list(made.store.glob("log.key*"))
    assert len(key_files) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in key_files} == {0o600}


def test_a_policy_without_a_last_newline_stays_a_policy_when_the_key_changes(settings: Settings) -> None:
    path = logbook.policy_path(settings)
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    rotated = rotation.rotate(settings, "yearly")
    policy = logbook.read_policy(settings)
    assert [str(log.key) for log in policy.logs][-1] == rotated.new_vkey == vkey(settings)


def test_a_neighbour_does_not_throw_away_the_key_of_a_rotation_under_way(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create_and_be_disturbed(path: Path, name: str) -> keys.StoredKey:
        key = keys.create_key(path, name)
        with pytest.raises(Unavailable, match="in use"), logbook.writing(settings):
            pytest.fail("two processes write")
        return key

    monkeypatch.setattr(rotation, "create_key", create_and_be_disturbed)
    rotated = rotation.rotate(settings, "yearly")
    assert str(keys.read_key(logbook.key_path(settings)).signer().vkey) == rotated.new_vkey
    with logbook.writing(settings) as sequencer:
        assert str(sequencer.log.keys()[-1]) == rotated.new_vkey


def test_a_lost_policy_is_not_replaced_by_one_that_asks_for_nobody(settings: Settings) -> None:
    logbook.policy_path(settings).unlink()
    with logbook.writing(settings):
        pass
    assert not logbook.policy_path(settings).exists()
    with pytest.raises(Unavailable, match="restore it"):
        logbook.read_policy(settings)
    with pytest.raises(Unavailable, match="policy"):
        rotation.rotate(settings, "yearly")
    assert not keys.next_key_path(logbook.key_path(settings)).exists()


def test_a_malformed_policy_is_named_with_its_path_and_line(settings: Settings) -> None:
    logbook.policy_path(settings).write_text("# ours\ngarbage\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        logbook.read_policy(settings)
    assert str(caught.value.where) == f"{logbook.policy_path(settings)}, line 2"


def test_a_lost_key_is_not_replaced(settings: Settings) -> None:
    logbook.key_path(settings).unlink()
    with pytest.raises(Unavailable, match="backup"), logbook.writing(settings):
        pytest.fail("the log has no key")
    assert not logbook.key_path(settings).exists()


@pytest.mark.parametrize("died_at", ["key", "policy", "store"])
def test_a_first_start_that_was_killed_is_taken_up_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, died_at: str
) -> None:
    class Killed(BaseException):
        """Stands for `kill -9`: nothing catches it."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    made = Settings(store=tmp_path / "store")
    target = {"key": "find_or_create_key", "policy": "write_whole", "store": "open_sequencer"}[died_at]
    with monkeypatch.context() as patched:
        patched.setattr(logbook, target, die)
        with pytest.raises(Killed), logbook.writing(made):
            pytest.fail("it was killed")
    with logbook.writing(made) as sequencer:
        assert sequencer.log.size == 1
    assert str(logbook.read_policy(made).logs[0].key) == vkey(made)


def test_a_store_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="folder cannot be made"), logbook.writing(Settings(store=tmp_path / "file")):
        pytest.fail("that is a file")
