"""Serves the fixture tower as a process: `python -m tests.ui.served FOLDER demo|accounts|empty`. Prints its address."""

import sys
from pathlib import Path
from typing import Any, cast

from argon2 import PasswordHasher
from tests.ui.fixture_board import fixture_tower
from tests.ui.fixture_data import NOW_MS

from doseway.api.serve import serve
from doseway.app.accounts import Accounts
from doseway.app.logbook import SystemClock
from doseway.app.settings import Settings
from doseway.cli.composing import compose
from doseway.engines.accounts_sqlite import SqliteAccounts
from doseway.model.units import UnixMs

PASSWORD = "correct-horse-battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class FixtureClock:
    """The moment at which the fixture's day stands."""

    def now_ms(self) -> UnixMs:
        return UnixMs(NOW_MS)


def main(folder: Path, mode: str) -> None:
    accounts = Accounts(SqliteAccounts(folder / "accounts.sqlite"), SystemClock(), CHEAP)
    for name, role in (("maria", "quality"), ("luis", "logistics"), ("vera", "viewer")):
        accounts.add(name, PASSWORD, [role])
    settings = Settings(store=folder / "store", issuers=(Path("examples/issuer.pub"),))
    with fixture_tower(folder, is_empty=mode == "empty") as (tower, _):
        app = compose(tower, accounts, settings, clock=FixtureClock(), is_demo=mode != "accounts")
        serve(cast("Any", app), on_ready=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
