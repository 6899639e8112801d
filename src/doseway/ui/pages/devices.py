"""Devices: who is heard, who is silent, whose battery ends."""

from typing import Annotated, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery, QueryParameter

from doseway.ui.rendering import PageRequest, is_part, render, tower_of

ROWS: Final = 100


@get("/devices", needs="read", include_in_schema=False, sync_to_thread=True)
def devices(
    request: PageRequest,
    text: Annotated[str, QueryParameter(max_length=200)] = "",
    silent: FromQuery[str] = "",
    after: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[str]:
    """Show the devices, or only their list when htmx asks."""
    board = tower_of(request).board
    rows = board.devices(text=text, is_silent=bool(silent), after=after, limit=ROWS)
    chosen = {name: value for name, value in (("text", text), ("silent", "1" if silent else "")) if value}
    context = {
        "rows": rows,
        "text": text,
        "is_silent": bool(silent),
        "silent": board.count_silent(),
        "is_all": not chosen and not after,
        "next": "/devices?" + urlencode({**chosen, "after": rows[-1].device}) if len(rows) == ROWS else "",
    }
    return render(request, "_devices.html" if is_part(request) else "devices.html", context)
