"""`doseway account` and `doseway key`: secrets come from standard input and are shown once."""

import json
from pathlib import Path

from click.testing import CliRunner

from doseway.app.accounts import open_accounts
from doseway.app.settings import Settings
from doseway.cli.account import account, key

PASSWORD = "correct-horse-battery"


def test_an_account_from_its_making_to_its_end(tmp_path: Path) -> None:
    run, store = CliRunner(), ["--store", str(tmp_path)]
    made = run.invoke(account, ["add", "maria", "--role", "quality", *store], input=PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    listed = run.invoke(account, ["list", "--json", *store])
    assert json.loads(listed.stdout) == {"name": "maria", "roles": ["quality"], "is_disabled": False}
    assert run.invoke(account, ["password", "maria", *store], input="another-long-password\n").exit_code == 0
    assert open_accounts(Settings(store=tmp_path)).sign_in("maria", "another-long-password", "")
    assert run.invoke(account, ["disable", "maria", *store]).exit_code == 0
    assert open_accounts(Settings(store=tmp_path)).sign_in("maria", "another-long-password", "") is None
    assert "disabled" in run.invoke(account, ["list", *store]).output


def test_a_key_is_shown_once(tmp_path: Path) -> None:
    run, store = CliRunner(), ["--store", str(tmp_path)]
    made = run.invoke(key, ["create", "tive", "--format", "tive", "--days", "365", *store])
    text = made.stdout.strip()
    who = open_accounts(Settings(store=tmp_path)).who_has_key(text)
    assert who is not None
    assert who.formats == ("tive",)
    listed = run.invoke(key, ["list", "--json", *store]).stdout
    assert text not in listed
    key_id = json.loads(listed)["id"]
    assert run.invoke(key, ["revoke", key_id, *store]).exit_code == 0
    assert open_accounts(Settings(store=tmp_path)).who_has_key(text) is None
    assert "revoked" in run.invoke(key, ["list", *store]).output
