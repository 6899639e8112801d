"""The API keys of `doseway key` as the key ring of the doors: answered from memory, looked up again after a while."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from doseway.app.accounts import Accounts
from doseway.intake.keyring import Sender

REMEMBERED_S: Final = 5.0
"""A key that is revoked works for at most so long."""
_MOST: Final = 10_000


class AccountKeys:
    """A `KeyRing` over the accounts.

    Args:
        accounts: where the keys are.
        monotonic_s: tells how much time has passed.
    """

    def __init__(self, accounts: Accounts, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._accounts = accounts
        self._monotonic_s = monotonic_s
        self._known: dict[str, tuple[float, Sender | None]] = {}

    def check(self, key: str) -> Sender | None:
        """Return whose API key this is; None: nobody's, or that of somebody who may send nothing."""
        now_s = self._monotonic_s()
        until_s, sender = self._known.get(key, (0.0, None))
        if until_s > now_s:
            return sender
        if len(self._known) >= _MOST:
            self._known.clear()
        who = self._accounts.who_has_key(key)
        sender = Sender(who.name.removeprefix("key:"), frozenset(who.formats)) if who and who.formats else None
        self._known[key] = (now_s + REMEMBERED_S, sender)
        return sender

    def signed(self, sender_id: str, message: bytes, signatures: Sequence[bytes]) -> Sender | None:  # noqa: ARG002
        """Return None: accounts have keys, and no secret to sign with."""
        return None
