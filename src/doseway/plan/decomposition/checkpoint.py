"""What a killed solve goes on from: the cuts and the best decisions so far, in one plain file.

The file is replaced whole: whoever reads it sees the round before or the round after, never half of one. It names
the problem by its hash, so that cuts of another problem are never used.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np

from doseway.model.errors import UsageError
from doseway.plan.decomposition.family import Family
from doseway.plan.decomposition.master import Cut
from doseway.plan.program import Floats
from doseway.plan.risk import Risk

Risks: TypeAlias = Risk | Sequence[Risk]


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept: the cuts and the best decisions, in plan units."""

    cuts: list[Cut]
    decisions: Floats


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """The file's content: JSON."""

    problem: str
    decisions: list[float]
    cuts: list[tuple[int, list[float], float]]


class Checkpoint:
    """One file in which a solve is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(self, family: Family, risk: Risks, saved: Saved) -> None:
        """Replace the file."""
        cuts = [(cut.group, cut.slope.tolist(), cut.level) for cut in saved.cuts]
        content = _File(problem=fingerprint(family, risk), decisions=saved.decisions.tolist(), cuts=cuts)
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        try:
            with beside.open("wb") as file:
                file.write(msgspec.json.encode(content))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        finally:
            beside.unlink(missing_ok=True)

    def load(self, family: Family, risk: Risks) -> Saved | None:
        """Return what was kept of this very problem; None without a file, or with one of another problem.

        Raises:
            UsageError: the file is no checkpoint.
        """
        try:
            content = msgspec.json.decode(self.path.read_bytes(), type=_File)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            raise UsageError(f"{self.path} is no checkpoint of a plan: {error}", hint="Remove it.") from error
        if content.problem != fingerprint(family, risk):
            return None
        cuts = [Cut(group, np.array(slope), level) for group, slope, level in content.cuts]
        return Saved(cuts=cuts, decisions=np.array(content.decisions))


def fingerprint(family: Family, risk: Risks) -> str:
    """Return the hash of a problem: its numbers, its scenarios and its risk, or all of its risks."""
    digest = hashlib.sha256(msgspec.json.encode(risk))
    base = family.base
    for array in (
        base.cost,
        base.lower,
        base.upper,
        base.row_lower,
        base.row_upper,
        base.starts,
        base.rows,
        base.values,
    ):
        digest.update(array.tobytes())
    digest.update(family.is_first.tobytes() + family.probabilities.tobytes())
    for change in family.changes:
        for name in ("cost", "lower", "upper", "row_lower", "row_upper", "entries"):
            places, values = getattr(change, name)
            digest.update(places.tobytes() + values.tobytes())
    return digest.hexdigest()
