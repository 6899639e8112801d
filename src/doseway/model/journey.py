"""All that is known of one shipment at an instant, in order: what the rules of `transit` and `guard` judge.

A journey is a function of the set of what was observed. Whoever makes one sorts by device time and leaves repetitions
out; the rules rely on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from doseway.model.documents import DeviceCard, Leg, Shipment, Site
from doseway.model.places import Signal, unit_vectors
from doseway.model.readings import Quantity

Phase = Literal["planned", "at-origin", "in-transit", "arrived", "delivered", "closed"]


@dataclass(frozen=True, slots=True)
class Track:
    """One quantity of one sensor of one device: columns of equal length, sorted by time, each time once.

    Attributes:
        at_ms: int64, Unix ms. value_milli: int32, thousandths of the quantity's unit; never `INVALID`.
    """

    device: str
    sensor: str
    quantity: Quantity
    at_ms: NDArray[np.int64]
    value_milli: NDArray[np.int32]


@dataclass(frozen=True)
class Fixes:
    """The positions of one device: columns of equal length, sorted by time.

    Attributes:
        latitude_deg, longitude_deg: float64. accuracy_m: float64, NaN where unknown. speed_m_s: float64, NaN likewise.
        is_mock: bool. method: 0 unknown, 1 cell, 2 wifi, 3 gnss.
    """

    device: str
    at_ms: NDArray[np.int64]
    latitude_deg: NDArray[np.float64]
    longitude_deg: NDArray[np.float64]
    accuracy_m: NDArray[np.float64]
    speed_m_s: NDArray[np.float64]
    is_mock: NDArray[np.bool_]
    method: NDArray[np.int8]

    @cached_property
    def vectors(self) -> NDArray[np.float64]:
        """The positions as unit vectors, (n, 3); many rules need them."""
        return unit_vectors(self.latitude_deg, self.longitude_deg)


@dataclass(frozen=True, slots=True)
class Hearing:
    """When one device was heard: the device times of its messages, sorted, each once; one for each time it was bound.

    Attributes:
        at_ms: int64. bound_ms, unbound_ms: while it was with the shipment; `unbound_ms` None: still.
    """

    device: str
    at_ms: NDArray[np.int64]
    bound_ms: int
    unbound_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay of one device at a site, as its fixes show it.

    Attributes:
        start_ms: the first fix inside. confirmed_ms: the fix at which it had lasted long enough to count.
        end_ms: the first fix outside; left_ms: the fix at which that had lasted long enough; None while it is there.
        doubted_ms: while it is there, the fix outside since which none was inside; it has not lasted long enough yet.
        is_crossing: seen only from outside, before and after: the straight way between two fixes leads through.
    """

    site: str
    device: str
    start_ms: int
    confirmed_ms: int
    end_ms: int | None = None
    left_ms: int | None = None
    doubted_ms: int | None = None
    is_crossing: bool = False


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """A stretch of a shipment's life; `end_ms` is where the next begins, None for the last."""

    phase: Phase
    start_ms: int
    end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Journey:
    """One shipment as far as it is known.

    Attributes:
        shipment: its document; `legs` are absolute (a lane's legs already added to the departure).
        until_ms: event time up to which silence counts as silence: the newest observation or tick.
        sites: by id, those of the legs and all `safe`, `risk` and `dead` ones.
        devices: the cards of its devices, by id.
        tracks, fixes, hearings: one for each sensor and quantity, device, device; sorted by name.
        signals: (device, signal), sorted by time, then device, then kind.
        budget_left_ms: of the product's temperature budgets, the least; None where the profile has none.
        visits: the stays at the sites of the legs, sorted by start, site and device.
        phases: the life of the shipment so far, without holes; empty where nobody worked it out.
    """

    shipment: Shipment
    legs: tuple[Leg, ...]
    until_ms: int
    sites: Mapping[str, Site] = field(default_factory=dict)
    devices: Mapping[str, DeviceCard] = field(default_factory=dict)
    tracks: tuple[Track, ...] = ()
    fixes: tuple[Fixes, ...] = ()
    hearings: tuple[Hearing, ...] = ()
    signals: tuple[tuple[str, Signal], ...] = ()
    budget_left_ms: int | None = None
    visits: tuple[Visit, ...] = ()
    phases: tuple[PhaseSpan, ...] = ()
