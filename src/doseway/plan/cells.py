"""From the text of a cell to its value, with an error that says what to write instead."""

import math
from datetime import date, datetime
from typing import Final

from doseway.model.errors import DataError, Place
from doseway.plan.schema import Attribute

YES: Final = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}
MISSING: Final = math.nan
"""The number that stands for an empty cell without a default."""

Value = str | float


def parse(text: str, attribute: Attribute, where: Place) -> Value:
    """Read one cell; a blank one takes the default.

    Raises:
        DataError: the text is not of the attribute's type, with its place.
    """
    text = text.strip()
    if not text:
        if attribute.is_required:
            raise DataError(f"{attribute.table}.{attribute.name} is empty", hint=_wanted(attribute), where=where)
        text = attribute.default
    if not attribute.is_numeric:
        return _choice(text, attribute, where) if attribute.type.startswith("choice:") else text
    if not text:
        return MISSING
    if attribute.type == "yes/no":
        return _yes_no(text, attribute, where)
    if attribute.type == "date":
        return _day(text, attribute, where)
    return _number(text, attribute, where)


def day_of(ordinal: float) -> str:
    """Write a day ordinal as ISO 8601."""
    return date.fromordinal(int(ordinal)).isoformat()


def ordinal_of(day: str) -> float:
    """Read a day ordinal from ISO 8601."""
    return float(date.fromisoformat(day).toordinal())


def _choice(text: str, attribute: Attribute, where: Place) -> str:
    for choice in attribute.choices:
        if text.casefold() == choice.casefold():
            return choice
    raise _wrong(text, attribute, where)


def _yes_no(text: str, attribute: Attribute, where: Place) -> float:
    try:
        return YES[text.casefold()]
    except KeyError:
        raise _wrong(text, attribute, where) from None


def _day(text: str, attribute: Attribute, where: Place) -> float:
    """Return the day's ordinal. A spreadsheet's date comes with a time of day, which must be midnight."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(text, attribute, where) from None
    if moment != datetime(moment.year, moment.month, moment.day):  # noqa: DTZ001  # a calendar day has no zone
        raise _wrong(text, attribute, where)
    return float(moment.toordinal())


def _number(text: str, attribute: Attribute, where: Place) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _wrong(text, attribute, where) from None
    is_fine = {
        "number": not math.isinf(value),
        "nonnegative": value >= 0,
        "positive": value > 0,
        "share": 0 <= value <= 1,
        "yield": 0 < value <= 1,
    }[attribute.type]
    # "inf" stands for "no limit" only where the schema itself says so.
    if not is_fine or math.isnan(value) or (math.isinf(value) and attribute.default != "inf"):
        raise _wrong(text, attribute, where)
    return value


def _wrong(text: str, attribute: Attribute, where: Place) -> DataError:
    what = f"{text!r} does not fit {attribute.table}.{attribute.name}"
    return DataError(what, hint=_wanted(attribute, text), where=where)


def _wanted(attribute: Attribute, text: str = "") -> str:
    """Say what belongs into the cell, and guess at the usual slip."""
    wanted = {
        "number": "a number",
        "nonnegative": "a number of at least 0",
        "positive": "a number above 0",
        "share": "a share between 0 and 1",
        "yield": "a share above 0 and up to 1",
        "date": "a day such as 2027-01-31",
        "yes/no": "yes or no",
    }.get(attribute.type, "a name")
    if attribute.choices:
        wanted = "one of " + ", ".join(choice or "(blank)" for choice in attribute.choices)
    unit = f" in {attribute.unit}" if attribute.unit else ""
    slip = ""
    if "%" in text:
        slip = " Write 5 % as 0.05."
    elif "," in text and attribute.is_numeric:
        slip = " Write numbers with a point and without separators: 1234.5."
    return f"It wants {wanted}{unit}: {attribute.description}.{slip}"
