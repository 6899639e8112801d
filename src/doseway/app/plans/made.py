"""An answer as it is kept: words, tables and drawings as they were shown, and the data under them.

Kept whole and not made anew, so that what somebody decided on can be seen as it was, whatever a later version says.
"""

import math
from typing import Any, Literal

import msgspec

from doseway.model.errors import DataError
from doseway.plan.questions.answering import Answer
from doseway.plan.record import Planned
from doseway.plan.seeing.drawing import Figure
from doseway.plan.sheets import Sheet

Status = Literal["optimal", "feasible", "reckoned", "infeasible"]


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an answer: its words, drawings and tables."""

    title: str
    words: list[str]
    figures: list[Figure] = []
    sheets: list[Sheet] = []


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """An answer.

    Attributes:
        chapters: the first is the answer itself.
        plan: the plan in it, which can be compared with another; None where the question makes none.
        answer: the answer's own data.
        status: what was proved about the cost; `reckoned`: there was nothing to search.
        cost, bound, gap: in `currency`; None where the question has none.
        reasons: of an infeasible network, what no plan can meet together.
    """

    question: str
    title: str
    chapters: list[Chapter]
    status: Status
    currency: str = ""
    cost: float | None = None
    bound: float | None = None
    gap: float | None = None
    plan: Planned | None = None
    answer: Any = None
    reasons: list[str] = []

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        words = self.chapters[0].words if self.chapters else []
        return next((line for line in words if not line.endswith(":")), self.title)


class Shown(Answer, frozen=True, kw_only=True):
    """A kept chapter in the shape of an answer, for reports and workbooks."""

    said: list[str]
    tables: list[Sheet]

    def words(self) -> list[str]:
        """Return the sentences that were kept."""
        return self.said

    def sheets(self) -> list[Sheet]:
        """Return the tables that were kept."""
        return self.tables


def chapter(title: str, answer: Answer, figures: tuple[Figure, ...] = ()) -> Chapter:
    """Make a chapter of an answer."""
    sheets = [one for one in answer.sheets() if one.rows and one.name not in {figure.twin.name for figure in figures}]
    return Chapter(title=title, words=answer.words(), figures=list(figures), sheets=sheets)


def finite(value: float | None) -> float | None:
    """Return a number that JSON can say; None for what is not proved."""
    return value if value is not None and math.isfinite(value) else None


def to_bytes(made: Made) -> bytes:
    """Write an answer as JSON, members sorted; what is not finite becomes null."""
    return msgspec.json.encode(made, order="sorted")


def from_bytes(data: bytes) -> Made:
    """Read an answer that `to_bytes` wrote.

    Raises:
        DataError: it is none.
    """
    try:
        return msgspec.json.decode(data, type=Made)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"this is no answer of planning: {error}") from error
