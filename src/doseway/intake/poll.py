"""The door that asks: Tive's `trackerData`, window by window, so that what its webhooks lost is there in the end.

Time is cut into windows on a fixed grid. A window's answer is one packet; asked again and unchanged it is the same
packet. Each round begins some windows before where the last one ended, because trackers that were without signal hand
in old readings later; and after an outage of ours it begins there too, however long ago that was. An answer that may
have been cut off for its length is asked again in halves.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

import msgspec

from doseway.intake.door import Admit, Incoming
from doseway.intake.door_settings import TiveSettings
from doseway.ledger.backoff import wait_s
from doseway.ledger.exchange import Answer, HttpClient
from doseway.model.clock import Clock, iso_utc
from doseway.model.errors import Place, Unavailable

_LOG: Final = logging.getLogger("doseway.intake.poll")
_MAX_BYTES: Final = 32 << 20
_TOKEN_MARGIN_MS: Final = 60_000
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_NOT_FOUND: Final = 404
_SHORTEST_WINDOW_MS: Final = 1_000

Sleep = Callable[[float], Awaitable[None]]


class Cursors(Protocol):
    """Remembers how far something was read, over restarts."""

    def get(self, name: str) -> int | None:
        """Return the instant up to which `name` was read, Unix ms; None: never."""

    def put(self, name: str, at_ms: int) -> None:
        """Remember an instant; durable on return."""


class TivePoller:
    """Reads one account on and on.

    Attributes:
        rounds: how many rounds were read to their end.
    """

    def __init__(
        self,
        settings: TiveSettings,
        admit: Admit,
        clock: Clock,
        cursors: Cursors,
        *,
        shipments: Callable[[], Sequence[str]] | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Read the secret; nothing is asked yet.

        Args:
            settings: the account.
            admit: takes the answers in.
            clock: ends the last window.
            cursors: remembers how far each shipment was read.
            shipments: the ids to ask for, beside those of the settings; called before each round.
            sleep: waits.

        Raises:
            Unavailable: the secret cannot be read.
            UsageError: the URL is none.
        """
        self._settings = settings
        self._admit = admit
        self._clock = clock
        self._cursors = cursors
        self._shipments = shipments or (lambda: ())
        self._sleep = sleep
        self._api = _TiveApi(settings, clock)
        self.rounds = 0

    async def run(self) -> None:
        """Read until cancelled; what fails is tried again, later each time."""
        failures = 0
        try:
            while True:
                try:
                    await self.round()
                    failures, wait = 0, float(self._settings.every_s)
                except _Wait as pause:
                    wait = pause.seconds
                    _LOG.warning("%s: asked to wait %.0f s", self._settings.name, wait)
                except Unavailable as error:
                    failures += 1
                    wait = wait_s(failures, first_s=2.0, most_s=300.0)
                    _LOG.warning("%s: %s; again in %.0f s", self._settings.name, error, wait)
                await self._sleep(wait)
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection; a later round opens it again."""
        self._api.close()

    async def round(self) -> None:
        """Read every shipment once, up to now.

        Raises:
            Unavailable: the API or the log does not answer; what was read before is kept.
        """
        for shipment in dict.fromkeys((*self._settings.shipments, *self._shipments())):
            await self._catch_up(shipment)
        self.rounds += 1

    async def _catch_up(self, shipment: str) -> None:
        settings, now_ms = self._settings, self._clock.now_ms()
        name = f"tive:{settings.name}:{shipment}"
        held = self._cursors.get(name)
        back_s = settings.first_back_s if held is None else settings.look_back_s
        start_ms = (now_ms if held is None else held) - back_s * 1000
        for window in windows(start_ms, now_ms, settings.window_s * 1000):
            if not await self._read(shipment, *window):
                _LOG.warning("%s: the account has no shipment %s", settings.name, shipment)
                return
            if held is None or window[1] > held:
                held = min(window[1], now_ms)
                await asyncio.to_thread(self._cursors.put, name, held)

    async def _read(self, shipment: str, start_ms: int, end_ms: int) -> bool:
        """Read one window, in halves where its answer may be cut; return whether there is such a shipment."""
        answer = await asyncio.to_thread(self._api.tracker_data, shipment, start_ms, end_ms)
        await self._sleep(self._settings.pause_s)
        if answer.status == _NOT_FOUND:
            return False
        items = _count(answer.body)
        if items is not None and items >= self._settings.most_items and end_ms - start_ms > _SHORTEST_WINDOW_MS:
            middle_ms = (start_ms + end_ms) // 2
            return await self._read(shipment, start_ms, middle_ms) and await self._read(shipment, middle_ms, end_ms)
        if items != 0:
            await self._take(shipment, answer.body)
        return True

    async def _take(self, shipment: str, body: bytes) -> None:
        incoming = Incoming(
            door="poll",
            format="tive",
            body=body,
            name=shipment,
            by=f"poll:{self._settings.name}",
            received_at_ms=self._clock.now_ms(),
        )
        await asyncio.shield(asyncio.wrap_future(self._admit(incoming)))


def windows(start_ms: int, end_ms: int, length_ms: int) -> Iterator[tuple[int, int]]:
    """Give the windows of the grid that cover a span, the whole of the first and the last one included."""
    at_ms = start_ms - start_ms % length_ms
    while at_ms < end_ms:
        yield at_ms, at_ms + length_ms
        at_ms += length_ms


class _Wait(Unavailable):
    """The API asks for time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:.0f} s")
        self.seconds = seconds


class _TiveApi:
    """The two calls of Tive's API v3 that are needed. Blocking; one thread at a time."""

    def __init__(self, settings: TiveSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._client = HttpClient(settings.url, timeout_s=30.0)
        self._secret = _secret(settings.client_secret_file)
        self._token = ""
        self._token_until_ms = 0

    def tracker_data(self, shipment: str, start_ms: int, end_ms: int) -> Answer:
        """Ask for what the trackers of a shipment said in a span; 200 or 404.

        Raises:
            Unavailable: there is no such answer, also not with a fresh token.
        """
        query = urlencode({"startDate": iso_utc(start_ms), "endDate": iso_utc(end_ms)})
        path = f"shipments/{quote(shipment, safe='')}/trackerData?{query}"
        answer = self._get(path)
        if answer.status == _UNAUTHORIZED:
            self._token = ""
            answer = self._get(path)
        if answer.status not in {_OK, _NOT_FOUND}:
            raise self._refused(answer, "trackerData")
        return answer

    def close(self) -> None:
        self._client.close()

    def _get(self, path: str) -> Answer:
        headers = {"Authorization": f"Bearer {self._fresh_token()}", "Accept-Encoding": "gzip"}
        if self._settings.account_id:
            headers["x-tive-account-id"] = self._settings.account_id
        return self._client.exchange("GET", path, max_bytes=_MAX_BYTES, headers=headers)

    def _fresh_token(self) -> str:
        now_ms = self._clock.now_ms()
        if self._token and now_ms < self._token_until_ms:
            return self._token
        fields = {
            "client_id": self._settings.client_id,
            "client_secret": self._secret,
            "grant_type": "client_credentials",
        }
        kind, body = _multipart(fields)
        answer = self._client.exchange(
            "POST", "authenticate", max_bytes=_MAX_BYTES, body=body, headers={"Content-Type": kind}
        )
        if answer.status != _OK:
            raise self._refused(answer, "authenticate")
        try:
            given = msgspec.json.decode(answer.body, type=_Token)
        except msgspec.DecodeError as error:
            raise Unavailable(f"{self._settings.url} gave no token: {error}") from error
        self._token = given.access_token
        self._token_until_ms = now_ms + given.expires_in * 1000 - _TOKEN_MARGIN_MS
        return self._token

    def _refused(self, answer: Answer, what: str) -> Unavailable:
        if answer.status == _TOO_MANY and answer.retry_after_s is not None:
            return _Wait(answer.retry_after_s)
        hint = (
            "Check client_id and client_secret_file." if answer.status == _UNAUTHORIZED else "It is asked again later."
        )
        return Unavailable(f"{self._settings.url} answered {what} with {answer.status}", hint=hint)


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int = 3_600


def _multipart(fields: dict[str, str]) -> tuple[str, bytes]:
    """Write a form as multipart (RFC 7578), which Tive wants for its credentials."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return f"multipart/form-data; boundary={boundary}", ("".join(parts) + f"--{boundary}--\r\n").encode()


def _count(body: bytes) -> int | None:
    """Count the messages of an answer; None where it is no list: then it is kept as it is, for people to look at."""
    try:
        found: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    return len(found) if isinstance(found, list) else None


def _secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unavailable(f"the secret cannot be read: {error.strerror}", where=Place(str(path))) from error
