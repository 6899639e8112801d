"""What the tests of intake share: decoding bytes as a caller does, and the generator of the example files."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.intake.mosquitto_kit import Mosquitto

from doseway.intake import mqtt
from doseway.intake.port import DecodeOptions
from doseway.intake.registry import detect_stream
from doseway.model.readings import Recording

ROOT = Path(__file__).parents[2]
Decode = Callable[..., Recording]


@pytest.fixture(scope="session")
def decode() -> Decode:
    """Decode bytes or text in whatever format they are in."""

    def run(content: bytes | str, name: str = "input", **options: Any) -> Recording:
        stream = BytesIO(content.encode() if isinstance(content, str) else content)
        return detect_stream(stream, name).decode(stream, DecodeOptions(name=name, **options))

    return run


@pytest.fixture(scope="session")
def maker() -> ModuleType:
    """The program that writes the example files."""
    spec = importlib.util.spec_from_file_location("make_examples", ROOT / "examples" / "make_examples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def writer(maker: ModuleType) -> ModuleType:
    """The writer of signed exports."""
    return sys.modules["examples.berlinger"]


@pytest.fixture(scope="session")
def example_issuer(writer: ModuleType) -> dict[str, str]:
    """The issuer key of the example files, pinned."""
    return {writer.public_hex(writer.private_key("issuer")): "examples/issuer.pub"}


@pytest.fixture(scope="session")
def export(maker: ModuleType) -> bytes:
    """A signed export with a log."""
    content: bytes = maker.signed()["q-tag-run.txt"]
    return content


@pytest.fixture(scope="session")
def all_examples(maker: ModuleType) -> dict[str, bytes]:
    """Every example file by its name, freshly made."""
    return {**maker.signed(), **maker.unsigned()}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the MQTT door try again at once."""
    monkeypatch.setattr(mqtt, "wait_s", lambda *_, **__: 0.05)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """Give a Mosquitto that runs."""
    one = Mosquitto(tmp_path)
    one.start()
    yield one
    one.stop()
