"""Positions in columns on the sphere: how far apart, how deep inside an area, how likely inside.

Everything goes through unit vectors and projections about the place in question, so that the date line and the poles
are places like any other. Accuracy is a radius: the device was somewhere in that disc, each place in it as likely.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from doseway.model.journey import Fixes
from doseway.model.places import EARTH_RADIUS_M, MICRODEGREES, Area, Circle, unit_vectors

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Bools = NDArray[np.bool_]

ASSUMED_ACCURACY_M: Final = (50.0, 500.0, 50.0, 10.0)
"""What stands for an accuracy that is missing, not a number or not positive, by method (see `Fixes.method`)."""


def unit_vector(position_udeg: tuple[int, int]) -> Float64:
    """Return one (latitude, longitude) in microdegrees as a unit vector."""
    latitude, longitude = (np.float64(one / MICRODEGREES) for one in position_udeg)
    return unit_vectors(np.asarray(latitude), np.asarray(longitude))


def vectors_of(fixes: Fixes) -> Float64:
    """Return the positions of a device as unit vectors."""
    return fixes.vectors


def apart_m(one: Float64, other: Float64) -> Float64:
    """Return great-circle distances of unit vectors, by the chord: exact for small ones."""
    chord = np.sqrt(((one - other) ** 2).sum(axis=-1))
    distance: Float64 = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(chord / 2, 1.0))
    return distance


def accuracies_m(fixes: Fixes) -> Float64:
    """Return the accuracy of each fix; where the device gives none, what its method is good for."""
    assumed = np.asarray(ASSUMED_ACCURACY_M)[np.clip(fixes.method, 0, 3)]
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(fixes.accuracy_m) & (fixes.accuracy_m > 0), fixes.accuracy_m, assumed)


def centre_of(area: Area) -> Float64:
    """Return the middle of an area as a unit vector: a circle's centre, the mean of a polygon's corners."""
    if isinstance(area, Circle):
        return unit_vector((area.latitude_udeg, area.longitude_udeg))
    mean: Float64 = _corners(area).mean(axis=0)
    length = float(np.sqrt((mean**2).sum()))
    return mean / length if length else _corners(area)[0]


def radius_m(area: Area) -> float:
    """Return the radius of the circle that is as large as the area."""
    if isinstance(area, Circle):
        return float(area.radius_m)
    flat = flattened(_corners(area), centre_of(area))
    x, y = flat[:, 0], flat[:, 1]
    size = abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2
    return float(np.sqrt(size / np.pi))


def flattened(vectors: Float64, centre: Float64) -> Float64:
    """Project unit vectors about a centre, azimuthal and equidistant: (n, 2) metres, true from the centre."""
    axis = np.zeros(3)
    axis[int(np.abs(centre).argmin())] = 1.0
    east = np.cross(centre, axis)
    east /= np.sqrt((east**2).sum())
    plane = np.stack((vectors @ east, vectors @ np.cross(centre, east)), axis=-1)
    length = np.sqrt((plane**2).sum(axis=-1))
    angle = np.arctan2(length, vectors @ centre)
    scale = np.divide(angle, length, out=np.ones_like(length), where=length > 0)
    result: Float64 = EARTH_RADIUS_M * plane * scale[..., None]
    return result


def depth_m(area: Area, vectors: Float64) -> Float64:
    """Return how far from the edge of an area positions are: negative inside, positive outside."""
    centre = centre_of(area)
    if isinstance(area, Circle):
        return apart_m(vectors, centre) - area.radius_m
    ring = flattened(_corners(area), centre)
    points = flattened(vectors, centre)
    nearest = np.full(len(points), np.inf)
    is_inside = np.zeros(len(points), np.bool_)
    for start, end in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        nearest = np.minimum(nearest, _to_line(points, start, end))
        straddles = (start[1] > points[:, 1]) != (end[1] > points[:, 1])
        if start[1] != end[1]:
            crossing = start[0] + (points[:, 1] - start[1]) * (end[0] - start[0]) / (end[1] - start[1])
            is_inside ^= straddles & (points[:, 0] < crossing)
    return np.where(is_inside, -nearest, nearest)


def overlap(area: Area, vectors: Float64, accuracy_m: Float64) -> Float64:
    """Return how likely a device was inside: the part of its disc of accuracy that lies in the area.

    Exact for circles. A polygon's edge is taken as straight across the disc, and a polygon that is smaller than the
    disc cannot be likelier than their sizes allow.
    """
    depth = depth_m(area, vectors)
    if isinstance(area, Circle):
        return _lens(depth + area.radius_m, float(area.radius_m), accuracy_m)
    ratio = np.clip(depth / accuracy_m, -1.0, 1.0)
    part = (np.arccos(ratio) - ratio * np.sqrt(1 - ratio**2)) / np.pi
    return np.minimum(part, most_overlap(area, accuracy_m))


def most_overlap(area: Area, accuracy_m: Float64) -> Float64:
    """Return the overlap of a device in the very middle: below 1 where the disc is larger than the area."""
    return np.minimum(1.0, (radius_m(area) / accuracy_m) ** 2)


def passes_through(area: Area, vectors: Float64) -> Bools:
    """Tell which straight ways between consecutive positions lead through an area; one shorter than the positions.

    Only for ways that begin and end within 500 km of it, where a projection about it keeps them straight.
    """
    centre = centre_of(area)
    points = flattened(vectors, centre)
    near = np.sqrt((points**2).sum(axis=-1)) < _NEAR_M
    start, end = points[:-1], points[1:]
    if isinstance(area, Circle):
        crosses = _to_ways(start, end) < area.radius_m
    else:
        ring = flattened(_corners(area), centre)
        crosses = np.zeros(len(start), np.bool_)
        for one, other in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            crosses |= (_turn(start, end, one) * _turn(start, end, other) < 0) & (
                _turn(one, other, start) * _turn(one, other, end) < 0
            )
    result: Bools = crosses & near[:-1] & near[1:]
    return result


_NEAR_M: Final = 500_000.0


def _corners(area: Area) -> Float64:
    assert not isinstance(area, Circle)
    corners = np.asarray(area.corners_udeg, np.float64).reshape(-1, 2) / MICRODEGREES
    return unit_vectors(corners[:, 0], corners[:, 1])


def _to_line(points: Float64, start: Float64, end: Float64) -> Float64:
    """Return the distances of points from the line between two."""
    along = end - start
    square = float(along @ along)
    share = np.clip(((points - start) @ along) / square, 0.0, 1.0) if square else np.zeros(len(points))
    result: Float64 = np.sqrt(((points - start - share[:, None] * along) ** 2).sum(axis=-1))
    return result


def _to_ways(start: Float64, end: Float64) -> Float64:
    """Return the distances of the lines between points from the origin."""
    along = end - start
    square = (along**2).sum(axis=-1)
    share = np.divide(-(start * along).sum(axis=-1), square, out=np.zeros_like(square), where=square > 0)
    nearest = start + np.clip(share, 0.0, 1.0)[:, None] * along
    result: Float64 = np.sqrt((nearest**2).sum(axis=-1))
    return result


def _turn(one: Float64, other: Float64, point: Float64) -> Float64:
    """Return on which side of the line from one to the other a point lies, by the sign."""
    to, by = other - one, point - one
    result: Float64 = to[..., 0] * by[..., 1] - to[..., 1] * by[..., 0]
    return result


def _lens(distance: Float64, fence: float, accuracy: Float64) -> Float64:
    """Return the part of a disc of accuracy that lies within a round fence, by the area of their lens."""
    apart = np.maximum(distance, 1e-9)
    near = np.clip((apart**2 + accuracy**2 - fence**2) / (2 * apart * accuracy), -1.0, 1.0)
    far = np.clip((apart**2 + fence**2 - accuracy**2) / (2 * apart * max(fence, 1e-9)), -1.0, 1.0)
    kite = (-apart + accuracy + fence) * (apart + accuracy - fence) * (apart - accuracy + fence)
    kite = kite * (apart + accuracy + fence)
    lens = accuracy**2 * np.arccos(near) + fence**2 * np.arccos(far) - np.sqrt(np.maximum(kite, 0.0)) / 2
    part = lens / (np.pi * accuracy**2)
    part = np.where(distance >= fence + accuracy, 0.0, part)
    within = np.minimum(1.0, (fence / accuracy) ** 2)
    result: Float64 = np.where(distance <= np.abs(fence - accuracy), within, part)
    return result
