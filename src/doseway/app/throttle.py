"""Slows down guessing: so many failures within a time, and whoever caused them has to wait."""

import threading
from collections import deque
from typing import Final

from doseway.model.clock import Clock
from doseway.model.errors import Pushback
from doseway.model.units import MINUTE_MS, SECOND_MS

WINDOW_MS: Final = 15 * MINUTE_MS
MOST: Final = 10
_MOST_SUBJECTS: Final = 10_000


class Throttle:
    """Counts failures by subject (an account's name, an address) in memory; any thread may call it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, deque[int]] = {}
        self._lock = threading.Lock()

    def must_be_free(self, *subjects: str) -> None:
        """Check that none of them has to wait.

        Raises:
            Pushback: one failed ten times within 15 minutes.
        """
        now_ms = self._clock.now_ms()
        with self._lock:
            for subject in subjects:
                failures = self._recent(subject, now_ms)
                if len(failures) >= MOST:
                    wait_s = -(-(failures[0] + WINDOW_MS - now_ms) // SECOND_MS)
                    raise Pushback("too many wrong attempts", hint=f"Try again in {-(-wait_s // 60)} minutes.")

    def count(self, *subjects: str) -> None:
        """Count a failure of each."""
        now_ms = self._clock.now_ms()
        with self._lock:
            for subject in subjects:
                failures = self._recent(subject, now_ms)
                failures.append(now_ms)
                self._failures[subject] = failures
            while len(self._failures) > _MOST_SUBJECTS:  # the oldest subjects go first
                self._failures.pop(next(iter(self._failures)))

    def forget(self, subject: str) -> None:
        """Start anew for a subject that has proved itself."""
        with self._lock:
            self._failures.pop(subject, None)

    def _recent(self, subject: str, now_ms: int) -> deque[int]:
        failures = self._failures.get(subject) or deque(maxlen=MOST)
        while failures and failures[0] <= now_ms - WINDOW_MS:
            failures.popleft()
        return failures
