"""The signature: genuine, altered, unsigned, unknown issuer; and every way to cheat that we could think of."""

import random
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doseway.intake.berlinger.signature import BUILT_IN_ISSUER, BUILT_IN_SOURCE, SignatureReader, little_endian_pair
from doseway.model.readings import SignatureCheck, SignatureStatus

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF


def outcome(content: bytes, issuers: dict[str, str] | None = None) -> SignatureCheck:
    reader = SignatureReader()
    for line in content.splitlines(keepends=True):
        reader.feed(line)
    return reader.check(issuers or {})


@pytest.fixture(scope="module")
def small(writer: ModuleType) -> bytes:
    """A signed file with next to nothing in it."""
    content: bytes = writer.sealed(["Device: test", "Data:", "\t2026-01-01 00:00\t4.2\t"], "LOT")
    return content


def test_a_pinned_issuer_makes_a_file_genuine(small: bytes, example_issuer: dict[str, str]) -> None:
    check = outcome(small, example_issuer)
    assert check.status is SignatureStatus.GENUINE
    assert (check.is_body_valid, check.is_certificate_valid, check.lot) == (True, True, "LOT")
    assert check.issuer_key_source == "examples/issuer.pub"
    assert "neither that the clock was right nor where the probe was" in check.note


def test_a_pinned_key_may_be_written_in_capitals(small: bytes, example_issuer: dict[str, str]) -> None:
    pinned = {key.upper(): label for key, label in example_issuer.items()}
    assert outcome(small, pinned).status is SignatureStatus.GENUINE


def test_without_the_pin_the_issuer_is_unknown_whatever_it_calls_itself(small: bytes) -> None:
    check = outcome(small)
    assert check.status is SignatureStatus.UNKNOWN_ISSUER
    assert (check.is_body_valid, check.is_certificate_valid, check.issuer_key_source) == (True, False, "")
    assert "anybody can make such a file" in check.note


def test_a_changed_digit_leaves_the_certificate_intact_and_says_so(
    small: bytes, example_issuer: dict[str, str]
) -> None:
    check = outcome(small.replace(b"\t4.2", b"\t4.3"), example_issuer)
    assert check.status is SignatureStatus.ALTERED
    assert (check.is_body_valid, check.is_certificate_valid) == (False, True)
    assert "certificate block is intact" in check.note


def test_a_changed_certificate_is_told_apart(small: bytes, example_issuer: dict[str, str]) -> None:
    check = outcome(small.replace(b"Lot: LOT", b"Lot: LOX"), example_issuer)
    assert check.status is SignatureStatus.ALTERED
    assert (check.is_body_valid, check.is_certificate_valid) == (False, False)
    assert "neither the content nor the certificate block" in check.note


def test_changed_line_ends_break_both(small: bytes, example_issuer: dict[str, str]) -> None:
    check = outcome(small.replace(b"\r\n", b"\n"), example_issuer)
    assert (check.status, check.is_body_valid, check.is_certificate_valid) == (SignatureStatus.ALTERED, False, False)


def test_a_certificate_of_another_lot_cannot_be_put_in(writer: ModuleType, example_issuer: dict[str, str]) -> None:
    one = writer.sealed(["Device: test"], "LOT")
    other = writer.sealed(["Device: test"], "OTHER")
    mixed = (
        one[: one.index(b"Cert:")] + other[other.index(b"Cert:") : other.index(b"Sig: ")] + one[one.index(b"Sig: ") :]
    )
    check = outcome(mixed, example_issuer)
    assert (check.status, check.is_certificate_valid) == (SignatureStatus.ALTERED, True)


@pytest.mark.parametrize(
    ("cut", "has_note"), [([b"Sig: "], True), ([b"Sig: ", b"Sig Cert: "], True), ([b"Sig", b"Cert:", b" "], False)]
)
def test_a_stripped_signature_makes_a_file_unsigned(small: bytes, cut: list[bytes], *, has_note: bool) -> None:
    kept = [line for line in small.splitlines(keepends=True) if not line.startswith(tuple(cut))]
    check = outcome(b"".join(kept))
    assert check.status is SignatureStatus.UNSIGNED
    assert ("was removed" in check.note) is has_note
    assert check.is_body_valid is None


def doubled(content: bytes, prefix: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    found = next(line for line in lines if line.startswith(prefix))
    return content.replace(found, found + found)


@pytest.mark.parametrize("prefix", [b"Sig: ", b"Sig Cert: ", b" Public Key: ", b"Cert:"])
def test_a_line_of_which_there_may_be_one_is_not_accepted_twice(
    small: bytes, example_issuer: dict[str, str], prefix: bytes
) -> None:
    assert outcome(doubled(small, prefix), example_issuer).status is SignatureStatus.ALTERED


@pytest.mark.parametrize("tail", [b"x", b"\r\n", b" \r\n", b"\t2026-01-01 00:05\t4.2\t\r\n", b"\x00"])
def test_nothing_may_follow_the_signature(small: bytes, example_issuer: dict[str, str], tail: bytes) -> None:
    assert outcome(small + tail, example_issuer).status is SignatureStatus.ALTERED


def test_the_last_line_end_may_be_lost(small: bytes, example_issuer: dict[str, str]) -> None:
    assert outcome(small.removesuffix(b"\r\n"), example_issuer).status is SignatureStatus.GENUINE


def test_a_signature_without_a_certificate_is_not_accepted(small: bytes, example_issuer: dict[str, str]) -> None:
    kept = small[: small.index(b"Cert:")] + small[small.index(b"Sig: ") :]
    assert outcome(kept, example_issuer).status is SignatureStatus.ALTERED


def replaced_hex(content: bytes, prefix: bytes, digits: str) -> bytes:
    start = content.index(prefix) + len(prefix)
    return content[:start] + digits.encode() + content[start + 128 :]


@pytest.mark.parametrize("prefix", [b"\r\nSig: ", b"\r\nSig Cert: ", b" Public Key: "])
@pytest.mark.parametrize(
    "digits",
    [
        "0" * 128,  # r = s = 0
        (b"\x00" * 32 + b"\x01" * 32).hex(),
        ORDER.to_bytes(32, "little").hex() * 2,  # r = s = n
        "ff" * 64,
        P256_PRIME.to_bytes(32, "little").hex() * 2,
        "zz" * 64,
        "AB" * 64,
        "01" * 64,  # no point of the curve
    ],
)
def test_numbers_out_of_range_verify_nothing(
    small: bytes, example_issuer: dict[str, str], prefix: bytes, digits: str
) -> None:
    assert outcome(replaced_hex(small, prefix, digits), example_issuer).status is SignatureStatus.ALTERED


def test_capital_digits_are_not_what_a_device_writes(small: bytes, example_issuer: dict[str, str]) -> None:
    start = small.index(b"\r\nSig: ") + len(b"\r\nSig: ")
    digits = small[start : start + 128].decode().upper()
    assert outcome(replaced_hex(small, b"\r\nSig: ", digits), example_issuer).status is SignatureStatus.ALTERED


def test_every_single_bit_counts(small: bytes, example_issuer: dict[str, str]) -> None:
    """Every bit of every byte up to the signature's own line end."""
    end = len(small.removesuffix(b"\r\n"))
    spared = []
    for position in random.Random(7).sample(range(end * 8), 1500):
        flipped = bytearray(small)
        flipped[position // 8] ^= 1 << position % 8
        if outcome(bytes(flipped), example_issuer).status is SignatureStatus.GENUINE:
            spared.append(position)
    assert spared == []


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_an_outcome(content: bytes) -> None:
    assert outcome(content + b"\nCert:\n Public Key: x\nSig Cert: y\nSig: z\n").status is not SignatureStatus.GENUINE


def test_the_built_in_key_is_a_point_of_the_curve() -> None:
    pair = little_endian_pair(BUILT_IN_ISSUER)
    assert pair is not None
    x, y = pair
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    assert (y * y - (x**3 - 3 * x + b)) % P256_PRIME == 0
    assert BUILT_IN_SOURCE == "built-in, inferred"
