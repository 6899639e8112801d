"""Reading a published log over HTTP, where not every server is a good one."""

import gzip
import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.ledger.published_kit import ORIGIN, GrowingLog

from doseway.engines.tiles_http import open_url
from doseway.ledger.published import PrefixLog, audit
from doseway.ledger.tiles import parse_tile_path
from doseway.model.errors import DataError, HashMismatch, Unavailable

Answer = tuple[int, dict[str, str], bytes]


class Quiet(http.server.ThreadingHTTPServer):
    """Does not complain of clients that hang up: the client under test is meant to."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def reading(on_get: Callable[[str], Answer]) -> Iterator[PrefixLog]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = on_get(self.path.removeprefix("/log/"))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    log = open_url(f"http://127.0.0.1:{server.server_port}/log", timeout_s=5)
    try:
        yield log
    finally:
        log.close()
        server.shutdown()
        thread.join()
        server.server_close()


def answer_of(log: GrowingLog, path: str) -> Answer:
    """Serve as a plain web server of an export does: only the newest partial tiles, entries zipped unasked."""
    if path == "checkpoint":
        return 200, {}, log.note()
    tile = parse_tile_path(path)
    level = 0 if tile.level == "entries" else tile.level
    if tile.width != min(256, (log.size >> 8 * level) - tile.n * 256):
        return 404, {}, b"no such file"
    if tile.level == "entries":
        return 200, {"Content-Encoding": "gzip"}, gzip.compress(log.bundle(tile.n, tile.width))
    return 200, {}, log.tile(level, tile.n, tile.width)


def test_a_whole_log_is_verified_over_http() -> None:
    log = GrowingLog(700)
    with reading(lambda path: answer_of(log, path)) as remote:
        assert audit(remote, ORIGIN, [log.vkey]).checkpoint.size == 700


def test_partial_tiles_that_are_gone_are_cut_from_full_ones() -> None:
    log = GrowingLog(700)
    with reading(lambda path: answer_of(log, path)) as remote:
        assert remote.tile(0, 1, 7) == b"".join(log.leaves[256:263])
        assert remote.bundle(1, 7) == log.bundle(1, 7)
        for n, width in ((2, 5), (9, 256)):
            with pytest.raises(Unavailable, match="is not there"):
                remote.tile(0, n, width)
            with pytest.raises(Unavailable, match="is not there"):
                remote.bundle(n, width)


def test_a_changed_byte_on_the_way_is_noticed() -> None:
    log = GrowingLog(300)

    def altered(path: str) -> Answer:
        status, headers, body = answer_of(log, path)
        return status, headers, body[:-1] + bytes([body[-1] ^ 1]) if path == "tile/0/000" else body

    with reading(altered) as remote, pytest.raises(HashMismatch, match="entry 255"):
        audit(remote, ORIGIN, [log.vkey])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((500, {}, b""), "answered 500"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "answered 302"),
        ((410, {}, b""), "is not there"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(200_000))), "more than 131072 bytes"),
        ((200, {}, bytes(131_073)), "more than 131072 bytes"),
    ],
)
def test_a_server_that_does_not_give_it_is_said(answer: Answer, reason: str) -> None:
    with reading(lambda _path: answer) as remote, pytest.raises(Unavailable, match=reason):
        remote.checkpoint()


def test_a_page_of_html_is_no_checkpoint() -> None:
    with reading(lambda _path: (200, {"Content-Type": "text/html"}, b"<html>")) as remote, pytest.raises(DataError):
        audit(remote, ORIGIN, [GrowingLog().vkey])
