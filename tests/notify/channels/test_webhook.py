"""Signed webhooks: the receiver checks them by the reference library; each answer's meaning."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.api.ingest_kit import SECRET_TEXT
from tests.notify.channels.test_email import MESSAGE

from doseway.model.errors import DataError, Unavailable, UsageError
from doseway.notify.channels.webhook import CHANNEL


class Receiver:
    def __init__(self) -> None:
        self.status = 204
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Quiet."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.calls.append((self.path, dict(self.headers.items()), body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as one:
        yield one


def send(receiver: Receiver, folder: Path, path: str = "/hooks/doseway?site=1") -> None:
    (folder / "secret").write_text(SECRET_TEXT)
    CHANNEL.make({"secret_file": str(folder / "secret"), "timeout_s": 5}).send(MESSAGE, receiver.url + path)


def test_the_receiver_can_check_who_sent_it(receiver: Receiver, tmp_path: Path) -> None:
    send(receiver, tmp_path)
    ((path, headers, body),) = receiver.calls
    assert path == "/hooks/doseway?site=1"
    assert Webhook(SECRET_TEXT).verify(body, headers) == json.loads(body)
    document = json.loads(body)
    assert (document["shipment"], document["kind"], document["id"]) == ("S-4711", "opened", headers["webhook-id"])
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET_TEXT).verify(body.replace(b"4711", b"4712"), headers)


@pytest.mark.parametrize("status", [500, 502, 503, 408, 429])
def test_what_time_may_heal_is_tried_again(receiver: Receiver, tmp_path: Path, status: int) -> None:
    receiver.status = status
    with pytest.raises(Unavailable, match=str(status)):
        send(receiver, tmp_path)


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_a_refusal_is_one(receiver: Receiver, tmp_path: Path, status: int) -> None:
    receiver.status = status
    with pytest.raises(DataError, match=str(status)):
        send(receiver, tmp_path)


def test_a_receiver_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    with receiving(Receiver()) as gone:
        pass
    with pytest.raises(Unavailable):
        send(gone, tmp_path)


def test_what_is_no_url_is_said(receiver: Receiver, tmp_path: Path) -> None:
    receiver.url = "ftp://host"
    with pytest.raises(UsageError):
        send(receiver, tmp_path)


def test_a_secret_must_be_there_and_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOSEWAY_WEBHOOK_SECRET", raising=False)
    with pytest.raises(UsageError, match="no secret"):
        CHANNEL.make({})
    monkeypatch.setenv("DOSEWAY_WEBHOOK_SECRET", "whsec_")
    with pytest.raises(UsageError, match="whsec_"):
        CHANNEL.make({})
    with pytest.raises(Unavailable):
        CHANNEL.make({"secret_file": str(tmp_path / "none")})
