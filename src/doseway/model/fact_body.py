"""The base of fact bodies, apart from the list of them, so that a room's bodies can stand in a file of their own."""

from typing import ClassVar

import msgspec


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of fact bodies. `TYPE` and `VERSION` name the fact; hex strings are lower-case."""

    TYPE: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1
