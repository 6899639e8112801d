"""The whole of `doseway serve` in a process of its own: doors, judging, notifications, API and pages.

Arguments: store; how many seconds its clock is ahead, so that what a killed sender held is due again; and how many it
waits for slow clients.
"""

import sys
from pathlib import Path

import msgspec
from tests.faults.appender import say

from doseway.api import asgi, patience, serve
from doseway.app.logbook import SystemClock
from doseway.app.settings import load_settings
from doseway.cli.serve import run_tower
from doseway.model.units import SECOND_MS, UnixMs


class AheadClock(SystemClock):
    def __init__(self, ahead_s: int) -> None:
        self._ahead_ms = ahead_s * SECOND_MS

    def now_ms(self) -> UnixMs:
        return UnixMs(super().now_ms() + self._ahead_ms)


def main() -> None:
    store = Path(sys.argv[1])
    settings = msgspec.structs.replace(load_settings({}, store), store=store, port=0)
    asgi.BODY_TIMEOUT_S = patience.GRACE_S = serve.HEAD_TIMEOUT_S = float(sys.argv[3])  # type: ignore[misc]
    run_tower(settings, AheadClock(int(sys.argv[2])), on_ready=say)


if __name__ == "__main__":
    main()
