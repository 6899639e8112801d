"""The parts of the stand-alone verifier, each against an independent oracle or a hostile input."""

import base64
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.evidence import verify
from doseway.ledger import merkle
from doseway.ledger.keys import SigningKey, verify_ed25519

SOURCE = Path(verify.__file__)


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipFile:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return zipfile.ZipFile(out)


def test_it_is_one_file_of_at_most_400_lines_and_imports_only_the_standard_library() -> None:
    text = SOURCE.read_text()
    modules = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))} - {"__future__"}
    assert len(text.splitlines()) <= 400
    assert modules <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("every", "accepted"), [pytest.param(1, 43, marks=pytest.mark.slow), pytest.param(5, 10)], ids=["all", "sample"]
)
def test_ed25519_accepts_what_libsodium_accepts_on_published_edge_cases(every: int, accepted: int, data: Path) -> None:
    published = json.loads((data / "tlog" / "ed25519" / "ed25519vectors.json").read_text())
    vectors = published[::every]
    answers = [
        verify.ed25519(bytes.fromhex(one["key"]), one["msg"].encode(), bytes.fromhex(one["sig"])) for one in vectors
    ]
    expected = [
        verify_ed25519(bytes.fromhex(one["key"]), one["msg"].encode(), bytes.fromhex(one["sig"])) for one in vectors
    ]
    assert len(published) == 914
    assert answers == expected
    assert sum(answers) == accepted


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_a_signature_verifies_and_none_of_its_bits_may_flip(seed: bytes, message: bytes, bit: int) -> None:
    key = SigningKey.from_seed(seed)
    signature = key.sign(message)
    broken = bytearray(signature)
    broken[bit // 8] ^= 1 << bit % 8
    assert verify.ed25519(key.public_key, message, signature)
    assert not verify.ed25519(key.public_key, message, bytes(broken))
    assert not verify.ed25519(key.public_key, message + b"x", signature)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_an_inclusion_path_leads_to_the_root_of_the_log(entries: list[bytes], data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle.inclusion_proof(
        index, len(leaves), lambda level, at: merkle.root(leaves[at << level : (at + 1) << level])
    )
    assert verify.root_from(leaves[index], index, len(leaves), path) == merkle.root(leaves)
    with pytest.raises(verify.Tampered):
        verify.root_from(leaves[index], index, len(leaves), [*path, bytes(32)])
    with pytest.raises(verify.Tampered):
        verify.root_from(leaves[index], len(leaves), len(leaves), path)


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "a/../b", "a\\b", "C:evil", ".hidden", "a//b", "a/b/c/d", "", "a/", "x\ny", "é", "A/b"],
)
def test_a_name_that_could_leave_the_folder_is_refused(name: str) -> None:
    with pytest.raises((verify.Tampered, zipfile.BadZipFile)):
        verify.check_archive(zipped((name, b"x")))


def test_a_name_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        archive = zipped(("a", b"1"), ("a", b"2"))
    with pytest.raises(verify.Tampered, match="twice"):
        verify.check_archive(archive)


def test_a_zip_bomb_is_refused_before_anything_is_unpacked() -> None:
    with pytest.raises(verify.Tampered, match="bomb"):
        verify.check_archive(zipped(("records/0-a", bytes(50_000_000))))


def test_too_many_files_and_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MAX_FILES", 2)
    monkeypatch.setattr(verify, "MAX_BYTES", 10)
    with pytest.raises(verify.Tampered, match="too many"):
        verify.check_archive(zipped(("a", b""), ("b", b""), ("c", b"")))
    with pytest.raises(verify.Tampered, match="unpacks to over"):
        verify.check_archive(zipped(("a", b"123456"), ("b", b"123456")))


def test_other_compression_and_bytes_around_the_archive_are_refused() -> None:
    with pytest.raises(verify.Tampered, match="compression"):
        verify.check_archive(zipped(("a", b"x"), method=zipfile.ZIP_BZIP2))
    whole = io.BytesIO(b"#!/bin/sh\n")
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("a", b"x")
    with pytest.raises(verify.Tampered, match="belong to no file"):
        verify.check_archive(zipfile.ZipFile(whole))


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":2}', "[]", "1", "{", '{"a":' + "[" * 100_000, '{"b":{"a":1,"a":1}}', '{"a":' + "9" * 5000 + "}"],
)
def test_json_with_a_key_twice_or_without_an_end_is_refused(text: str) -> None:
    with pytest.raises((verify.Tampered, ValueError, RecursionError)):
        verify.parse_json(text.encode(), "it")


@pytest.mark.parametrize("text", ["", "QQ", "QQ=", "QR==", "Q Q=", "QQ==\n", "!!!!"])
def test_base64_that_is_not_canonical_is_refused(text: str) -> None:
    with pytest.raises((verify.Tampered, ValueError)):
        verify.b64(text)


@given(st.binary(min_size=1, max_size=50))
def test_canonical_base64_is_read(content: bytes) -> None:
    assert verify.b64(base64.b64encode(content).decode()) == content


def test_a_wrong_call_ends_with_4_and_help_with_the_exit_codes(tmp_path: Path) -> None:
    missing = subprocess.run([sys.executable, SOURCE, tmp_path / "no.zip"], capture_output=True, text=True, check=False)
    shown = subprocess.run([sys.executable, SOURCE, "--help"], capture_output=True, text=True, check=False)
    assert missing.returncode == 4
    assert "no.zip" in missing.stderr
    assert "3 TAMPERED" in shown.stdout
