"""What the tests of live messages share: samples as vendors document them, and decoding as a door does it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from examples.messages import RECEIVED_MS

from doseway.intake.message_registry import by_id
from doseway.intake.port import DecodeOptions
from doseway.model.readings import Recording

Decode = Callable[..., tuple[Recording, ...]]


@pytest.fixture(scope="session")
def decode() -> Decode:
    """Decode a body: bytes as they are, anything else as JSON."""

    def run(format_id: str, body: Any, **options: Any) -> tuple[Recording, ...]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        options = {"name": "body", "received_at_ms": RECEIVED_MS, **options}
        return by_id(format_id).decode(content, DecodeOptions(**options))

    return run
