"""A log over HTTP: the right bytes, the right headers, and nothing that the published tree does not have."""

import gzip
import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.asgi_kit import Process, call, running
from tests.ledger.published_kit import ORIGIN, GrowingLog

from doseway.api.tiles import accepts_gzip, tiles_app
from doseway.engines.tiles_http import open_url
from doseway.ledger.export import export
from doseway.ledger.published import audit
from doseway.ledger.static import open_folder
from doseway.ledger.tiles import tile_path, tiles_for
from doseway.model.errors import HashMismatch, Unavailable

SIZE = 700
SCRIPT = """
import sys
from doseway.api.serve import serve
from doseway.api.tiles import tiles_app
from tests.ledger.published_kit import GrowingLog
serve(tiles_app(GrowingLog(int(sys.argv[1])), prefix="/log"), on_ready=lambda url: print(url + "/log", flush=True))
"""


@pytest.fixture(scope="module")
def log() -> GrowingLog:
    return GrowingLog(SIZE)


def test_the_checkpoint_is_text_that_caches_keep_for_a_second(log: GrowingLog) -> None:
    answered = call(tiles_app(log), "GET", "/checkpoint")
    assert (answered.status, answered.body) == (200, log.note())
    assert answered.headers["content-type"] == "text/plain; charset=utf-8"
    assert answered.headers["cache-control"] == "public, max-age=1, must-revalidate"
    assert answered.headers["content-length"] == str(len(log.note()))


def test_tiles_and_bundles_are_octets_that_caches_keep_for_ever(log: GrowingLog) -> None:
    app = tiles_app(log, prefix="/pre/fix")
    for path, body in (
        ("/pre/fix/tile/0/000", b"".join(log.leaves[:256])),
        ("/pre/fix/tile/0/002.p/188", b"".join(log.leaves[512:])),
        ("/pre/fix/tile/1/000.p/2", log.root(256) + log.read(8, 1)),
        ("/pre/fix/tile/entries/001", log.bundle(1, 256)),
        ("/pre/fix/tile/entries/002.p/188", log.bundle(2, 188)),
    ):
        answered = call(app, "GET", path)
        assert (answered.status, answered.body) == (200, body)
        assert answered.headers["content-type"] == "application/octet-stream"
        assert answered.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answered.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/003",
        "tile/0/002",
        "tile/0/002.p/189",
        "tile/0/002.p/256",
        "tile/0/002.p/0",
        "tile/0/002.p/",
        "tile/0/002.p/01",
        "tile/0/002.p/-1",
        "tile/0/x000/002.p/5",
        "tile/0/2.p/5",
        "tile/0/000/",
        "tile/0/000.p",
        "tile/00/000",
        "tile/1/000",
        "tile/1/000.p/3",
        "tile/2/000.p/1",
        "tile/63/000.p/1",
        "tile/64/000.p/1",
        "tile/-1/000",
        "tile/entries/003",
        "tile/entries/002.p/189",
        "tile/entries/x999/999",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/data/000",
        "tile/0/" + "x000/" * 3000 + "000",
        "tile/0/../0/000",
        "tile/0/../../checkpoint",
        "tile/../checkpoint",
        "tile//0/000",
        "tile/0/000\x00",
        "tile/0/000\n",
        "tile/٠/000",
        "tile/0/٠٠٠",
        "tile/0",
        "tile/",
        "tile",
        "Checkpoint",
        "checkpoint/",
        "../checkpoint",
        "/checkpoint",
        "etc/passwd",
        "",
    ],
)
def test_what_the_published_tree_does_not_have_is_404_and_not_cached(log: GrowingLog, path: str) -> None:
    answered = call(tiles_app(log), "GET", f"/{path}")
    assert answered.status == 404
    assert answered.headers["cache-control"] == "no-store"


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_path_is_a_resource_of_the_tree_or_404(path: str) -> None:
    paths = {tile_path(level, n, width) for level, n, width in tiles_for(5)} | {"checkpoint", "tile/entries/000.p/5"}
    assert call(tiles_app(GrowingLog(5)), "GET", f"/tile/{path}").status == (200 if f"tile/{path}" in paths else 404)


@pytest.mark.parametrize("size", [0, 1, 256])
def test_an_empty_tile_is_never_served(size: int) -> None:
    app = tiles_app(GrowingLog(size))
    for width in range(257):
        expected = 200 if 0 < width <= size and width != 256 else 404
        assert call(app, "GET", f"/tile/0/000.p/{width}").status == expected
    assert call(app, "GET", "/tile/0/001.p/1").status == 404
    assert call(app, "GET", "/tile/1/000.p/1").status == (200 if size == 256 else 404)


def test_a_partial_tile_stays_when_the_tile_has_grown(log: GrowingLog) -> None:
    app = tiles_app(log)
    full = call(app, "GET", "/tile/0/000").body
    assert call(app, "GET", "/tile/0/000.p/17").body == full[: 17 * 32]
    assert call(app, "GET", "/tile/entries/000.p/17").body == log.bundle(0, 17)


def test_what_is_not_yet_in_the_checkpoint_is_not_shown(log: GrowingLog) -> None:
    class Ahead(GrowingLog):
        def checkpoint(self) -> bytes:
            return self.note(300)

    ahead = GrowingLog(SIZE)
    ahead.__class__ = Ahead
    app = tiles_app(ahead)
    assert call(app, "GET", "/tile/0/001.p/44").status == 200
    for path in ("/tile/0/001.p/45", "/tile/0/001", "/tile/entries/001.p/45", "/tile/0/002.p/188"):
        assert call(app, "GET", path).status == 404


@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000", "/tile/entries/000", "/tile/9/000"])
def test_head_is_get_without_the_body(log: GrowingLog, path: str) -> None:
    app = tiles_app(log)
    for headers in ({}, {"accept-encoding": "gzip"}):
        got, head = (call(app, method, path, headers=headers) for method in ("GET", "HEAD"))
        assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_nothing_can_be_written(log: GrowingLog, method: str) -> None:
    answered = call(tiles_app(log), method, "/checkpoint")
    assert (answered.status, answered.headers["allow"]) == (405, "GET, HEAD")


def test_entries_are_zipped_for_those_who_ask_and_only_entries(log: GrowingLog) -> None:
    app = tiles_app(log)
    zipped = call(app, "GET", "/tile/entries/000", headers={"accept-encoding": "br, gzip;q=0.5"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "accept-encoding"
    assert gzip.decompress(zipped.body) == log.bundle(0, 256)
    assert int(zipped.headers["content-length"]) == len(zipped.body) < len(log.bundle(0, 256))
    plain = call(app, "GET", "/tile/entries/000", headers={"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "accept-encoding"
    assert plain.headers["etag"] != zipped.headers["etag"]
    for path in ("/tile/0/000", "/checkpoint"):
        assert "content-encoding" not in call(app, "GET", path, headers={"accept-encoding": "gzip"}).headers


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (b"gzip", True),
        (b"GZIP", True),
        (b"x-gzip", True),
        (b"*", True),
        (b"deflate, gzip;q=1.0, *;q=0.5", True),
        (b"gzip;q=0.001", True),
        (b" gzip ; q=0.5 ", True),
        (b"", False),
        (b"identity", False),
        (b"gzip;q=0", False),
        (b"gzip;q=0.000, *", False),
        (b"*;q=0", False),
        (b"gzipped", False),
        (b"gzip;q=junk", False),
        (b"br;q=1.0", False),
    ],
)
def test_accept_encoding_is_read_as_rfc_9110_says(header: bytes, *, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_who_has_it_already_is_told_so(log: GrowingLog) -> None:
    app = tiles_app(log)
    for path in ("/checkpoint", "/tile/0/000", "/tile/entries/000"):
        tag = call(app, "GET", path).headers["etag"]
        for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = call(app, "GET", path, headers={"if-none-match": sent})
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
            assert "content-length" not in again.headers
        assert call(app, "GET", path, headers={"if-none-match": '"other"'}).status == 200
    grown = GrowingLog(SIZE + 1)
    assert (
        call(tiles_app(grown), "GET", "/checkpoint").headers["etag"] != call(app, "GET", "/checkpoint").headers["etag"]
    )


def test_a_log_that_does_not_answer_is_503_and_a_damaged_one_500() -> None:
    class Failing(GrowingLog):
        error: Exception = Unavailable("the store is closed")

        def tile(self, level: int, n: int, width: int) -> bytes:
            assert (level, n, width) == (0, 0, 5)
            raise self.error

    log = Failing(5)
    assert call(tiles_app(log), "GET", "/tile/0/000.p/5").status == 503
    log.error = HashMismatch("/secret/path is damaged")
    answered = call(tiles_app(log), "GET", "/tile/0/000.p/5")
    assert answered.status == 500
    assert b"secret" not in answered.body

    class Unreadable(GrowingLog):
        def checkpoint(self) -> bytes:
            return b"no checkpoint"

    assert call(tiles_app(Unreadable(5)), "GET", "/tile/0/000.p/5").status == 500


@pytest.fixture(scope="module")
def served() -> Iterator[Process]:
    with running(SCRIPT, str(SIZE)) as process:
        yield process


def fetch(url: str, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, f"{parts.path}/{path}", headers={k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_the_export_and_http_are_the_same_bytes(served: Process, log: GrowingLog, tmp_path: Path) -> None:
    export(log, tmp_path, ORIGIN, [log.vkey])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 8
    for file in files:
        response, body = fetch(served.url, str(file.relative_to(tmp_path)))
        assert (response.status, body) == (200, file.read_bytes())


def test_a_client_with_the_url_and_the_key_alone_verifies_everything(served: Process, log: GrowingLog) -> None:
    seen: list[bytes] = []
    with closing(open_url(served.url)) as remote:
        audited = audit(remote, ORIGIN, [log.vkey], on_entry=lambda _index, entry: seen.append(entry))
    assert (audited.checkpoint.size, seen) == (SIZE, log.entries)


def test_a_copy_made_over_http_is_a_log_like_the_first(served: Process, log: GrowingLog, tmp_path: Path) -> None:
    with closing(open_url(served.url)) as remote:
        export(remote, tmp_path, ORIGIN, [log.vkey])
    assert audit(open_folder(tmp_path), ORIGIN, [log.vkey]).checkpoint.size == SIZE


def test_a_folder_can_be_served_too(log: GrowingLog, tmp_path: Path) -> None:
    export(log, tmp_path, ORIGIN, [log.vkey])
    app = tiles_app(open_folder(tmp_path))
    assert call(app, "GET", "/tile/0/002.p/188").body == b"".join(log.leaves[512:])
    assert call(app, "GET", "/tile/0/000.p/3").body == b"".join(log.leaves[:3])
    (tmp_path / "tile" / "0" / "001").unlink()
    assert call(app, "GET", "/tile/0/001").status == 503


def test_the_real_server_keeps_to_heads_encodings_and_traversals(served: Process, log: GrowingLog) -> None:
    response, body = fetch(served.url, "tile/entries/000", "HEAD", Accept_Encoding="gzip")
    assert (response.status, body, response.headers["Content-Encoding"]) == (200, b"", "gzip")
    assert int(response.headers["Content-Length"]) > 0
    response, body = fetch(served.url, "tile/entries/000", Accept_Encoding="gzip")
    assert gzip.decompress(body) == log.bundle(0, 256)
    tag = response.headers["ETag"]
    assert fetch(served.url, "tile/entries/000", Accept_Encoding="gzip", If_None_Match=tag)[0].status == 304
    for path in (
        "../../../../etc/passwd",
        "tile/0/%2e%2e/%2e%2e/checkpoint",
        "tile/..%2f..%2fetc%2fpasswd",
        "tile/0/000%00",
        "%2e%2e/log/checkpoint",
        "tile/0/000?x=../..",
    ):
        response, body = fetch(served.url, path)
        assert response.status == (200 if "?" in path else 404)
        assert b"root:" not in body


def test_the_server_stops_when_asked() -> None:
    with running(SCRIPT, "3") as process:
        assert fetch(process.url, "checkpoint")[0].status == 200
        assert process.end() == (0, "")
