"""A reader of real device files that shares nothing with the decoders: rows of time and temperature only."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from doseway.model.readings import Quantity, Series
from doseway.model.units import INVALID, milli

ROW = re.compile(r"\t(\d{4}-\d\d-\d\d \d\d:\d\d)\t([-+]?\d+\.\d|--\.-)(?:\t(x?))?")
ReadLog = Callable[[str], Series]
Q_TAG = "RCPJ00010_02_202211090128.txt"
FRIDGE_TAG = "130500109088_202206081014.txt"


def ms(text: str) -> int:
    """Read a device's time as Unix ms, as if it were UTC."""
    return round(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp()) * 1000


@pytest.fixture(scope="session")
def read_log(data: Path) -> ReadLog:
    """Return a function that reads the log of a real file."""

    def read(name: str) -> Series:
        one = Series("internal", Quantity.TEMPERATURE)
        for line in (data / "berlinger" / name).read_text(encoding="latin-1").splitlines():
            if row := ROW.match(line):
                one.add(ms(row[1]), INVALID if row[2] == "--.-" else milli(row[2]))
        return one

    return read


@pytest.fixture(scope="session")
def q_tag(read_log: ReadLog) -> Series:
    """The Q-tag's run of 124 readings at 10 min."""
    return read_log(Q_TAG)


@pytest.fixture(scope="session")
def fridge_tag(read_log: ReadLog) -> Series:
    """The Fridge-tag's 10,653 readings at 5 min."""
    return read_log(FRIDGE_TAG)
