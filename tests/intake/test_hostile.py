"""Hostile input: whatever the bytes, a recording or an error of ours; in bounded time and memory.

The suite takes every example of every registered format, so a new format is attacked as soon as it has one.
"""

import io
import random
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doseway.intake.port import HEAD_BYTES, DecodeOptions, Format
from doseway.intake.registry import all_formats, by_id, detect
from doseway.model.errors import DataError, FormatError
from doseway.model.readings import Recording

FILES = Path(__file__).parents[2] / "examples" / "files"
NAMES = sorted(path.name for path in FILES.iterdir() if path.stat().st_size < 30_000)
SLOWEST_S = 5.0
RECEIVED_MS = 1_773_576_000_000


def attempt(one: Format, content: bytes) -> Recording | None:
    """Decode; an error of ours is an answer, anything else is a crash."""
    try:
        return one.decode(io.BytesIO(content), DecodeOptions(name="hostile", received_at_ms=RECEIVED_MS))
    except DataError:
        return None


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return the content with one of the damages that disks, mails, editors and attackers do."""
    raw = bytearray(content)
    at = rng.randrange(len(raw))
    match rng.randrange(7):
        case 0:
            raw[at] ^= 1 << rng.randrange(8)
        case 1:
            raw[at] = rng.randrange(256)
        case 2:
            del raw[at:]
        case 3:
            del raw[at : at + rng.randrange(1, 200)]
        case 4:
            raw[at:at] = raw[at : at + rng.randrange(1, 200)]
        case 5:
            raw[at:at] = rng.choice([b"\x00", b"\xff\xfe", b'"', b"\r", b"\n", b"[", b"{", b"9" * 400, b"\t" * 300])
        case _:
            end = min(len(raw), at + rng.randrange(1, 64))
            raw[at:end] = rng.randbytes(end - at)
    return bytes(raw)


def attack(content: bytes, seed: str, rounds: int) -> Iterator[float]:
    """Damage, let every format decode the result, and give each duration."""
    rng = random.Random(seed)
    own = detect(content[:HEAD_BYTES], "x")
    for _ in range(rounds):
        broken = damaged(content, rng)
        for _ in range(rng.randrange(3)):
            broken = damaged(broken or b"x", rng)
        start = time.perf_counter()
        for one in {own.id: own, "random": rng.choice(all_formats())}.values():
            attempt(one, broken)
        yield time.perf_counter() - start


def shortened(content: bytes, name: str) -> bytes:
    """Return fewer rows of an example, for speed; workbooks and recordings stay as they are."""
    if name.endswith((".bv", ".xlsx")) or len(content) < 6000:
        return content
    middle = len(content) // 2
    start, end = content.rfind(b"\n", 0, 2500) + 1, content.find(b"\n", middle + middle // 2) + 1
    return content[:start] + content[end:]


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_read_or_refused(all_examples: dict[str, bytes], name: str) -> None:
    assert max(attack(shortened(all_examples[name], name), name, 40)) < SLOWEST_S


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_read_or_refused_for_long(all_examples: dict[str, bytes], name: str) -> None:
    assert max(attack(shortened(all_examples[name], name), f"long {name}", 1500)) < SLOWEST_S


def damaged_workbook(content: bytes, rng: random.Random) -> bytes:
    """Return a sound zip around a part that is damaged: bytes flipped outside only break its check sums."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        victim = rng.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, damaged(old.read(name), rng) if name == victim else old.read(name))
    return out.getvalue()


def attack_parts(content: bytes, rounds: int) -> None:
    rng = random.Random(rounds)
    for _ in range(rounds):
        attempt(by_id("table"), damaged_workbook(content, rng))


def test_damaged_parts_of_a_workbook_are_read_or_refused(all_examples: dict[str, bytes]) -> None:
    attack_parts(all_examples["pallet.xlsx"], 150)


@pytest.mark.slow
def test_damaged_parts_of_a_workbook_are_read_or_refused_for_long(all_examples: dict[str, bytes]) -> None:
    attack_parts(all_examples["pallet.xlsx"], 6000)


FRAGMENTS = st.sampled_from(
    [
        *(b"Device: x\r\n", b"Fw Vers: 1\r\n", b"Conf:\r\n", b" Serial: 1\r\n", b"Hist:\r\n", b" 1:\r\n", b"Res:\r\n"),
        *(b"Data:\r\n", b"\tyyyy-MM-dd hh:mm\tT\tOut of limits\r\n", b"\t2026-01-01 00:00\t4.2\tx\r\n"),
        *(b"Cert:\r\n", b"Sig Cert: 0\r\n", b"Sig: 00\r\n", b"Time;Temp \xb0C\n", b"2026-01-01 00:00;4,5\n"),
        *(b"01/02/2026,12:00\n", b"1700000000,4.5\n", b'"', b";", b",", b"[", b"]", b"\\", b"\x00", b"\xff"),
        *(b'{"n":"a","u":"Cel","v":1,"t":1700000000}', b"PK\x03\x04", b"dataend"),
    ]
)


@given(st.lists(FRAGMENTS | st.binary(max_size=12), max_size=40).map(b"".join))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_read_or_refused_by_every_format(content: bytes) -> None:
    for one in all_formats():
        attempt(one, content)


@pytest.mark.slow
@given(st.lists(FRAGMENTS | st.binary(max_size=40), max_size=80).map(b"".join))
@settings(deadline=None, max_examples=5000, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_read_or_refused_by_every_format_for_long(content: bytes) -> None:
    for one in all_formats():
        attempt(one, content)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_recognising_never_fails(head: bytes, name: str) -> None:
    for one in all_formats():
        assert one.matches(head, name) in {True, False}


def peak_bytes(one: Format, content: bytes, options: DecodeOptions) -> tuple[int, Recording | None]:
    stream = io.BytesIO(content)
    tracemalloc.start()
    try:
        try:
            recording = one.decode(stream, options)
        except DataError:
            recording = None
        return tracemalloc.get_traced_memory()[1], recording
    finally:
        tracemalloc.stop()


def many_rows(count: int) -> Iterator[tuple[str, bytes]]:
    head = "Device: x\r\nFw Vers: 1\r\nConf:\r\n Serial: 1\r\nData:\r\n\tyyyy-MM-dd hh:mm\tT\tOut of limits\r\n"
    rows = [
        (f"2026-01-{1 + index // 1440 % 27:02d} {index // 60 % 24:02d}:{index % 60:02d}", index % 90 / 10)
        for index in range(count)
    ]
    yield "berlinger", (head + "".join(f"\t{stamp}\t{value}\r\n" for stamp, value in rows)).encode()
    yield "table", ("Time;Temp °C\n" + "".join(f"{stamp};{value}\n" for stamp, value in rows)).encode()
    records = (f'{{"n":"a","u":"Cel","t":{1_700_000_000 + index},"v":1}}' for index in range(count))
    yield "senml", f"[{','.join(records)}]".encode()


def test_memory_stays_within_twice_the_stated_cap() -> None:
    count = 20_000
    for format_id, content in many_rows(count):
        options = DecodeOptions(max_readings=count)
        peak, recording = peak_bytes(by_id(format_id), content, options)
        assert recording is not None
        assert recording.readings == count
        assert (format_id, peak) < (format_id, 2 * options.memory_bytes)
        assert (format_id, peak) < (
            format_id,
            8 * 1024**2 + 2 * count * 12,
        )  # and nowhere near the size of a file in RAM


def rows(template: str, count: int) -> bytes:
    """Return a template filled with 0, 1, 2, ..., as `i`, and with a valid month, day and year that keep changing."""
    return "".join(
        template.format(i=index, year=1970 + index % 229, month=1 + index % 12, day=1 + index % 28)
        for index in range(count)
    ).encode("latin-1")


LOG = b"Data:\r\n\tyyyy-MM-dd hh:mm\tT\tOut of limits\r\n"
RECORD = '{{{{"n":"{name}","u":"{unit}","v":1,"t":1700000000}}}},'
Bomb = tuple[str, Callable[[], bytes]]
HOSTILE: dict[str, Bomb] = {
    "one endless line": ("berlinger", lambda: b"Device: " + b"x" * 30_000_000),
    "a header without end": ("berlinger", lambda: b"Device: x\r\n" + b"A: b, c: d, e: f\r\n" * 1_000_000),
    "blocks without end": ("berlinger", lambda: b"Hist:\r\n" + rows(" {i}:\r\n", 100_000)),
    "certificates without end": ("berlinger", lambda: LOG + b"Cert:\r\nSig Cert: 1\r\n" * 500_000),
    "a quote that never closes": ("table", lambda: b'Time,Temp C\n"' + b"a,b\n" * 3_000_000),
    "one endless row": ("table", lambda: b"2026-01-01 00:00," * 2_000_000),
    "ever new sensors": ("table", lambda: b"Time;Device;Temp C\n" + rows("2026-01-01 00:00;d{i};4.5\n", 5_000)),
    "columns without end": ("table", lambda: (b"Temp C;" * 9_000 + b"\n") + b"2026-01-01 00:00;4.5\n" * 400),
    "a header of brackets": ("table", lambda: b"Time;Temp C" + b"(" * 60_000 + b"\n2026-01-01 00:00;4.5\n"),
    "commas without end": ("berlinger", lambda: (b"A: b" + b", x" * 20_000 + b"\r\n") * 30),
    "spaces without end": ("senml", lambda: b"[" + b" " * 20_000_000),
    "ever new names": ("senml", lambda: b"[" + rows(RECORD.format(name="{i}", unit="Cel"), 5_000)),
    "deep arrays": ("senml", lambda: b'[{"n":' + b"[" * 20_000_000),
    "an endless string": ("senml", lambda: b'[{"n":"' + b"a" * 20_000_000),
    "zeros": ("biovoice", lambda: bytes(20_000_000)),
}
SLOW_TO_TRACE: dict[str, Bomb] = {
    "rows of ever new days": ("berlinger", lambda: LOG + rows("\t{year}-{month:02}-{day:02} 00:00\t4.2\r\n", 100_000)),
    "ever new numbers": ("table", lambda: b"Time;Temp \xb0C\n" + rows("2026-01-01 00:00;4.{i:09}\n", 100_000)),
    "ever new units": ("senml", lambda: b"[" + rows(RECORD.format(name="a", unit="x{i}"), 100_000)),
}


def withstand(bomb: Bomb) -> None:
    format_id, make = bomb
    options = DecodeOptions(name="bomb", max_readings=250_000, received_at_ms=RECEIVED_MS)
    content = make()
    start = time.perf_counter()
    peak, _ = peak_bytes(by_id(format_id), content, options)
    assert time.perf_counter() - start < 120  # tracing the memory slows everything tenfold
    assert peak < 2 * options.memory_bytes


@pytest.mark.parametrize("what", HOSTILE)
def test_input_made_to_fill_the_memory_does_not(what: str) -> None:
    withstand(HOSTILE[what])


@pytest.mark.slow
@pytest.mark.parametrize("what", SLOW_TO_TRACE)
def test_long_input_made_to_fill_the_memory_does_not(what: str) -> None:
    withstand(SLOW_TO_TRACE[what])


def test_a_workbook_made_to_fill_the_memory_does_not(maker: ModuleType) -> None:
    """Shared strings beyond the cap, repeated in many cells, unpack from little."""
    out = io.BytesIO()
    strings = "".join(f"<si><t>{index:0200d}</t></si>" for index in range(100_000))
    with (
        zipfile.ZipFile(io.BytesIO(maker.unsigned()["pallet.xlsx"])) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, f"<sst>{strings}</sst>" if name.endswith("sharedStrings.xml") else old.read(name))
    options = DecodeOptions(name="bomb.xlsx", max_readings=10_000)
    peak, recording = peak_bytes(by_id("table"), out.getvalue(), options)
    assert recording is None
    assert peak < 2 * options.memory_bytes


def test_input_beyond_the_cap_on_bytes_is_refused_by_every_format(all_examples: dict[str, bytes]) -> None:
    for name in NAMES:
        content = all_examples[name]
        one = detect(content[:HEAD_BYTES], name)
        with pytest.raises(FormatError) as caught:
            one.decode(io.BytesIO(content), DecodeOptions(name=name, max_bytes=len(content) - 1))
        assert name in str(caught.value)
