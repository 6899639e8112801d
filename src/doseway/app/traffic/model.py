"""What a planned day consists of."""

from typing import Literal

import msgspec

from doseway.model.documents import Document
from doseway.model.findings import Severity


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One body as a device or a platform sends it.

    Attributes:
        at_ms: when it is sent, Unix ms. door: `http` or `mqtt`. name: its topic; empty for HTTP.
        format: the id of its message format. device: whose it is, for people.
    """

    at_ms: int
    door: Literal["http", "mqtt"]
    format: str
    device: str
    body: bytes
    name: str = ""


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """A device is put to a shipment or taken from it."""

    at_ms: int
    action: Literal["ADD", "DELETE"]
    shipment: str
    device: str


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """A logger's file that somebody imports by hand: `name` in `examples/files`, `zone` of its clock."""

    at_ms: int
    name: str
    shipment: str
    zone: str


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that has to result.

    Attributes:
        rule_id: the entry of the profile or the watch. start_ms: about when it begins, within `within_ms`.
        is_retracted: late data takes it away again.
        why: what happened, for people.
    """

    shipment: str
    rule_id: str
    severity: Severity
    start_ms: int
    within_ms: int
    why: str
    is_retracted: bool = False


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that happens on one day; `expected` are the alerts of severity `warning` and above."""

    seed: int
    start_ms: int
    end_ms: int
    documents: tuple[Document, ...]
    bindings: tuple[Binding, ...]
    messages: tuple[Message, ...]
    handed: tuple[Handed, ...]
    expected: tuple[Expected, ...]
