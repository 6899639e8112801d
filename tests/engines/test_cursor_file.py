"""Cursors in a file: kept over restarts, whole, and damage is said."""

from pathlib import Path

import pytest

from doseway.engines.cursor_file import FileCursors
from doseway.model.errors import IntegrityError, Unavailable


def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    cursors = FileCursors(tmp_path / "cursors.json")
    assert cursors.get("a") is None
    cursors.put("a", 5)
    cursors.put("b", 7)
    cursors.put("a", 6)
    again = FileCursors(tmp_path / "cursors.json")
    assert (again.get("a"), again.get("b"), again.get("c")) == (6, 7, None)


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": "x"}', ""])
def test_a_damaged_file_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "cursors.json").write_text(text)
    with pytest.raises(IntegrityError, match=r"cursors\.json"):
        FileCursors(tmp_path / "cursors.json")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        FileCursors(tmp_path / "none" / "cursors.json").put("a", 1)
