"""The registry: which format an input is in, and what is said when it is in none."""

from importlib.metadata import EntryPoint

import pytest

from doseway.intake import registry
from doseway.intake.port import HEAD_BYTES
from doseway.model.errors import FormatError, UsageError

BUILT_IN = ("berlinger", "biovoice", "senml", "table")


def test_the_precise_formats_are_asked_before_tables() -> None:
    assert set(BUILT_IN) <= set(registry.names())
    assert registry.names()[-1] == "table"


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_format_is_found_by_its_id(name: str) -> None:
    one = registry.by_id(name)
    assert (one.id, one.version) == (name, 1)
    assert one.title


def test_an_unknown_id_names_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"no format 'acme'.*berlinger"):
        registry.by_id("acme")


@pytest.mark.parametrize(
    ("name", "format_id"),
    [
        ("good-shipment.txt", "berlinger"),
        ("q-tag-run.txt", "berlinger"),
        ("pharmacy.bv", "biovoice"),
        ("box.senml", "senml"),
        ("kuehlschrank.csv", "table"),
        ("pallet.xlsx", "table"),
    ],
)
def test_every_example_is_recognised_by_its_bytes_alone(
    all_examples: dict[str, bytes], name: str, format_id: str
) -> None:
    assert registry.detect(all_examples[name][:HEAD_BYTES], "upload.bin").id == format_id


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "the file is empty"),
        (b"%PDF-1.7\n", "looks like a PDF"),
        (b"\x00" * 100, "zero bytes only"),
        (b"dear all, see attachment", "begins with b'dear all"),
        (b"PK\x03\x04 something else", "a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file"),
    ],
)
def test_what_cannot_be_read_is_described_with_what_can(head: bytes, words: str) -> None:
    with pytest.raises(FormatError) as caught:
        registry.detect(head, "x.dat")
    assert words in str(caught.value)
    assert "biovoice" in caught.value.hint
    assert str(caught.value).startswith("x.dat: ")


@pytest.fixture
def broken_plug_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registered format whose module does not exist."""
    broken = EntryPoint("acme", "no_such_module_anywhere:FORMAT", registry.GROUP)
    points = {"acme": broken, **registry._points()}
    monkeypatch.setattr(registry, "_points", lambda: points)


@pytest.mark.usefixtures("broken_plug_in")
def test_one_broken_plug_in_does_not_keep_the_others_from_reading(export: bytes) -> None:
    assert registry.detect(export[:HEAD_BYTES], "x.txt").id == "berlinger"
    assert "no_such_module_anywhere" in registry.broken()["acme"]
    with pytest.raises(FormatError, match="could not be loaded: acme"):
        registry.detect(b"nothing", "x")
    with pytest.raises(UsageError, match="uninstall"):
        registry.by_id("acme")
