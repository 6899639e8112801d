"""Spells against a plain state machine, one observation after the other."""

from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from doseway.model.spells import ALWAYS, Spell, Windows, spells


class Row(NamedTuple):
    at: int
    out: bool
    number: int


def plainly(
    at: list[int], out: list[bool], until: int, gap: int, raise_after: int, clear_after: int, windows: Windows
) -> list[Spell]:
    found: list[Spell] = []
    for start, stop in windows:
        rows = [
            Row(when, is_out, k) for k, (when, is_out) in enumerate(zip(at, out, strict=True)) if start <= when < stop
        ]
        piece: list[Row] = []
        for row in rows:
            if piece and row.at - piece[-1].at > gap:
                found += _piece(piece, raise_after, clear_after, None, is_over=True)
                piece = []
            piece.append(row)
        if piece:
            last = piece[-1].at
            is_over = stop <= until or until - last > gap
            edge = stop if stop <= until and stop - last <= gap else None
            found += _piece(piece, raise_after, clear_after, edge, is_over=is_over)
    return found


def _piece(rows: list[Row], raise_after: int, clear_after: int, edge: int | None, *, is_over: bool) -> list[Spell]:
    found: list[Spell] = []
    since: Row | None = None  # the first record of the unbroken time out
    raised: tuple[Row, int] | None = None
    last: Row | None = None
    back: Row | None = None
    for row in rows:
        if since is not None and raised is None and row.at - since.at >= raise_after:
            raised = since, row.at
        if row.out:
            if back is not None and raised is not None and last is not None and row.at - back.at >= clear_after:
                found.append(Spell(raised[0].number, last.number, raised[0].at, raised[1], back.at))
                raised = None
                since = None
            since = since or row
            if raised is None and row.at - since.at >= raise_after:
                raised = since, row.at
            last, back = row, None
        else:
            since = None
            back = back or row
    if raised is not None and last is not None:
        end: int | None = None
        if back is not None:
            end = back.at if is_over or rows[-1].at - back.at >= clear_after else None
        elif is_over:
            end = edge if edge is not None else last.at
        found.append(Spell(raised[0].number, last.number, raised[0].at, raised[1], end))
    return found


@given(
    st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=25),
    st.integers(0, 60),
    st.integers(5, 40),
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from([ALWAYS, (), ((0, 90),), ((50, 120), (120, 200), (230, 400))]),
)
def test_spells_are_those_of_the_state_machine(
    rows: list[tuple[int, bool]], later: int, gap: int, raise_after: int, clear_after: int, windows: Windows
) -> None:
    at = np.cumsum([pause for pause, _ in rows], dtype=np.int64)
    out = [is_out for _, is_out in rows]
    until = (int(at[-1]) if rows else 0) + later
    found = spells(
        at,
        np.asarray(out, np.bool_),
        until_ms=until,
        max_gap_ms=gap,
        raise_after_ms=raise_after,
        clear_after_ms=clear_after,
        windows=windows,
    )
    assert found == plainly(at.tolist(), out, until, gap, raise_after, clear_after, windows)


def test_a_delay_that_is_reached_exactly_is_reached() -> None:
    at, out = np.asarray([0, 10, 20]), np.asarray([True, True, False])
    assert spells(at, out, until_ms=20, max_gap_ms=15, raise_after_ms=20) == [Spell(0, 1, 0, 20, 20)]
    assert spells(at, out, until_ms=20, max_gap_ms=15, raise_after_ms=21) == []


def test_nothing_is_claimed_over_a_gap() -> None:
    at, out = np.asarray([0, 10, 100, 110]), np.asarray([True] * 4)
    assert spells(at, out, until_ms=112, max_gap_ms=15) == [Spell(0, 1, 0, 0, 10), Spell(2, 3, 100, 100, None)]
    assert spells(at, out, until_ms=126, max_gap_ms=15)[1].end_ms == 110
