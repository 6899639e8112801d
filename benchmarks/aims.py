"""What is aimed at, by the name of the row: said before anything was measured, and never changed to what came out."""

from typing import Literal, NamedTuple

from benchmarks.row import Row


class Aim(NamedTuple):
    """A bound on a row's value or on its ratio."""

    of: Literal["value", "ratio"]
    bound: float
    is_least: bool = True

    def __str__(self) -> str:
        sign = "≥" if self.is_least else "<"
        return f"{sign} {self.bound:,g}" + ("×" if self.of == "ratio" else "")

    def is_met(self, row: Row) -> bool:
        """Return whether a row keeps it; one without a figure does not."""
        figure = row[self.of]
        if figure is None:
            return False
        return figure >= self.bound if self.is_least else figure < self.bound


def times(bound: float) -> Aim:
    """At least so many times the peer."""
    return Aim("ratio", bound)


def at_least(bound: float) -> Aim:
    """At least this value."""
    return Aim("value", bound)


def below(bound: float) -> Aim:
    """Less than this value."""
    return Aim("value", bound, is_least=False)


AIMS: dict[str, Aim] = {
    "http_ingest_single_c64": times(0.5),
    "http_ingest_batch_100_c64": times(0.5),
    "mqtt_qos1_vs_aiomqtt": times(1.5),
    "nodered_http_single": times(4),
    "nodered_http_batch_100": times(25),
    "stream_vs_bytewax": times(5),
    "log_vs_pymerkle_single": times(100),
    "log_vs_pymerkle_bulk": times(1.2),
    "log_inclusion_proof": below(1),
    "tower_ingest_batches": at_least(50_000),
    "tower_ingest_gateways": at_least(50_000),
    "tower_late_2000": below(50),
    "tower_memory_5000_shipments_30_days": below(1_500),
    "tower_ready_5000_shipments_30_days": below(60),
    "sse_1000_p99": below(500),
    "sse_5000_p99": below(500),
}


def told(row: Row) -> str:
    """Return the aim of a row and whether it was met; empty where it has none."""
    aim = AIMS.get(row["name"])
    if aim is None:
        return ""
    if row["value"] is None:
        return f"{aim}, not shown"
    return f"{aim}, {'met' if aim.is_met(row) else 'missed'}"


def not_shown(rows: list[Row]) -> list[str]:
    """Return the names that have an aim and no row: a workload that was renamed cannot lose its aim in silence."""
    names = {row["name"] for row in rows}
    return sorted(AIMS.keys() - names)
