"""What all tests share: the real data's place, a network that ends at this machine, and the same examples each run."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts

ROOT = Path(__file__).parents[1]

# A change lands or does not by what it changes, not by luck; `make search` looks for new examples at random.
settings.register_profile("search", print_blob=True)
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


def pytest_runtest_setup(item: pytest.Item) -> None:  # pytest calls it by this name
    """No test may leave the machine: this is the air-gap test of all the code under test."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with real devices' files and published vectors; it is not ours to commit."""
    folder = Path(os.environ.get("DOSEWAY_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set DOSEWAY_DATA")
    return folder


@pytest.fixture(scope="session")
def examples() -> Path:
    """The generated files that the project ships."""
    return ROOT / "examples" / "files"
