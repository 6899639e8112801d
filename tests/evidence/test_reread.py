"""The decoder of originals in the pack and the decoder of Doseway: two programs, one answer."""

import hashlib
import io
import random
from pathlib import Path

import pytest

from doseway.evidence import reread as plain
from doseway.evidence import verify
from doseway.evidence.readings_csv import readings_sha256
from doseway.intake.port import DecodeOptions
from doseway.intake.registry import by_id
from doseway.model.errors import DataError

SOURCE = Path(plain.__file__)
EXPORTS = [
    *("clinic-refrigerator-month", "freezing", "gap-and-unplugged-probe", "good-shipment", "q-tag-run"),
    *("tarmac-excursion", "tarmac-excursion-altered", "ultra-low"),
]
REAL = ["130500109088_202206081014", "RCPJ00010_02_202211090128", "130400191542_202302140605", "test"]


@pytest.fixture(scope="module")
def issuer(examples: Path) -> str:
    return (examples.parent / "issuer.pub").read_text().split()[-1]


def decoded(raw: bytes, issuers: list[str]) -> tuple[str, int | None, str]:
    options = DecodeOptions(name="it.txt", zone="+01:00", issuers=dict.fromkeys(issuers, "a test"))
    found = by_id("berlinger").decode(io.BytesIO(raw), options)
    interval_ms = found.interval_s * 1000 if found.interval_s else None
    return readings_sha256(found), interval_ms, found.signature.status.value


def read_again(raw: bytes, issuers: list[str]) -> tuple[str, int | None, str]:
    found = plain.reread(io.BytesIO(raw), "Europe/Zurich (+01:00)", issuers)
    return found["readings_sha256"], found["interval_ms"], found["signature"]


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("is_pinned", [True, False])
def test_an_example_reads_the_same(name: str, is_pinned: bool, examples: Path, issuer: str) -> None:
    raw, issuers = (examples / f"{name}.txt").read_bytes(), [issuer] if is_pinned else []
    assert read_again(raw, issuers) == decoded(raw, issuers)


@pytest.mark.parametrize("name", REAL)
def test_a_real_export_reads_the_same(name: str, data: Path) -> None:
    raw = (data / "berlinger" / f"{name}.txt").read_bytes()
    assert read_again(raw, []) == decoded(raw, [])


def damaged(raw: bytes, chance: random.Random) -> bytes:
    """Return an export after one thing that somebody may have done to it."""
    lines = raw.splitlines(keepends=True)
    end = max(len(lines) - 14, 0)
    place, other = chance.randrange(end, len(lines)), chance.randrange(len(lines))
    flipped = bytearray(lines[place])
    flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    acts = {
        "drop": [*lines[:place], *lines[place + 1 :]],
        "double": [*lines[: place + 1], *lines[place:]],
        "swap": [*lines[:place], *lines[place + 1 : place + 2], lines[place], *lines[place + 2 :]],
        "flip": [*lines[:place], bytes(flipped), *lines[place + 1 :]],
        "unix": [line.replace(b"\r\n", b"\n") for line in lines],
        "more": [*lines, lines[other]],
        "capitals": [line.upper() if line.startswith(b"Sig: ") else line for line in lines],
        "cut": [*lines[:place]],
    }
    return b"".join(chance.choice([*acts.values()]))


def test_a_damaged_export_gets_the_same_answer_from_both(examples: Path, issuer: str) -> None:
    chance = random.Random(4711)
    raw = (examples / "q-tag-run.txt").read_bytes()
    answers = set()
    for _ in range(150):
        bad = damaged(raw, chance)
        try:
            wanted = decoded(bad, [issuer])
        except DataError:
            continue  # not read by Doseway, so never in a pack as decoded
        assert read_again(bad, [issuer]) == wanted
        answers.add(wanted[2])
    assert answers == {"genuine", "altered", "unsigned", "unknown-issuer"} - {"unknown-issuer"}, answers


def test_it_imports_only_the_standard_library_and_is_pinned() -> None:
    assert hashlib.sha256(SOURCE.read_bytes()).hexdigest() == verify.PINNED["reread.py"][0]
    assert len(SOURCE.read_text().splitlines()) <= 400
    assert b"\r" not in SOURCE.read_bytes()


@pytest.mark.parametrize(
    ("key", "signature"),
    [("", ""), ("0" * 128, "0" * 128), ("f" * 128, "01".ljust(64, "0") * 2), ("é" * 128, "x")],
)
def test_a_key_or_signature_that_is_none_is_refused(key: str, signature: str) -> None:
    assert not plain.p256(key, signature, bytes(32))
