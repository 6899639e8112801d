"""Sign-in and sign-out, preferences, and the page that says what went wrong."""

from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromQuery
from litestar.response import Redirect

from doseway.app.accounts import ABSOLUTE_MS
from doseway.model.errors import Pushback
from doseway.ui import preferences
from doseway.ui.pages.overview import Form
from doseway.ui.rendering import accounts_of, preferences_of, render, tower_of

SESSION_COOKIE: Final = "doseway_session"
_YEAR_S: Final = 365 * 24 * 3600
AnyRequest = Request[Any, Any, Any]


@get("/sign-in", needs="public", include_in_schema=False, sync_to_thread=True)
def show_sign_in(request: AnyRequest, then: FromQuery[str] = "/") -> Response[str]:
    """Ask for name and password."""
    return render(request, "sign_in.html", {"then": local(then), "wrong": ""})


@post("/sign-in", needs="public", include_in_schema=False, sync_to_thread=True)
def sign_in(request: AnyRequest, data: Form) -> Response[Any]:
    """Begin a session, or say that the name or the password is wrong, and not which."""
    accounts = accounts_of(request)
    name, password = str(data.get("name", ""))[:64].strip().lower(), str(data.get("password", ""))
    then = local(str(data.get("then", "/")))
    address = request.client.host if request.client else ""
    try:
        token = accounts.sign_in(name, password, address)
    except Pushback:
        answer = render(request, "sign_in.html", {"then": then, "wrong": "throttled"}, status=429)
        answer.headers["Retry-After"] = "60"
        return answer
    archive = tower_of(request).archive
    if token is None:
        # A name that nobody has may be a password typed into the wrong field: it must not get into the log.
        archive.record_session(name if accounts.store.account(name) else "unknown", is_refused=True)
        return render(request, "sign_in.html", {"then": then, "wrong": "wrong"}, status=403)
    archive.record_session(name, is_refused=False)
    return Redirect(then, status_code=303, cookies=[_cookie(request, token, ABSOLUTE_MS // 1000)])


@post("/sign-out", needs="public", include_in_schema=False, sync_to_thread=True)
def sign_out(request: AnyRequest) -> Redirect:
    """End the session."""
    accounts = accounts_of(request)
    token = request.cookies.get(SESSION_COOKIE)
    if token:
        accounts.sign_out(token)
    return Redirect("/sign-in", status_code=303, cookies=[_cookie(request, "", 0)])


@post("/preferences", needs="public", include_in_schema=False, sync_to_thread=True)
def prefer(request: AnyRequest, data: Form) -> Redirect:
    """Remember how somebody likes things, and go back to where they were."""
    chosen = preferences.changed(preferences_of(request), {name: str(value) for name, value in data.items()})
    cookie = Cookie(
        key=preferences.COOKIE,
        value=chosen.text(),
        path="/",
        max_age=_YEAR_S,
        samesite="lax",
        secure=bool(request.app.state["is_https"]),
    )
    return Redirect(local(str(data.get("back", "/"))), status_code=303, cookies=[cookie])


def problem_page(request: AnyRequest, problem: Any) -> Response[Any]:
    """Say what went wrong; who is not signed in is led to the sign-in page."""
    if problem.status == 401:  # noqa: PLR2004
        then = request.url.path if request.method == "GET" else "/"
        return Redirect("/sign-in?" + urlencode({"then": then}), status_code=303)
    return render(request, "problem.html", {"problem": problem}, status=problem.status)


def local(target: str) -> str:
    """Return an address of ours; anything that leads elsewhere becomes the overview."""
    parts = urlsplit(target)
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if is_ours and "\n" not in target and "\r" not in target else "/"


def _cookie(request: AnyRequest, value: str, max_age_s: int) -> Cookie:
    return Cookie(
        key=SESSION_COOKIE,
        value=value,
        path="/",
        max_age=max_age_s,
        httponly=True,
        samesite="lax",
        secure=bool(request.app.state["is_https"]),
    )
