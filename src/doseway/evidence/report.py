"""The report as one HTML page: no script, no request, readable light, dark, on a phone and on paper."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from doseway.evidence.case import Case
from doseway.evidence.view import view

if TYPE_CHECKING:
    from jinja2 import Template


def render_html(case: Case) -> bytes:
    """Return the page in UTF-8. Its Content-Security-Policy allows the page's own style sheet and nothing else."""
    css = _resource("report.css")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    csp = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return _template().render(case=view(case), css=_Safe(css), csp=_Safe(csp)).encode()


class _Safe(str):
    """A text of our own that goes into the page as it is (the protocol of markupsafe)."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@cache
def _template() -> "Template":
    # Imported here: `doseway --help` and `inspect` without a report do not need the template engine.
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_resource("report.html.j2"))


def _resource(name: str) -> str:
    return files("doseway.evidence").joinpath("templates", name).read_text(encoding="utf-8")
