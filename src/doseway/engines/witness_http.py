"""A witness elsewhere, reached over the C2SP tlog-witness HTTP API."""

from typing import Final

from doseway.ledger.exchange import HttpClient
from doseway.ledger.note import MAX_NOTE_BYTES, VerifierKey
from doseway.ledger.policy import Policy
from doseway.ledger.witness import WitnessReply, origin_hash
from doseway.model.errors import Unavailable

_MAX_ANSWER_BYTES: Final = 65_536
_OK: Final = 200
_NOT_FOUND: Final = 404


def http_witnesses(policy: Policy, *, timeout_s: float = 10.0) -> list["HttpWitness"]:
    """Return the ways to those witnesses of a policy that have a URL in it.

    Raises:
        UsageError: a URL is not an `http` or `https` prefix.
    """
    return [HttpWitness(one.name, one.key, one.url, timeout_s=timeout_s) for one in policy.witnesses if one.url]


class HttpWitness:
    """The way to one witness (the `WitnessPort` of `doseway.ledger.quorum`).

    Attributes:
        name: the name that the policy gives it.
        key: the pinned key under which its cosignatures must verify.
    """

    def __init__(self, name: str, key: VerifierKey, url: str, *, timeout_s: float = 10.0) -> None:
        """Take the witness's submission prefix; it is also used as its monitoring prefix. Nothing is sent yet.

        Raises:
            UsageError: the URL is not an `http` or `https` prefix.
        """
        self.name = name
        self.key = key
        self._client = HttpClient(url, timeout_s=timeout_s)

    def add_checkpoint(self, request: bytes) -> WitnessReply:
        """Send `POST <prefix>/add-checkpoint`.

        Raises:
            Unavailable: no complete answer of at most 64 KiB came within the time limit.
        """
        answer = self._client.exchange(
            "POST",
            "add-checkpoint",
            max_bytes=_MAX_ANSWER_BYTES,
            body=request,
            headers={"Content-Type": "text/plain; charset=utf-8"},
        )
        return WitnessReply(answer.status, answer.body, answer.content_type)

    def latest(self, origin: str) -> bytes | None:
        """Fetch `GET <prefix>/<SHA-256 of the origin>/checkpoint`; None when the witness never cosigned the log.

        Raises:
            Unavailable: no complete answer came within the time and size limits, or it was neither 200 nor 404.
        """
        answer = self._client.exchange("GET", f"{origin_hash(origin)}/checkpoint", max_bytes=MAX_NOTE_BYTES)
        if answer.status == _NOT_FOUND:
            return None
        if answer.status != _OK:
            raise Unavailable(f"{self._client.url} answered {answer.status} instead of a checkpoint")
        return answer.body

    def close(self) -> None:
        """Close the connection to the witness."""
        self._client.close()
