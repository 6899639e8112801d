"""The application of API and pages together: the one place that knows both."""

from collections.abc import Mapping

from litestar import Litestar

from doseway.api.access import demo_visitor
from doseway.api.app import Mount, Pages, make_app
from doseway.app.accounts import Accounts
from doseway.app.board import Tower
from doseway.app.logbook import SystemClock
from doseway.app.settings import Settings
from doseway.model.clock import Clock
from doseway.ui.pages.session import problem_page
from doseway.ui.routes import routes


def compose(
    tower: Tower,
    accounts: Accounts,
    settings: Settings,
    *,
    mounts: Mapping[str, Mount] | None = None,
    clock: Clock | None = None,
    is_demo: bool = False,
) -> Litestar:
    """Make the application.

    Args:
        tower, accounts, settings: what it is about, who may come in, how it is set up.
        mounts: raw ASGI applications by path, such as `/ingest`.
        clock: the tower's; the machine's unless a demonstration replays a day.
        is_demo: nobody needs to sign in. Only for loopback.
    """
    state = {"clock": clock or SystemClock()}
    most_file_bytes = settings.doors.http.max_file_bytes
    return make_app(
        tower,
        accounts,
        pages=Pages(routes(most_file_bytes), problem_page, state),
        mounts=mounts,
        is_https=settings.is_https,
        visitor=demo_visitor() if is_demo else None,
        most_file_bytes=most_file_bytes,
    )
