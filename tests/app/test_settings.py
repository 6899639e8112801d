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


TABLES = """
[doors.http]
keys_file = "keys.toml"

[[doors.mqtt]]
name = "site"
host = "broker.example.org"
password_file = "mqtt.secret"
routes = [{ topic = "t/{device}", format = "tive", sender = "{device}" }]

[[doors.folder]]
name = "inbox"
path = "in"

[notify]
policy = "notify.toml"

[notify.channels.email]
host = "mail.example.org"
password_file = "mail.secret"
"""


def test_tables_are_read_and_their_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "doseway.toml").write_text(TABLES)
    settings = load_settings({}, tmp_path)
    assert settings.doors.http.keys_file == tmp_path / "keys.toml"
    (mqtt,) = settings.doors.mqtt
    assert (mqtt.password_file, mqtt.routes[0].sender) == (tmp_path / "mqtt.secret", "{device}")
    assert settings.doors.folder[0].path == tmp_path / "in"
    assert settings.notify.policy == tmp_path / "notify.toml"
    email = settings.notify.channels["email"]
    assert email == {"host": "mail.example.org", "password_file": str(tmp_path / "mail.secret")}


def test_the_environment_reaches_into_tables(tmp_path: Path) -> None:
    (tmp_path / "doseway.toml").write_text(TABLES)
    environment = {
        "DOSEWAY_NOTIFY__URL": "https://tower.example.org",
        "DOSEWAY_DOORS__HTTP__MAX_BYTES": "1000",
        "DOSEWAY_NOTIFY__CHANNELS__EMAIL__HOST": "other.example.org",
        "DOSEWAY_ORIGIN": "b.example/log",
    }
    settings = load_settings(environment, tmp_path)
    assert settings.notify.url == "https://tower.example.org"
    assert settings.notify.policy == tmp_path / "notify.toml"
    assert settings.doors.http.max_bytes == 1000
    assert settings.notify.channels["email"]["host"] == "other.example.org"
    assert settings.origin == "b.example/log"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("keys_file", "key_file"), r"'doors\.http\.key_file'.*Did you mean 'keys_file'"),
        (("[notify]", "[notfy]"), "'notfy'.*Did you mean 'notify'"),
        (('host = "broker', 'hots = "broker'), r"'doors\.mqtt\.hots'.*Did you mean 'host'"),
        (("{ topic", "{ topics"), r"'doors\.mqtt\.routes\.topics'"),
        (("[[doors.folder]]", "[[doors.folders]]"), r"'doors\.folders'.*Did you mean 'folder'"),
        (('path = "in"', "path = 7"), "Expected `path`"),
        (('name = "site"', ""), "name"),
    ],
)
def test_a_misspelt_name_in_a_table_is_refused_with_the_nearest_name(
    tmp_path: Path, changed: tuple[str, str], message: str
) -> None:
    assert changed[0] in TABLES
    (tmp_path / "doseway.toml").write_text(TABLES.replace(*changed))
    with pytest.raises(UsageError, match=message):
        load_settings({}, tmp_path)


def test_a_misspelt_variable_of_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'notify\.ulr'.*Did you mean 'url'"):
        load_settings({"DOSEWAY_NOTIFY__ULR": "x"}, tmp_path)
