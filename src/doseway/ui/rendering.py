"""Pages from templates: one environment for each language, and what every page has at hand."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import PermissionDeniedException

from doseway import __version__
from doseway.app.accounts import Accounts
from doseway.app.board import Tower
from doseway.model.accounts import Who
from doseway.model.clock import Clock
from doseway.ui import preferences
from doseway.ui.languages import LANGUAGES, translations
from doseway.ui.statics import address
from doseway.ui.words import Words

PageRequest = Request[Who, Any, Any]
_HEADERS: Final = {"Vary": "Cookie, HX-Request"}


@cache
def environment(language: str) -> Environment:
    """Return the templates in a language. A name that is not given is an error, never an empty place."""
    made = Environment(
        loader=PackageLoader("doseway.ui"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]  # the extension's
    made.globals["static"] = address
    return made


def tower_of(request: PageRequest) -> Tower:
    """Return the tower that a request is about."""
    tower: Tower = request.app.state["tower"]
    return tower


def clock_of(request: PageRequest) -> Clock:
    """Return the tower's clock, which in a demonstration is not the wall's."""
    clock: Clock = request.app.state["clock"]
    return clock


def accounts_of(request: Request[Any, Any, Any]) -> Accounts:
    """Return who may come in."""
    accounts: Accounts = request.app.state["accounts"]
    return accounts


def preferences_of(request: Request[Any, Any, Any]) -> preferences.Preferences:
    """Return how the reader likes things."""
    cookie = request.cookies.get(preferences.COOKIE, "")
    return preferences.read(cookie, request.headers.get("accept-language", ""))


def words_of(request: Request[Any, Any, Any]) -> Words:
    """Return the words of the reader's language and units."""
    chosen = preferences_of(request)
    return Words(chosen, translations(chosen.language))


def render(
    request: Request[Any, Any, Any], template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> Response[str]:
    """Answer with a page."""
    chosen = preferences_of(request)
    who: Who | None = request.scope.get("user")
    shown = {
        "w": Words(chosen, translations(chosen.language)),
        "preferences": chosen,
        "languages": LANGUAGES,
        "who": who,
        "csrf": who.csrf if who else "",
        "path": request.url.path,
        "here": str(request.url.path) + (f"?{request.url.query}" if request.url.query else ""),
        "done": request.query_params.get("done", ""),
        "counts": tower_of(request).board.counts() if who else None,
        "version": __version__,
        **(context or {}),
    }
    templates = environment(chosen.language)
    macros = templates.get_template("macros.html").module
    text = templates.get_template(template).render({**shown, "m": macros})
    return Response(text, media_type=MediaType.HTML, status_code=status, headers=_HEADERS)


def must_be_ours(request: PageRequest, form: Mapping[str, Any]) -> None:
    """Refuse a form that no page of this session sent.

    Raises:
        PermissionDeniedException: the secret of the session is not in it.
    """
    if not request.user.accepts(str(form.get("csrf", ""))):
        raise PermissionDeniedException(
            "this form is not of your session any more: load the page anew, and send it again"
        )


def is_part(request: PageRequest) -> bool:
    """Tell whether htmx asks for a part of a page that is on the screen."""
    return request.headers.get("hx-request") == "true"


class Zones:
    """The time zones of sites, each looked up once."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower
        self._known: dict[str, tuple[str, str]] = {}

    def zone(self, site: str) -> str:
        """Return the IANA zone of a site; UTC for one that is not known."""
        return self._site(site)[0]

    def title(self, site: str) -> str:
        """Return the name of a site; its id for one that is not known."""
        return self._site(site)[1]

    def _site(self, site: str) -> tuple[str, str]:
        if site not in self._known:
            stored = self._tower.board.document("site", site) if site else None
            document: Any = stored.document if stored else None
            self._known[site] = (document.zone, document.title or site) if document else ("UTC", site)
        return self._known[site]
