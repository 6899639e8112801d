"""Where to make it and where to source it, so that patients get it when something breaks.

The network as tables, the optimisation model over them, disruptions, and the answers. No clock, no sockets, no SQL.

In a notebook, `import doseway.plan as plan` gives what is asked most, loaded when it is first used:

    network = plan.read(Path("my-network"))   # or plan.worked_example()
    plan.check(network)
    answer = plan.cheapest(network)            # shows itself: words, then tables
    plan.frames(answer, "pandas")["flows"]     # the tables as frames
    plan.world(network, answer.plan)           # a figure, as SVG
"""

from importlib import import_module
from typing import Any, Final

_WHERE: Final = {
    "Effort": "questions.answering",
    "Limits": "highs",
    "buffer": "questions.buffer",
    "capacity": "questions.capacity",
    "cheapest": "questions.cheapest",
    "compare": "questions.compare",
    "export": "questions.export",
    "exposure": "questions.exposure",
    "failures": "questions.failures",
    "frames": "seeing.notebook",
    "frontier": "questions.frontier",
    "frontier_chart": "seeing.charts",
    "read": "tables",
    "require": "findings",
    "resource": "questions.resource",
    "roadmap": "questions.roadmap",
    "roadmap_chart": "seeing.charts",
    "sankey": "seeing.sankey",
    "survival_chart": "seeing.charts",
    "uncertain": "questions.uncertain",
    "why": "questions.why",
    "worked_example": "example",
    "world": "seeing.world",
}
"""Name → module under `doseway.plan`."""


def __getattr__(name: str) -> Any:
    """Load what a notebook asks for."""
    if name == "check":
        return import_module("doseway.plan.checks").check
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE, "check"})
