"""E-mail over SMTP (RFC 5321), encrypted by STARTTLS unless it is said otherwise."""

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from doseway.model.clock import from_unix_ms
from doseway.model.errors import DataError, Unavailable, UsageError
from doseway.notify.options import read_options, read_secret
from doseway.notify.port import Channel, Message

_PERMANENT: Final = 500
"""RFC 5321 4.2.1: replies from here on are refusals that another attempt does not change."""


class EmailOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table `[notify.channels.email]`.

    Attributes:
        host, port: of the mail server. sender: the From address.
        security: `starttls`, `tls` from the first byte, or `none`, which only a server on this machine should have.
        ca_file: authorities to check the server by; none: the system's.
        username, password_file: how to sign in; else the environment's DOSEWAY_SMTP_PASSWORD.
        timeout_s: of each step.
    """

    host: str
    sender: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    username: str = ""
    password_file: Path | None = None
    timeout_s: float = 20.0


class EmailChannel:
    """Sends each message over a connection of its own."""

    def __init__(self, options: EmailOptions, password: str) -> None:
        self._options = options
        self._password = password
        self._tls = ssl.create_default_context(cafile=options.ca_file) if options.security != "none" else None
        self._domain = options.sender.rpartition("@")[2]

    def send(self, message: Message, address: str) -> None:
        """Hand a message over; its Message-ID is the notice's id, so that a repetition can be told.

        Raises:
            Unavailable: the server is not there, breaks off, says 4xx, or does not let us in.
            DataError: the server refuses recipient or message for good (5xx), or the address cannot be one.
        """
        mail = self._mail(message, address)
        try:
            with self._connected() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refusal(code, text) from error
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused) as error:
            # These refuse us, not the recipient: somebody may mend it, and then the message must still be there.
            raise Unavailable(_said(error.smtp_code, error.smtp_error)) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            what = str(error) or type(error).__name__
            raise Unavailable(f"{self._options.host}:{self._options.port}: {what}") from error

    def _connected(self) -> smtplib.SMTP:
        options = self._options
        if options.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                options.host, options.port, timeout=options.timeout_s, context=self._tls
            )
        else:
            server = smtplib.SMTP(options.host, options.port, timeout=options.timeout_s)
        try:
            if options.security == "starttls":
                server.starttls(context=self._tls)
            if options.username:
                server.login(options.username, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message, address: str) -> EmailMessage:
        mail = EmailMessage()
        try:
            mail["From"] = self._options.sender
            mail["To"] = address
            mail["Subject"] = message.subject
            mail["Date"] = format_datetime(from_unix_ms(message.at_ms))
            mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        except ValueError as error:
            raise DataError(f"this is no address for e-mail: {error}") from error
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
        mail["X-Doseway-Alert"] = message.alert
        if message.severity in {"high", "critical"}:
            mail["Importance"] = "high"
        mail.set_content(message.text)
        return mail


class EmailKind:
    """E-mail as a kind of channel."""

    id = "email"
    title = "E-mail"

    def make(self, options: Mapping[str, Any]) -> Channel:
        """Make the channel from its options. Raises UsageError and Unavailable."""
        read = read_options(self.id, options, EmailOptions)
        if "@" not in read.sender:
            raise UsageError(f"the channel email: {read.sender!r} is no address to send from")
        try:
            return EmailChannel(read, read_secret(read.password_file, "DOSEWAY_SMTP_PASSWORD"))
        except OSError as error:
            raise UsageError(f"the channel email: ca_file cannot be used: {error}") from error


def _refusal(code: int, text: bytes | str) -> Unavailable | DataError:
    return DataError(_said(code, text)) if code >= _PERMANENT else Unavailable(_said(code, text))


def _said(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"the mail server says {code} {said}"


CHANNEL: Final = EmailKind()
