"""What is wrong, or looks wrong, with the data of a network."""

from collections.abc import Iterable
from typing import Literal, NoReturn

import msgspec

from doseway.model.errors import DataError, Place


class Finding(msgspec.Struct, frozen=True):
    """One finding: a stable code, whether a plan can be reckoned at all, what and where, and what to do."""

    code: str
    severity: Literal["error", "warning"]
    text: str
    where: Place
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if str(self.where) else ""
        return f"{place}{self.text}" + (f". {self.hint}" if self.hint else "")


def require(findings: Iterable[Finding], *, is_strict: bool = False) -> list[Finding]:
    """Raise on the errors, in strict mode on warnings too; return the warnings that remain.

    Raises:
        DataError: lists the findings, with the place of the first.
    """
    listed = list(findings)
    stopping = [finding for finding in listed if is_strict or finding.severity == "error"]
    if stopping:
        _refuse(stopping)
    return listed


def _refuse(findings: list[Finding]) -> NoReturn:
    first, *others = findings
    more = "".join(f"\n{other}" for other in others)
    raise DataError(first.text + more, hint=first.hint, where=first.where)
