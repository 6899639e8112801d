"""Limit profiles, and what one would have found on a shipment's history."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from doseway.coldchain import profile as profiles
from doseway.coldchain.judgement import Judgement
from doseway.evidence.limits_text import rules_text
from doseway.model.errors import DataError, DosewayError
from doseway.ui.pages.overview import Form
from doseway.ui.rendering import PageRequest, Zones, must_be_ours, render, tower_of

_LONGEST_TOML: Final = 100_000


@get("/profiles", needs="read", include_in_schema=False, sync_to_thread=True)
def list_profiles(request: PageRequest) -> Response[str]:
    """Show all profiles."""
    return render(request, "profiles.html", {"profiles": [profiles.builtin(one) for one in profiles.builtin_ids()]})


@get("/profiles/{profile:str}", needs="read", include_in_schema=False, sync_to_thread=True)
def show_profile(request: PageRequest, profile: FromPath[str], shipment: FromQuery[str] = "") -> Response[str]:
    """Show a profile with its sources, ready to be changed and tried."""
    return _page(request, profile, {"shipment": shipment})


@post("/profiles/{profile:str}/try", needs="read", include_in_schema=False, sync_to_thread=True)
def try_profile(request: PageRequest, profile: FromPath[str], data: Form) -> Response[str]:
    """Say what the limits in the form would have found on a shipment. Stores nothing."""
    must_be_ours(request, data)
    shipment, text = str(data.get("shipment", "")).strip(), str(data.get("toml", ""))[:_LONGEST_TOML]
    tower = tower_of(request)
    try:
        limits = profiles.load_profile(text.replace("\r\n", "\n").encode(), f"{profile}.toml")
        if tower.board.shipment(shipment) is None:
            raise DataError(f"there is no shipment {shipment!r}", hint="The overview has their numbers.")
        return _page(request, profile, data, tower.archive.judge(shipment, limits))
    except DosewayError as error:
        return _page(request, profile, data, wrong=error)


def _page(
    request: PageRequest,
    profile: str,
    typed: dict[str, Any],
    judgement: Judgement | None = None,
    wrong: DosewayError | None = None,
) -> Response[str]:
    if profile not in profiles.builtin_ids():
        raise NotFoundException(f"there is no profile {profile!r}")
    found = profiles.builtin(profile)
    shipment = str(typed.get("shipment", ""))
    row = tower_of(request).board.shipment(shipment) if shipment else None
    context = {
        "profile": found,
        "rules": rules_text(profiles.to_plain(found)),
        "toml": typed.get("toml") or profiles.builtin_text(profile),
        "shipment": shipment,
        "zone": Zones(tower_of(request)).zone(row.to_site) if row else "UTC",
        "judgement": judgement,
        "wrong": wrong,
    }
    return render(request, "profile.html", context, status=422 if wrong else 200)
