"""A published log elsewhere, read over HTTP (C2SP tlog-tiles)."""

from typing import Final

from doseway.ledger.exchange import HttpClient
from doseway.ledger.published import PrefixLog
from doseway.model.errors import Unavailable

_OK: Final = 200
_ABSENT: Final = frozenset({404, 410})


def open_url(url: str, *, timeout_s: float = 30.0) -> PrefixLog:
    """Return the log that is published below an `http` or `https` prefix; nothing is fetched yet.

    Raises:
        UsageError: the URL is not such a prefix.
    """
    client = HttpClient(url, timeout_s=timeout_s)

    def fetch(path: str, max_bytes: int) -> bytes | None:
        answer = client.exchange("GET", path, max_bytes=max_bytes, headers={"Accept-Encoding": "gzip, identity"})
        if answer.status in _ABSENT:
            return None
        if answer.status != _OK:
            raise Unavailable(f"{client.url}/{path} answered {answer.status}")
        return answer.body

    return PrefixLog(fetch, client.close)
