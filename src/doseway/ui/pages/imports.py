"""Import of a logger's file: first what it says and what would be proposed, and only then into the log."""

from typing import Any, BinaryIO, Final, cast

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from doseway.app.inspecting import inspect_stream
from doseway.coldchain import profile as profiles
from doseway.evidence.charts import chart_texts
from doseway.evidence.inspection import Inspection
from doseway.model.errors import DosewayError
from doseway.model.readings import Series
from doseway.model.units import INVALID
from doseway.ui.pages.log import Upload
from doseway.ui.rendering import PageRequest, must_be_ours, render, tower_of, words_of
from doseway.ui.telling import Teller

MOST_READINGS: Final = 50


@get("/import", needs="import", include_in_schema=False, sync_to_thread=True)
def show_import(request: PageRequest) -> Response[str]:
    """Ask for a file."""
    return _page(request, {})


@post("/import", needs="import", include_in_schema=False, sync_to_thread=True)
def import_file(request: PageRequest, data: Upload) -> Response[Any]:
    """Preview a file, or import it when that is what was asked for."""
    must_be_ours(request, data)
    file = data.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return _page(request, data, {"is_missing": True}, status=422)
    archive = tower_of(request).archive
    stream = cast("BinaryIO", file.file)  # in memory or on disk, as its size wants
    try:
        how_to = archive.how(profile=str(data.get("profile", "")), zone=str(data.get("zone", "")).strip())
        if data.get("act") != "import":
            inspection = inspect_stream(stream, file.filename, how_to)
            return _page(request, data, _shown(request, inspection))
        imported = archive.take_in(stream, file.filename, how_to)
    except DosewayError as error:
        return _page(request, data, {"wrong": error}, status=422)
    return _page(request, data, {"imported": imported, **_shown(request, imported.inspection)})


def _shown(request: PageRequest, inspection: Inspection | None) -> dict[str, Any]:
    if inspection is None:
        return {}
    limits = profiles.from_plain(inspection.limits)
    return {
        "inspection": inspection,
        "charts": chart_texts(inspection, "chart"),
        "reasons": Teller(words_of(request)).reasons(inspection.judgement, limits),
    }


def _readings(series: Series) -> list[tuple[int, int | None]]:
    """Return the first readings of a series, None for those that are none."""
    pairs = zip(series.observed_at_ms[:MOST_READINGS], series.value_milli[:MOST_READINGS], strict=True)
    return [(at_ms, None if value == INVALID else value) for at_ms, value in pairs]


def _page(
    request: PageRequest, typed: dict[str, Any], found: dict[str, Any] | None = None, *, status: int = 200
) -> Response[str]:
    empty = {"inspection": None, "charts": (), "reasons": (), "imported": None, "wrong": None, "is_missing": False}
    shown = {"readings": _readings, "most_readings": MOST_READINGS}
    context = {"profiles": profiles.builtin_ids(), "typed": typed, **shown, **empty, **(found or {})}
    return render(request, "import.html", context, status=status)
