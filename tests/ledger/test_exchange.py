"""One HTTP exchange with servers that are slow, endless, broken or sly."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from doseway.ledger.exchange import HttpClient
from doseway.model.errors import Unavailable, UsageError

Serve = Callable[[socket.socket, bytes], None]
CAP = 10_000


@contextmanager
def server(behave: Serve) -> Iterator[tuple[str, list[bytes]]]:
    """Run a server of one connection at a time; yields its URL and the request heads that came."""
    heads: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    while head := read_head(connection):
                        heads.append(head)
                        behave(connection, head)
                except OSError:
                    pass

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heads
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def read_head(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return b""
        data += part
    return data


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = [b"HTTP/1.1 " + status, b"Content-Type: text/plain", b"Content-Length: %d" % size, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def send(data: bytes) -> Serve:
    return lambda connection, _head: connection.sendall(data)


def get(url: str, timeout_s: float = 5.0) -> bytes:
    with closing(HttpClient(url, timeout_s=timeout_s)) as client:
        return client.exchange("GET", "path", max_bytes=CAP).body


def test_an_answer_comes_back_whole_and_the_connection_is_used_again() -> None:
    with server(send(answer(b"hello"))) as (url, heads):
        client = HttpClient(url + "/prefix/")
        for _ in range(3):
            got = client.exchange("GET", "a/b", max_bytes=CAP, headers={"X-Of-Ours": "1"})
            assert (got.status, got.content_type, got.body) == (200, "text/plain", b"hello")
        client.close()
        assert heads[0].startswith(b"GET /prefix/a/b HTTP/1.1\r\n")
        assert b"X-Of-Ours: 1" in heads[0]
        assert b"User-Agent: doseway" in heads[0]


@pytest.mark.parametrize("status", [b"404 Not Found", b"409 Conflict", b"500 Oops"])
def test_any_status_is_an_answer(status: bytes) -> None:
    with server(send(answer(b"5\n", status=status))) as (url, _), closing(HttpClient(url)) as client:
        assert client.exchange("POST", "x", max_bytes=CAP, body=b"b").status == int(status[:3])


def test_a_redirect_is_not_followed() -> None:
    with (
        server(send(answer(b"secret"))) as (elsewhere, heads),
        server(send(answer(b"", b"Location: " + elsewhere.encode(), status=b"302 Found"))) as (url, _),
        closing(HttpClient(url)) as client,
    ):
        assert client.exchange("GET", "x", max_bytes=CAP).status == 302
        assert heads == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(send(answer(b"proxied"))) as (proxy, heads), server(send(answer(b"direct"))) as (url, _):
        monkeypatch.setenv("http_proxy", proxy)
        assert get(url) == b"direct"
        assert heads == []


@pytest.mark.parametrize(
    "data",
    [
        answer(b"x" * (CAP + 1)),
        answer(b"", length=10**12),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (CAP * 3),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n" + b"x" * 4096 + b"\r\n1000\r\n" + b"x" * 9000,
    ],
)
def test_an_answer_beyond_the_cap_is_not_taken(data: bytes) -> None:
    def flood(connection: socket.socket, head: bytes) -> None:
        connection.sendall(data)
        while True:
            connection.sendall(b"x" * 65_536)

    with server(flood) as (url, _), pytest.raises(Unavailable, match=r"more than|cannot be asked"):
        get(url)


def test_gzip_is_unpacked_up_to_the_cap() -> None:
    zipped = gzip.compress(b"z" * CAP)
    with server(send(answer(zipped, b"Content-Encoding: gzip"))) as (url, _):
        assert get(url) == b"z" * CAP
    bomb = gzip.compress(bytes(CAP * 700))
    assert len(bomb) < CAP
    with (
        server(send(answer(bomb, b"Content-Encoding: gzip"))) as (url, _),
        pytest.raises(Unavailable, match="more than"),
    ):
        get(url)


@pytest.mark.parametrize(
    "data",
    [
        answer(b"short", length=500),
        answer(gzip.compress(b"text")[:-3], b"Content-Encoding: gzip"),
        answer(b"no gzip at all", b"Content-Encoding: gzip"),
        answer(b"what", b"Content-Encoding: br"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"",
    ],
)
def test_a_broken_answer_is_none(data: bytes) -> None:
    def broken(connection: socket.socket, head: bytes) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    with server(broken) as (url, _), pytest.raises(Unavailable):
        get(url)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", answer(b"", length=9_000)])
def test_a_server_that_drips_for_ever_is_cut_off_at_the_time_limit(start: bytes) -> None:
    def drip(connection: socket.socket, head: bytes) -> None:
        connection.sendall(start)
        while True:
            time.sleep(0.05)
            connection.sendall(b"x")

    with server(drip) as (url, _):
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"within 0\.4 s"):
            get(url, timeout_s=0.4)
        assert time.monotonic() - began < 2


def test_a_server_that_says_nothing_is_left_at_the_time_limit() -> None:
    with server(lambda _connection, _head: time.sleep(1.5)) as (url, _):
        began = time.monotonic()
        with pytest.raises(Unavailable, match=r"within 0\.3 s"):
            get(url, timeout_s=0.3)
        assert time.monotonic() - began < 2


def test_a_kept_connection_that_the_server_closed_is_opened_again_for_a_get_but_not_for_a_post() -> None:
    def once(connection: socket.socket, head: bytes) -> None:
        connection.sendall(answer(b"hello"))
        connection.shutdown(socket.SHUT_RDWR)

    with server(once) as (url, heads):
        client = HttpClient(url)
        for _ in range(3):
            assert client.exchange("GET", "x", max_bytes=CAP).body == b"hello"
        assert len(heads) == 3
        with pytest.raises(Unavailable, match="closed"):
            client.exchange("POST", "x", max_bytes=CAP, body=b"once only")
        assert client.exchange("POST", "x", max_bytes=CAP, body=b"again").body == b"hello"
        client.close()


def test_nobody_at_the_port_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot be asked"):
        get(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "witness.example",
        "ftp://witness.example",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@witness.example",
        "http://witness.example/?a=b",
        "http://witness.example/#x",
        "http://witness.example:99999",
        "http://witness.example/a b",
        "http://witness.example/\r\nX: y",
        "http://wïtness.example",
    ],
)
def test_what_is_no_prefix_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(UsageError):
        HttpClient(url)
