"""Settings: one order of precedence, and names that are checked."""

from pathlib import Path

import pytest

from doseway.app.settings import Settings, load_settings
from doseway.model.errors import UsageError


def test_without_file_and_environment_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "doseway.toml").write_text('store = "data"\norigin = "a.example/log"\nissuers = ["keys/own.pub"]\n')
    settings = load_settings({"DOSEWAY_ORIGIN": "b.example/log"}, tmp_path)
    assert settings.origin == "b.example/log"
    assert settings.store == tmp_path / "data"
    assert settings.issuers == (tmp_path / "keys/own.pub",)
    assert settings.anchor_path == tmp_path / "data" / "anchor"


def test_a_misspelt_setting_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "doseway.toml").write_text('orign = "a.example/log"\n')
    with pytest.raises(UsageError, match="Did you mean 'origin'"):
        load_settings({}, tmp_path)


def test_a_name_like_nothing_lists_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "doseway.toml").write_text("zzzz = 1\n")
    with pytest.raises(UsageError, match="Known settings: store, anchor"):
        load_settings({}, tmp_path)


@pytest.mark.parametrize("text", ["store = ", "\udcff", "store = 7\n"])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "doseway.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UsageError, match=r"doseway\.toml"):
        load_settings({}, tmp_path)


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings({"DOSEWAY_CONFIG": str(tmp_path / "none.toml")}, tmp_path)
