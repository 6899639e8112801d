"""Facts of planning: which network was brought, and what was answered about it, by whom, and how far it was proved."""

from typing import Any, ClassVar, Literal

from doseway.model.fact_body import Body


class NetworkPut(Body, frozen=True, kw_only=True):
    """A supply network was brought in a new version; its file is kept as a blob under `commitment`.

    `tables_sha256` is over all tables' cells and the same for the same content in another file; empty where the file
    cannot be read as tables. `errors` and `warnings` count what the checks found.
    """

    TYPE: ClassVar[str] = "network.put"
    network: str
    title: str
    version: int
    replaces: int
    file: str
    size_bytes: int
    file_sha256: str
    tables_sha256: str
    rows: dict[str, int]
    errors: int
    warnings: int
    commitment: str


class PlanAnswered(Body, frozen=True, kw_only=True):
    """A question about a network was answered; who asked is the fact's `by`.

    The answer's JSON is kept as a blob under `commitment`. `put` is the index of the network's fact. No plan can cost
    less than `bound`; `gap` is the relative distance to it; None where the question proves none. These, and numbers in
    `parameters` that are no integers, are decimal strings.
    """

    TYPE: ClassVar[str] = "plan.answered"
    network: str
    version: int
    put: int
    tables_sha256: str
    question: str
    parameters: dict[str, Any]
    status: Literal["optimal", "feasible", "reckoned", "infeasible"]
    is_stopped: bool
    currency: str
    cost: str | None
    bound: str | None
    gap: str | None
    took_ms: int
    model: int
    solver: str
    software: str
    headline: str
    answer_sha256: str
    commitment: str
