"""The report as PDF, set by typst from the same view as the page; the same case gives the same bytes."""

from importlib.resources import files

from doseway.evidence.case import Case
from doseway.evidence.view import as_json, view
from doseway.model.units import SECOND_MS


def render_pdf(case: Case) -> bytes:
    """Return the PDF, tagged for screen readers, with the case's own time as its date.

    Text is set in the fonts that typst brings along; the system's are asked only for scripts that those lack.
    """
    # Imported here: the typesetter is large, and only reports need it.
    import typst  # noqa: PLC0415

    template = files("doseway.evidence").joinpath("templates", "report.typ").read_bytes()
    data = as_json(view(case)).decode()
    pdf = typst.compile(template, sys_inputs={"data": data}, format="pdf", timestamp=case.made_at_ms // SECOND_MS)
    assert isinstance(pdf, bytes)  # one document, no output path
    return pdf
