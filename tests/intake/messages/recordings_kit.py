"""What a recording says, in the words of the tests."""

from doseway.model.readings import Quantity, Recording
from doseway.model.units import INVALID


def values(recording: Recording, sensor: str, quantity: Quantity = Quantity.TEMPERATURE) -> list[int | None]:
    """Return a sensor's values in thousandths; None where it gave no reading."""
    return [
        None if value == INVALID else value
        for series in recording.series
        if (series.sensor, series.quantity) == (sensor, quantity)
        for value in series.value_milli
    ]


def times(recording: Recording, sensor: str, quantity: Quantity = Quantity.TEMPERATURE) -> list[int]:
    """Return a sensor's times."""
    return [
        at_ms
        for series in recording.series
        if (series.sensor, series.quantity) == (sensor, quantity)
        for at_ms in series.observed_at_ms
    ]


def codes(recording: Recording) -> list[str]:
    """Return the codes of the notes."""
    return [note.code for note in recording.notes]
