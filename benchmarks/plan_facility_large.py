"""Facility location, the large instances: up to three minutes each, so that they run only when asked for by name."""

from benchmarks.known import DATA, rows
from benchmarks.plan_facility import large
from benchmarks.row import Row

instances = large


def run() -> list[Row]:
    """Solve every instance; the peer's value is the published optimum."""
    return rows(instances() if DATA.is_dir() else ())
