"""One HTTP exchange, bounded in time and in size: what the clients of witnesses and of published logs share.

The other side is not trusted. It may answer slowly, endlessly, compressed without measure or with a redirect to
somewhere else; each of these ends in `Unavailable` with the reason, within the time limit. Proxies from the environment
are not used and redirects are not followed: requests go where the configuration says, and nowhere else.
"""

import contextlib
import http.client
import re
import socket
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from doseway.model.errors import Unavailable, UsageError

_GZIP_WINDOW: Final = 31
"""zlib's way to say: 32 KiB window, gzip framing."""
_SECONDS: Final = re.compile(r"[0-9]{1,6}")
_STALE: Final = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer whose body is complete and decoded; `content_type` as the server wrote it.

    Attributes:
        retry_after_s: when the server wants to be asked again, in seconds from now; None where it says none.
    """

    status: int
    content_type: str
    body: bytes
    retry_after_s: int | None = None


class _Watchdog:
    """Cuts a connection off after a time: socket time-outs bound one read each, and a server can drip for ever."""

    def __init__(self, timeout_s: float) -> None:
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(timeout_s, self._cut)
        self._timer.daemon = True
        self.has_cut = False

    def guard(self, connection: http.client.HTTPConnection) -> None:
        """Start the clock for one exchange on an open connection."""
        self._socket = connection.sock
        self._timer.start()

    def stop(self) -> None:
        """Stop the clock; it need not have been started."""
        self._timer.cancel()

    def _cut(self) -> None:
        self.has_cut = True
        if self._socket is not None:
            # Closing would not wake a thread that waits in recv; shutting down does.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


class HttpClient:
    """Exchanges with one server below one URL prefix; keeps its connection open. Threads take turns.

    Attributes:
        url: the prefix, without a trailing slash.
    """

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        """Check the prefix; nothing is sent yet.

        Args:
            url: `http` or `https`, a host, an optional port and path.
            timeout_s: limit of one whole exchange, from connecting to the last byte.

        Raises:
            UsageError: the URL is not such a prefix.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise UsageError(f"{url!r} has no valid host and port") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise UsageError(f"{url!r} is not an http or https URL prefix")
        if parts.username is not None or any(not "!" <= character <= "~" for character in url):
            raise UsageError(f"{url!r} holds credentials or characters that a URL cannot have")
        self.url = url.rstrip("/")
        self._is_tls = parts.scheme == "https"
        self._host, self._port = parts.hostname, port
        self._path = parts.path.rstrip("/")
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None

    def exchange(
        self,
        method: Literal["GET", "POST"],
        path: str,
        *,
        max_bytes: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request to `<prefix>/<path>` and return the whole answer, whatever its status.

        Raises:
            Unavailable: no complete answer of at most `max_bytes` (after decoding) came within the time limit.
        """
        with self._lock:
            is_fresh = self._connection is None
            try:
                return self._once(method, path, max_bytes, body, headers or {})
            except _STALE as error:
                # A kept connection may have been closed by the server meanwhile: a GET can safely be sent again.
                if is_fresh or method != "GET":
                    raise self._failed(f"closed the connection: {error}") from error
            try:
                return self._once(method, path, max_bytes, body, headers or {})
            except _STALE as error:
                raise self._failed(f"closed the connection: {error}") from error

    def close(self) -> None:
        """Close the connection; a later exchange opens a new one."""
        with self._lock:
            self._drop()

    def _once(self, method: str, path: str, max_bytes: int, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        watchdog = _Watchdog(self._timeout_s)
        is_complete = False
        try:
            connection = self._connected()
            watchdog.guard(connection)
            connection.request(method, f"{self._path}/{path}", body=body, headers={"User-Agent": "doseway", **headers})
            answer = self._read(connection.getresponse(), max_bytes, watchdog)
            is_complete = not watchdog.has_cut
        except (OSError, ValueError, http.client.HTTPException) as error:
            if isinstance(error, _STALE) and not watchdog.has_cut:
                raise
            if not watchdog.has_cut and not isinstance(error, TimeoutError):
                raise self._failed(f"cannot be asked: {str(error) or type(error).__name__}") from error
        finally:
            watchdog.stop()
            if not is_complete:
                self._drop()
        if not is_complete:
            raise self._failed(f"gave no whole answer within {self._timeout_s:g} s")
        return answer

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=self._timeout_s)
            self._connection.connect()
        return self._connection

    def _read(self, response: http.client.HTTPResponse, max_bytes: int, watchdog: _Watchdog) -> Answer:
        declared = response.length
        body = response.read(max_bytes + 1)
        if watchdog.has_cut:
            raise TimeoutError
        if len(body) > max_bytes:
            raise self._failed(f"sent more than {max_bytes} bytes")
        if declared is not None and len(body) < declared:
            raise self._failed(f"cut its answer off after {len(body)} of {declared} bytes")
        encoding = response.headers.get("Content-Encoding", "identity").lower()
        if encoding == "gzip":
            body = self._unpack(body, max_bytes)
        elif encoding != "identity":
            raise self._failed(f"used the content encoding {encoding!r}, which nobody asked for")
        if response.will_close:
            self._drop()
        wait = response.headers.get("Retry-After", "").strip()
        retry_after_s = int(wait) if _SECONDS.fullmatch(wait) else None
        return Answer(response.status, response.headers.get("Content-Type", ""), body, retry_after_s)

    def _unpack(self, body: bytes, max_bytes: int) -> bytes:
        unpacker = zlib.decompressobj(_GZIP_WINDOW)
        try:
            data = unpacker.decompress(body, max_bytes + 1)
        except zlib.error as error:
            raise self._failed(f"sent broken gzip: {error}") from error
        if len(data) > max_bytes:
            raise self._failed(f"sent more than {max_bytes} bytes, compressed")
        if not unpacker.eof:
            raise self._failed("cut its gzip off")
        return data

    def _failed(self, what: str) -> Unavailable:
        self._drop()
        return Unavailable(f"{self.url} {what}", hint="Check that it runs, and try again.")

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
