"""Serves a tower that is open: what `doseway serve` and `doseway demo` have in common."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from doseway.api.app import Mount
from doseway.api.serve import LOOPBACK, serve
from doseway.app.accounts import Accounts, open_accounts
from doseway.app.board import Tower
from doseway.app.settings import Settings
from doseway.cli.composing import compose
from doseway.model.clock import Clock
from doseway.model.errors import UsageError


def serve_tower(
    tower: Tower,
    settings: Settings,
    *,
    mounts: Callable[[Accounts], Mapping[str, Mount]] = lambda _accounts: {},
    clock: Clock | None = None,
    is_demo: bool = False,
    on_ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve API, pages and mounts until SIGINT or SIGTERM. Call it from the main thread.

    Args:
        tower: what it is about.
        settings: where to listen, and where the accounts are.
        mounts: makes the raw ASGI applications by path, such as the doors, which ask the accounts for API keys.
        clock: the tower's, where it is not the machine's.
        is_demo: nobody needs to sign in.
        on_ready: called with the address once requests are answered.

    Raises:
        UsageError: a demonstration that others could reach.
        Unavailable: the address cannot be listened at.
    """
    if is_demo and settings.host != LOOPBACK:
        raise UsageError("a demonstration without sign-in listens on this machine only", hint="Leave out the host.")
    accounts = open_accounts(settings)
    try:
        app = compose(tower, accounts, settings, mounts=mounts(accounts), clock=clock, is_demo=is_demo)
        # Litestar's words for the protocol are its own; it is the same protocol.
        serve(cast("Any", app), host=settings.host, port=settings.port, on_ready=on_ready)
    finally:
        accounts.store.close()
