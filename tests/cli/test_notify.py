"""`doseway notify`: who would be told, and a test message that arrives."""

import json
from pathlib import Path

import pytest
from tests.notify.channels.test_email import Mailbox, serving
from tests.notify.notify_kit import POLICY

from doseway.cli.main import main


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notify.toml").write_text(POLICY)
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["notify", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_it_lists_who_would_be_told_and_when(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("policy", "--policy", "notify.toml", "--at", "2026-03-28T23:30+01:00")
    assert run(*arguments) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "+0:30 h 2026-03-29 00:00 +0100 escalated qa-head by email"
    # quiet until 06:00 summer time: the night is an hour shorter
    assert "+5:30 h 2026-03-29 06:00 +0200 opened qa-duty by email" in lines
    assert run(*arguments, "--severity", "critical", "--json") == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (first["recipient"], first["kind"]) == ("qa-duty", "opened")


def test_nobody_is_a_finding(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("policy", "--policy", "notify.toml", "--severity", "info") == 1
    assert "Nobody would be told" in capsys.readouterr().err


def test_a_party_and_a_rule_lead_to_their_route(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--severity", "info", "--rule", "stop", "--party", "carrier:acme")
    assert run("policy", "--policy", "notify.toml", *options) == 0
    assert "carrier by webhook" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("policy",), 2, "there is no notification policy"),
        (("policy", "--policy", "none.toml"), 4, "none.toml"),
        (("policy", "--policy", "notify.toml", "--at", "noon"), 2, "ISO 8601"),
        (("policy", "--policy", "notify.toml", "--at", "2026-03-28T23:30"), 2, "no offset"),
        (("test", "nobody", "--policy", "notify.toml"), 2, "qa-duty, qa-head, carrier"),
        (("test", "qa-duty", "--policy", "notify.toml", "--channel", "fax"), 2, "no address on the channel"),
        (("test", "qa-duty", "--policy", "notify.toml", "--channel", "email"), 2, "channel"),
    ],
)
def test_mistakes_are_said(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, text: str
) -> None:
    assert run(*arguments) == code
    assert text in capsys.readouterr().err


def test_a_test_message_arrives(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        (place / "doseway.toml").write_text(
            '[notify]\npolicy = "notify.toml"\n[notify.channels.email]\n'
            f'host = "127.0.0.1"\nport = {port}\nsender = "tower@example.org"\nsecurity = "none"\n'
            '[notify.channels.apprise]\ntargets_file = "targets.toml"\n'
            '[notify.channels.webhook]\nsecret_file = "hook.secret"\n'
        )
        (place / "targets.toml").write_text("")
        (place / "hook.secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        assert run("test", "qa-head") == 0
    ((to, mail),) = mailbox.mails
    assert to == ["qa-head@example.org"]
    assert mail["Subject"].startswith("[información] Prueba")
    assert "qa-head: a test message was taken by the channel email" in capsys.readouterr().err
