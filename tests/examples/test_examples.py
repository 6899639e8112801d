"""The example files: what is committed is what the program writes, and the devices' own figures are right."""

import importlib.util
import math
import sys
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest

from doseway.intake.port import DecodeOptions
from doseway.intake.registry import detect_stream
from doseway.model.readings import Recording, SignatureStatus
from doseway.model.units import INVALID

ROOT = Path(__file__).parents[2]
MOST_BYTES = 600_000


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_examples", ROOT / "examples" / "make_examples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def decoded(examples: Path, name: str) -> Recording:
    issuer = (ROOT / "examples" / "issuer.pub").read_text().strip()
    stream = BytesIO((examples / name).read_bytes())
    return detect_stream(stream, name).decode(stream, DecodeOptions(name=name, issuers={issuer: "issuer.pub"}))


def test_making_them_again_gives_the_same_bytes(maker: ModuleType, examples: Path, tmp_path: Path) -> None:
    maker.main(tmp_path)
    made = {path.name: path.read_bytes() for path in (tmp_path / "files").iterdir()}
    kept = {path.name: path.read_bytes() for path in examples.iterdir()}
    assert made == kept
    assert (tmp_path / "issuer.pub").read_bytes() == (ROOT / "examples" / "issuer.pub").read_bytes()
    assert sum(map(len, kept.values())) < MOST_BYTES


def test_signing_is_deterministic_and_keys_are_our_own(maker: ModuleType) -> None:
    writer = sys.modules["examples.berlinger"]
    key = writer.private_key("issuer")
    assert writer.sign(key, b"x") == writer.sign(key, b"x")
    assert writer.public_hex(key) == (ROOT / "examples" / "issuer.pub").read_text().strip()


def test_only_the_altered_copy_is_altered(examples: Path) -> None:
    statuses = {path.name: decoded(examples, path.name).signature.status for path in examples.glob("*.txt")}
    altered = statuses.pop("tarmac-excursion-altered.txt")
    assert altered is SignatureStatus.ALTERED
    assert set(statuses.values()) == {SignatureStatus.GENUINE}
    assert len(statuses) >= 7


def test_the_altered_copy_hides_the_excursion_of_the_original(examples: Path) -> None:
    original, altered = decoded(examples, "tarmac-excursion.txt"), decoded(examples, "tarmac-excursion-altered.txt")
    assert max(original.series[0].value_milli) > 15_000
    assert max(altered.series[0].value_milli) < 8_000
    assert len(original.series[0]) == len(altered.series[0])


def test_the_q_tags_own_figures_follow_from_its_readings(examples: Path) -> None:
    recording = decoded(examples, "q-tag-run.txt")
    values = [value / 1000 for value in recording.series[0].value_milli]
    claims = recording.claims
    assert claims is not None
    assert claims.mean_milli == int(math.fsum(values) / len(values) * 10) * 100
    scale = 83.0 / 8.3144e-3
    load = math.fsum(math.exp(-scale / (value + 273.15)) for value in values) / len(values)
    assert claims.mkt_milli == int((scale / -math.log(load) - 273.15) * 10) * 100
    assert (claims.min_milli, claims.max_milli) == (round(min(values) * 1000), round(max(values) * 1000))
    for slot, minutes in (
        ("2", sum(value > 8 for value in values) * 10),
        ("4", sum(value < 2 for value in values) * 10),
    ):
        assert [one.accumulated_s // 60 for one in claims.alarms if one.slot == slot] == [minutes]


@pytest.mark.parametrize(
    "name", ["tarmac-excursion.txt", "freezing.txt", "clinic-refrigerator-month.txt", "good-shipment.txt"]
)
def test_daily_records_follow_from_the_log(examples: Path, name: str) -> None:
    recording = decoded(examples, name)
    assert recording.claims is not None
    series = recording.series[0]
    for day in recording.claims.days:
        today = [
            value
            for at_ms, value in zip(series.observed_at_ms, series.value_milli, strict=True)
            if day.starts_at_ms <= at_ms < day.ends_at_ms and value != INVALID
        ]
        assert (day.min_milli, day.max_milli) == (min(today), max(today))
        assert day.mean_milli == int(sum(today) / len(today) / 100) * 100
        assert [one.accumulated_s // 300 for one in day.alarms] == [
            sum(value < 2000 for value in today),
            sum(value > 8000 for value in today),
        ]
