"""Times as a mapping declares them."""

from datetime import datetime
from typing import Any, Final

from doseway.intake.wire.bodies import number_of
from doseway.intake.wire.instants import Instants
from doseway.intake.wire.mapping import TimeField
from doseway.model.clock import to_unix_ms
from doseway.model.errors import FormatError

_LARGEST: Final = 10**15


def field_time(value: Any, field: TimeField, instants: Instants) -> int:
    """Return Unix ms of a declared time.

    Raises:
        FormatError: the value is not as declared, or no time of a reading.
    """
    if field.format in {"unix-s", "unix-ms"}:
        count = number_of(value)
        if count is None or abs(count) > _LARGEST:
            raise FormatError(f"{field.path} is {value!r:.40}, not a count of {field.format}")
        return instants.checked(round(count * 1000) if field.format == "unix-s" else int(count))
    if not isinstance(value, str):
        raise FormatError(f"{field.path} is {value!r:.40}, not a text", hint="Declare the time's `format`.")
    moment = _moment(value, field)
    if moment.tzinfo is None:
        moment = instants.placed(moment, field.zone or None)
    return instants.checked(to_unix_ms(moment))


def _moment(text: str, field: TimeField) -> datetime:
    try:
        if field.format == "iso":
            return datetime.fromisoformat(text)
        return datetime.strptime(text, field.format)  # noqa: DTZ007  # the caller puts it into its zone
    except (ValueError, OverflowError) as error:
        raise FormatError(f"{field.path} is {text[:40]!r}, not written as {field.format!r}") from error
