"""A log for the doors' tests: admits in memory, remembers what it was given, and fails when it is told to."""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from doseway.intake.door import Admitted, Incoming, Outcome
from doseway.intake.keyring import FixedKeyRing, KeyRecord, new_key, signing_secret
from doseway.model.units import UnixMs

NOW_MS = 1_764_000_000_000
SECRET_TEXT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRET = signing_secret(SECRET_TEXT)
FORMATS = frozenset({"tive", "osmand", "senml", "chirpstack"})


class FixedClock:
    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now = now_ms

    def now_ms(self) -> UnixMs:
        return UnixMs(self.now)


class MemoryAdmit:
    """Gives equal bytes one packet. `error` is raised while it is set; JSON that is none is an undecodable packet."""

    def __init__(self) -> None:
        self.taken: list[Incoming] = []
        self.packets: dict[bytes, int] = {}
        self.error: Exception | None = None
        self.late: Exception | None = None
        self.is_stuck = False
        self.lots: list[int] = []
        self.choosy: Callable[[Incoming], Outcome | None] = lambda _: None

    def __call__(self, incoming: Incoming, /) -> Future[Admitted]:
        if self.error is not None:
            raise self.error
        future: Future[Admitted] = Future()
        if self.late is not None:
            future.set_exception(self.late)
        elif not self.is_stuck:
            future.set_result(self._admit(incoming))
        return future

    def lot(self, lot: Sequence[Incoming], /) -> Future[list[Outcome]]:
        """Take several as one; `choosy` says why it does not take one of them."""
        if self.error is not None:
            raise self.error
        self.lots.append(len(lot))
        future: Future[list[Outcome]] = Future()
        if self.late is not None:
            future.set_exception(self.late)
        elif not self.is_stuck:
            future.set_result([self.choosy(one) or self._admit(one) for one in lot])
        return future

    def _admit(self, incoming: Incoming) -> Admitted:
        self.taken.append(incoming)
        digest = hashlib.sha256(incoming.format.encode() + incoming.body).digest()
        is_duplicate = digest in self.packets
        packet = self.packets.setdefault(digest, len(self.packets))
        error = ""
        if incoming.format != "osmand":
            try:
                json.loads(incoming.body.splitlines()[0])
            except ValueError as problem:
                error = f"no JSON: {problem}"
        return Admitted(packet=packet, is_duplicate=is_duplicate, readings=0 if error else 1, error=error)


def make_keys() -> tuple[FixedKeyRing, str, str]:
    """Return a ring, a key that is good for everything and one that is good for SenML alone."""
    everything, record = new_key("acme")
    narrow, narrow_record = new_key("box", ["senml"])
    signer = KeyRecord(id="hook", formats=frozenset({"tive"}))
    return FixedKeyRing([record, narrow_record, signer], {"hook": SECRET}), everything, narrow
