"""A signed HTTP POST (Standard Webhooks 1.0): the receiver checks id, time and body by a shared secret."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from doseway.ledger.exchange import HttpClient
from doseway.model.errors import DataError, Unavailable, UsageError
from doseway.notify.options import read_options, read_secret
from doseway.notify.port import Channel, Message

_MAX_ANSWER: Final = 64 * 1024
_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_LATER: Final = frozenset({408, 425, 429})
"""Client errors that time may heal; 410 and the others are refusals."""


class WebhookOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The table `[notify.channels.webhook]`.

    Attributes:
        secret_file: holds the shared secret, `whsec_…`; else the environment's DOSEWAY_WEBHOOK_SECRET.
        timeout_s: of one request.
    """

    secret_file: Path | None = None
    timeout_s: float = 15.0


class WebhookChannel:
    """Posts to URLs."""

    def __init__(self, secret: str, timeout_s: float, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Take the secret, and the clock of the signatures.

        Raises:
            UsageError: the secret is none.
        """
        try:
            self._webhook = Webhook(secret)
        except (ValueError, EmptyWebhookSecretError) as error:
            raise UsageError("the channel webhook: the secret must be whsec_ and Base64") from error
        self._timeout_s = timeout_s
        self._now = now

    def send(self, message: Message, address: str) -> None:
        """Post a message as JSON; `webhook-id` is the notice's id, so that a repetition can be told.

        Raises:
            Unavailable: there is no answer, or 5xx, 408, 425 or 429.
            DataError: any other answer than 2xx. UsageError: the address is no URL.
        """
        parts = urlsplit(address)
        folder, _, last = parts.path.rpartition("/")
        client = HttpClient(f"{parts.scheme}://{parts.netloc}{folder}", timeout_s=self._timeout_s)
        body = _ENCODER.encode(message)
        moment = self._now()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._webhook.sign(message.id, moment, body.decode()),
        }
        path = f"{last}?{parts.query}" if parts.query else last
        try:
            answer = client.exchange("POST", path, max_bytes=_MAX_ANSWER, body=body, headers=headers)
        finally:
            client.close()
        good, server_errors = range(200, 300), 500
        if answer.status in _LATER or answer.status >= server_errors:
            raise Unavailable(f"the receiver answered {answer.status}")
        if answer.status not in good:
            raise DataError(f"the receiver refused with {answer.status}")


class WebhookKind:
    """Signed webhooks as a kind of channel."""

    id = "webhook"
    title = "Webhook, signed as Standard Webhooks"

    def make(self, options: Mapping[str, Any]) -> Channel:
        """Make the channel from its options. Raises UsageError and Unavailable."""
        read = read_options(self.id, options, WebhookOptions)
        secret = read_secret(read.secret_file, "DOSEWAY_WEBHOOK_SECRET")
        if not secret:
            hint = "Set secret_file, or DOSEWAY_WEBHOOK_SECRET."
            raise UsageError("the channel webhook has no secret", hint=hint)
        return WebhookChannel(secret, read.timeout_s)


CHANNEL: Final = WebhookKind()
