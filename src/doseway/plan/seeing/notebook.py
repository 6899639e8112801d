"""Answers as frames to work on in a notebook; pandas and polars are used where they are installed."""

from typing import Any, Literal

from doseway.model.errors import Unavailable, UsageError
from doseway.plan.questions.answering import Answer

Library = Literal["dict", "pandas", "polars"]


def frames(answer: Answer, library: Library = "dict") -> dict[str, Any]:
    """Return the tables of an answer by name: as columns in plain lists, or as frames of pandas or polars.

    Raises:
        Unavailable: the library is not installed.
        UsageError: no such library.
    """
    if library not in {"dict", "pandas", "polars"}:
        raise UsageError(f"there is no library {library!r}", hint="Say dict, pandas or polars.")
    plain = {one.name: one.as_columns() for one in answer.sheets()}
    if library == "dict":
        return plain
    try:
        module = __import__(library)
    except ImportError as error:
        raise Unavailable(f"{library} is not installed", hint=f"Install it with `pip install {library}`.") from error
    # A column may mix text and numbers, as in a summary; polars wants to be told.
    options = {"strict": False} if library == "polars" else {}
    return {name: module.DataFrame(columns, **options) for name, columns in plain.items()}
