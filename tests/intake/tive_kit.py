"""A fake of Tive's API v3 on loopback: tokens that run out, windows of messages, limits, and outages on demand."""

import email
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SECRET = "s3cret"


def to_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class FakeTive:
    """What the server knows and how it behaves."""

    def __init__(self) -> None:
        self.messages: dict[str, list[int]] = {}
        self.tokens: list[str] = []
        self.valid = ""
        self.asked: list[tuple[str, int, int]] = []
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.most_items = 1_000
        self.url = ""

    def authenticate(self, kind: str, body: bytes) -> tuple[int, Any]:
        form = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        fields = {part.get_param("name", header="content-disposition"): part.get_payload() for part in form.walk()}
        fields.pop(None)
        wanted = {"client_id": "us", "client_secret": SECRET, "grant_type": "client_credentials"}
        if fields != wanted:
            return 401, {"error": "invalid_client"}
        self.valid = f"token-{len(self.tokens)}"
        self.tokens.append(self.valid)
        return 200, {"access_token": self.valid, "expires_in": 3600, "token_type": "Bearer"}

    def tracker_data(self, shipment: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if shipment not in self.messages:
            return 404, {"error": "no such shipment"}
        start, end = to_ms(query["startDate"][0]), to_ms(query["endDate"][0])
        self.asked.append((shipment, start, end))
        found = [at for at in sorted(self.messages[shipment]) if start <= at < end]
        return 200, [self.document(shipment, at) for at in found[: self.most_items]]

    def document(self, shipment: str, at_ms: int) -> Any:
        assert shipment in self.messages
        return {"DeviceId": "860000000000001", "EntryTimeEpoch": at_ms}


@contextmanager
def serving(tive: FakeTive) -> Iterator[FakeTive]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # head and body in one segment

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def answer(self, status: int, document: Any, headers: dict[str, str]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/public/v3/authenticate"
            self.answer(*tive.authenticate(self.headers["Content-Type"], body), {})

        def do_GET(self) -> None:
            if tive.failures:
                status, headers = tive.failures.pop(0)
                return self.answer(status, {}, headers)
            if self.headers["Authorization"] != f"Bearer {tive.valid}" or self.headers["x-tive-account-id"] != "478":
                return self.answer(401, {}, {})
            parts = urlsplit(self.path)
            shipment = unquote(parts.path.removeprefix("/public/v3/shipments/").removesuffix("/trackerData"))
            return self.answer(*tive.tracker_data(shipment, parse_qs(parts.query)), {})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    tive.url = f"http://127.0.0.1:{server.server_port}/public/v3"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield tive
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
