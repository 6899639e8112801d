"""E-mail against a real SMTP server: what arrives, and what each refusal and broken connection comes to."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.intake.test_mqtt import certificate

from doseway.model.errors import DataError, Unavailable, UsageError
from doseway.notify.channels.email import CHANNEL
from doseway.notify.port import Message

MESSAGE = Message(
    id="ab" * 32,
    at_ms=1_764_000_000_000,
    alert="a1",
    shipment="S-4711",
    severity="high",
    kind="opened",
    subject="[high] Alert: S-4711, über 8 °C",
    text="Envío: S-4711\nSince 16:20\n",
)


class Mailbox:
    """Takes mail, or answers what it is told to."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.rcpt_reply = self.data_reply = ""
        self.drops = False

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, _options: Any) -> str:  # noqa: N802
        if self.drops:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if not self.rcpt_reply:
            envelope.rcpt_tos.append(address)
        return self.rcpt_reply or "250 OK"

    async def handle_DATA(self, _server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if not self.data_reply:
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append((envelope.rcpt_tos, mail))
        return self.data_reply or "250 OK"


class _Controller(Controller):
    """Asks the system for a free port, and says which it is."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.base_events.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call] # theirs has no annotations


@contextmanager
def serving(mailbox: Mailbox, **options: Any) -> Iterator[int]:
    controller = _Controller(mailbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def send(port: int, address: str = "qa@example.org", **changed: Any) -> None:
    options = {"host": "127.0.0.1", "port": port, "sender": "tower@example.org", "security": "none", "timeout_s": 5}
    CHANNEL.make(options | changed).send(MESSAGE, address)


def test_a_mail_arrives_as_it_was_written() -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        send(port)
        send(port)
    (to, mail), (_, again) = mailbox.mails
    assert to == ["qa@example.org"]
    assert (mail["From"], mail["To"], mail["Subject"]) == ("tower@example.org", "qa@example.org", MESSAGE.subject)
    assert mail["Message-ID"] == again["Message-ID"] == f"<{'ab' * 32}@example.org>"
    assert mail["Date"] == "Mon, 24 Nov 2025 16:00:00 +0000"
    assert (mail["Auto-Submitted"], mail["Importance"]) == ("auto-generated", "high")
    assert mail.get_content().replace("\r\n", "\n") == MESSAGE.text


@pytest.mark.parametrize(
    ("where", "reply", "kind"),
    [
        ("rcpt_reply", "450 mailbox busy", Unavailable),
        ("rcpt_reply", "550 no such user", DataError),
        ("data_reply", "452 disk full", Unavailable),
        ("data_reply", "554 refused as spam", DataError),
        ("data_reply", "421 closing", Unavailable),
    ],
)
def test_a_4xx_is_tried_again_and_a_5xx_is_not(where: str, reply: str, kind: type[Exception]) -> None:
    mailbox = Mailbox()
    setattr(mailbox, where, reply)
    with serving(mailbox) as port:
        with pytest.raises(kind, match=reply[:3]):
            send(port)
        setattr(mailbox, where, "")
        send(port)
    assert len(mailbox.mails) == 1


def test_a_connection_that_drops_or_is_not_there_is_tried_again() -> None:
    mailbox = Mailbox()
    mailbox.drops = True
    with serving(mailbox) as port, pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
        send(port)
    with pytest.raises(Unavailable):
        send(port)
    assert not mailbox.mails


def test_starttls_checks_the_server_and_signs_in_only_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    seen: list[bytes] = []

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        seen.append(data.password)
        return AuthResult(success=data.password == b"right", handled=False)

    mailbox = Mailbox()
    tls: dict[str, Any] = {"tls_context": context, "require_starttls": True, "authenticator": authenticate}
    (tmp_path / "password").write_text("right\n")
    safe = {"host": "localhost", "security": "starttls", "ca_file": str(cert), "username": "tower"}
    with serving(mailbox, **tls) as port:
        with pytest.raises(Unavailable, match="530"):
            send(port)
        with pytest.raises(Unavailable, match="certificate verify failed"):
            send(port, host="localhost", security="starttls")
        send(port, **safe, password_file=str(tmp_path / "password"))
        monkeypatch.setenv("DOSEWAY_SMTP_PASSWORD", "wrong")
        with pytest.raises(Unavailable, match="535"):
            send(port, **safe)
    assert set(seen) == {b"right", b"wrong"}
    assert len(mailbox.mails) == 1


def test_an_address_that_would_write_a_header_is_refused() -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port, pytest.raises(DataError, match="no address"):
        send(port, "qa@example.org\r\nBcc: all@example.org")
    assert not mailbox.mails


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sender": "a@b"}, "host"),
        ({"host": "h", "sender": "nobody"}, "no address"),
        ({"host": "h", "sender": "a@b", "prot": 25}, "Did you mean 'port'"),
        ({"host": "h", "sender": "a@b", "security": "ssl3"}, "security"),
        ({"host": "h", "sender": "a@b", "ca_file": "/none"}, "ca_file"),
    ],
)
def test_wrong_options_are_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CHANNEL.make(options)


def test_many_may_send_at_once() -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        threads = [threading.Thread(target=send, args=(port, f"qa{n}@example.org")) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(to[0] for to, _ in mailbox.mails) == [f"qa{n}@example.org" for n in range(8)]
