"""Devices: who is heard, who is silent, whose battery ends."""

from typing import Annotated, Final

from litestar import Response, get
from litestar.params import QueryParameter

from doseway.ui.rendering import PageRequest, is_part, render, tower_of

ROWS: Final = 100


@get("/devices", needs="read", include_in_schema=False, sync_to_thread=True)
def devices(request: PageRequest, after: Annotated[str, QueryParameter(max_length=200)] = "") -> Response[str]:
    """Show the devices."""
    rows = tower_of(request).board.devices(after=after, limit=ROWS)
    context = {"rows": rows, "next": rows[-1].device if len(rows) == ROWS else "", "is_first": not after}
    return render(request, "_devices.html" if is_part(request) else "devices.html", context)
