"""Makes land and borders of the planning maps from Natural Earth 110 m (public domain) as packed by npm's world-atlas.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python examples/make_outline.py package/land-110m.json package/countries-110m.json

Longitudes and latitudes in degrees, one ring or border a line; points closer than half a degree to the line are left
out (Douglas and Peucker 1973).
"""

import json
import sys
from pathlib import Path

SEEING = Path(__file__).parents[1] / "src" / "doseway" / "plan" / "seeing"
OUT = SEEING / "land.txt"
BORDERS = SEEING / "borders.txt"
TOLERANCE = 0.5
SMALLEST = 3.0
Point = tuple[float, float]


def arcs(topology: dict[str, object]) -> list[list[Point]]:
    """Decode the quantised arcs of a TopoJSON file."""
    transform = topology["transform"]
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]  # type: ignore[index]  # JSON
    decoded = []
    for arc in topology["arcs"]:  # type: ignore[attr-defined]  # JSON
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        decoded.append(points)
    return decoded


def rings(topology: dict[str, object]) -> list[list[Point]]:
    """Return the outer rings of all land."""
    known = arcs(topology)
    found = []
    for geometry in topology["objects"]["land"]["geometries"]:  # type: ignore[index]  # JSON
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            ring: list[Point] = []
            for index in polygon[0]:
                points = known[index] if index >= 0 else known[~index][::-1]
                ring += points[1:] if ring else points
            found.append(ring)
    return found


def simplified(points: list[Point]) -> list[Point]:
    """Leave out points that are close to the line between their neighbours."""
    (ax, ay), (bx, by) = points[0], points[-1]
    length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5
    far, worst = 0, 0.0
    for i, (x, y) in enumerate(points[1:-1], start=1):
        distance = abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length if length else abs(x - ax) + abs(y - ay)
        if distance > worst:
            far, worst = i, distance
    if worst <= TOLERANCE:
        return [points[0], points[-1]]
    return simplified(points[: far + 1])[:-1] + simplified(points[far:])


def borders(topology: dict[str, object]) -> list[list[Point]]:
    """Return the arcs that two countries share: borders on land, and no coasts."""
    used: dict[int, int] = {}
    for geometry in topology["objects"]["countries"]["geometries"]:  # type: ignore[index]  # JSON
        polygons = geometry.get("arcs", [])
        for polygon in polygons if geometry["type"] == "MultiPolygon" else [polygons]:
            for index in (arc for ring in polygon for arc in ring):
                shared = index if index >= 0 else ~index
                used[shared] = used.get(shared, 0) + 1
    known = arcs(topology)
    return [known[index] for index, count in sorted(used.items()) if count > 1]


def main(source: str, countries: str) -> None:
    """Write the outline and the borders."""
    lines = []
    for ring in rings(json.loads(Path(source).read_text(encoding="utf-8"))):
        points = simplified(ring)
        wide = max(x for x, _ in points) - min(x for x, _ in points)
        if len(points) > 3 and wide > SMALLEST and max(y for _, y in points) > -60:  # no Antarctica, no specks
            lines.append(" ".join(f"{x:.1f},{y:.1f}" for x, y in points))
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    shared = [simplified(arc) for arc in borders(json.loads(Path(countries).read_text(encoding="utf-8")))]
    lines = [" ".join(f"{x:.1f},{y:.1f}" for x, y in arc) for arc in shared]
    BORDERS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
