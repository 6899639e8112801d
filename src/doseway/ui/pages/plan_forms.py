"""From the fields of a question's form to what the question is told."""

from collections.abc import Mapping
from typing import Any

from doseway.model.errors import DataError
from doseway.ui.pages.plan_words import FIELDS, SHARED, Field

_PERCENT = 100.0


def fields_of(question: str) -> tuple[Field, ...]:
    """Return the fields of a question's form: its own, then what every solve may be told."""
    return FIELDS[question] if question == "failures" else (*FIELDS[question], *SHARED)


def told(question: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Read a form; what is empty is left out, so that the question's own default holds.

    Raises:
        DataError: a share is no number.
    """
    found: dict[str, Any] = {}
    for field in fields_of(question):
        given = form.get(field.name, "")
        if field.look == "choices":
            listed = given if isinstance(given, list) else [given]
            values = [str(value) for value in listed if value]
        else:
            values = str(given[-1] if isinstance(given, list) else given).strip()  # type: ignore[assignment]  # one text
        if values:
            found[field.name] = _read(field, values)
    return found


def _read(field: Field, given: Any) -> Any:
    if field.look == "tick":
        return True
    if field.look == "percent":
        return _share(given)
    if field.look == "percents":
        return [_share(part) for part in given.replace(";", " ").replace("%", " ").split()]
    if field.look == "words" and field.name == "countries":
        return given.replace(",", " ").upper().split()
    if field.look == "lines":
        return [line.strip() for line in given.splitlines() if line.strip()]
    return given


def _share(text: str) -> float:
    """Read a percentage as a share; a comma is a decimal point."""
    try:
        return float(text.strip().rstrip("%").replace(",", ".")) / _PERCENT
    except ValueError as error:
        raise DataError(f"{text!r} is no percentage", hint="Write 80, or several with spaces: 80 60 40.") from error
