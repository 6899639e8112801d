"""What the messages of LoRaWAN networks have in common."""

import msgspec

from doseway.intake.wire.gather import Gathering, Source


class Heard(msgspec.Struct, gc=False):
    """One gateway that received the message; `rssi` in dBm. Its position is the gateway's, and is not read."""

    rssi: float | None = None


class Located(msgspec.Struct, gc=False):
    """A position that the network or the codec gives; degrees and metres."""

    latitude: float | None = None
    longitude: float | None = None
    accuracy: float | None = None
    source: str | None = None


def strongest(gateways: list[Heard] | None) -> float | None:
    """Return the best received signal strength in dBm; None where none is given."""
    return max((one.rssi for one in gateways or () if one.rssi is not None), default=None)


def network_time(text: str | None, gathering: Gathering, source: Source) -> int:
    """Return the time at which the network received the message, and say in a note that it is no device's time.

    Raises:
        FormatError: it is no time; or there is none and the arrival is not known either.
    """
    if not text:
        return gathering.instants.arrival("The message has no time")
    source.tell("network-time", "Times are when the network received the message, not when the device measured.")
    return gathering.instants.iso(text)


def locate(source: Source, at_ms: int, place: Located) -> None:
    """Add a position; `SOURCE_GPS` and `GPS` are the device's own receiver. Raises FormatError as `Source.locate`."""
    if place.latitude is not None and place.longitude is not None:
        method = "gnss" if place.source in {"SOURCE_GPS", "GPS"} else "unknown"
        source.locate(at_ms, place.latitude, place.longitude, accuracy_m=place.accuracy, method=method)
