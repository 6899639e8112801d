"""The settings of the doors, apart from the doors: reading settings must not load a client of MQTT."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

_WEEK_S: Final = 7 * 24 * 3600


class MqttRoute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages are in which format.

    Attributes:
        topic: a template, as in `doseway.intake.topics`.
        format: the id of the message format.
        sender: who sent it, with captures of the topic; empty: the connection's name.
    """

    topic: str
    format: str
    sender: str = ""


class MqttSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One broker.

    Attributes:
        name: of this connection, in facts and messages.
        host, port: of the broker.
        client_id: the session's name at the broker; must be used by nobody else.
        routes: what to subscribe to.
        version: of MQTT; NATS speaks 3.1.1 alone.
        username, password_file: how to sign in; the file holds the password.
        tls: encrypt, and check the broker's certificate.
        ca_file: authorities to check it by; none: the system's.
        certificate_file, key_file: ours, where the broker asks for one.
        session_expiry_s: how long the broker keeps messages for us while we are away (MQTT 5).
        receive_maximum: unacknowledged messages at once (MQTT 5): what bounds memory while the log is slow.
        keepalive_s: silence after which the connection counts as broken.
        will_topic: where `online` and, by the broker when we are gone, `offline` is said; empty: nowhere.
    """

    name: str
    host: str
    routes: Sequence[MqttRoute]
    client_id: str = "doseway"
    port: int = 1883
    version: Literal["5", "3.1.1"] = "5"
    username: str = ""
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    session_expiry_s: int = _WEEK_S
    receive_maximum: int = 1_000
    keepalive_s: int = 30
    will_topic: str = ""


class TiveSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One Tive account.

    Attributes:
        name: of this door, in facts and messages.
        client_id, client_secret_file: the API credentials; the file holds the secret.
        account_id: of the account, where the credentials are good for several.
        shipments: the public ids of the shipments to ask for.
        url: of the API.
        every_s: seconds from the end of a round to the next.
        window_s: length of a window.
        look_back_s: how late a tracker may hand in what it measured.
        first_back_s: how far back a shipment is read that was never read before.
        most_items: an answer of so many messages may have been cut.
        pause_s: between two requests.
    """

    name: str
    client_id: str
    client_secret_file: Path
    account_id: str = ""
    shipments: Sequence[str] = ()
    url: str = "https://api.tive.com/public/v3"
    every_s: int = 300
    window_s: int = 3_600
    look_back_s: int = 6 * 3_600
    first_back_s: int = 14 * 24 * 3_600
    most_items: int = 1_000
    pause_s: float = 0.2


class FolderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One watched folder.

    Attributes:
        name: of this door, in facts and messages.
        path: the folder; it must exist.
        format: of messages in it; empty: logger files, whose format is detected.
        every_s: seconds between two looks.
        settle_s: how long a file must not have changed.
        max_bytes: a larger file is rejected.
    """

    name: str
    path: Path
    format: str = ""
    every_s: float = 2.0
    settle_s: float = 4.0
    max_bytes: int = 64 << 20
