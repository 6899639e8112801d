"""Every error that Doseway raises on purpose.

DosewayError
├── UsageError            the call is wrong                               CLI exit 2
├── DataError             the input is wrong                              CLI exit 3
│   ├── FormatError       bytes that no format, or not this one, can read
│   ├── UnitError         a value whose unit is missing or unknown
│   └── ProfileError      limits, or a watch, that contradict themselves
├── ConflictError         somebody else was first                         CLI exit 4
├── Unavailable           an engine, a disk or a witness does not answer  CLI exit 4
│   └── Pushback          full for now: come back later
└── IntegrityError        what is stored is not what was committed        CLI exit 5
    ├── HashMismatch      bytes do not have the hash that names them
    ├── SignatureInvalid  a signature does not verify
    ├── ForkedLog         two histories of one log
    └── RolledBack        the store is older than what was published

Integrity errors are never caught below the composition root (`doseway.app`).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

Retry = Literal["never", "later", "after-fix"]


@dataclass(frozen=True)
class Place:
    """Where in an input something is wrong. Lines, columns and bytes count from 1, 1 and 0."""

    source: str = ""
    line: int | None = None
    column: int | None = None
    byte: int | None = None

    def __str__(self) -> str:
        parts = [
            f"{name} {value}"
            for name, value in (("line", self.line), ("column", self.column), ("byte", self.byte))
            if value is not None
        ]
        return ", ".join([self.source, *parts] if self.source else parts)


class DosewayError(Exception):
    """Base of all errors raised on purpose: a stable code, what happened, where, and what to do next."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    retry: ClassVar[Retry] = "never"

    def __init__(self, what: str, *, hint: str = "", where: Place | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where and str(self.where) else self.what
        return f"{text}. {self.hint}" if self.hint else text


class UsageError(DosewayError):
    """The call is wrong: an unknown option, an impossible combination."""

    code = "usage"
    exit_code = 2
    retry = "after-fix"


class DataError(DosewayError):
    """The input is wrong."""

    code = "data"
    exit_code = 3
    retry = "after-fix"


class FormatError(DataError):
    """Bytes that no format, or not the one they claim, can read."""

    code = "format"


class UnitError(DataError):
    """A value whose unit is missing, unknown or implausible."""

    code = "unit"


class ProfileError(DataError):
    """Limits that contradict themselves or name an unknown rule."""

    code = "profile"


class ConflictError(DosewayError):
    """Somebody else was first: the condition under which to append no longer holds."""

    code = "conflict"
    exit_code = 4
    retry = "after-fix"


class Unavailable(DosewayError):
    """An engine, a disk or a witness does not answer."""

    code = "unavailable"
    exit_code = 4
    retry = "later"


class Pushback(Unavailable):
    """Full for now: come back later. Nothing was taken."""

    code = "pushback"


class IntegrityError(DosewayError):
    """What is stored is not what was committed to. Stop, and investigate."""

    code = "integrity"
    exit_code = 5


class HashMismatch(IntegrityError):
    """Bytes do not have the hash that names them."""

    code = "hash-mismatch"


class SignatureInvalid(IntegrityError):
    """A signature does not verify under the key that it names."""

    code = "signature-invalid"


class ForkedLog(IntegrityError):
    """Two histories exist of what must be one log."""

    code = "forked-log"


class RolledBack(IntegrityError):
    """The store is older than a checkpoint that was published."""

    code = "rolled-back"
