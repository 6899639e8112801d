"""Ten thousand devices that nobody knows: each is there once, in pages and bounded memory, until somebody names it."""

import resource
from pathlib import Path

import pytest
from tests.app.tower.tower_kit import START_MS, TEN, TowerPlace, all_alerts, body_of

from doseway.app.forms import put_all, read_table
from doseway.app.tower.opening import Tower

COUNT = 10_000
_MOST_MIB = 300


def devices(tower: Tower) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    while page := tower.board.devices(after=found[-1][0] if found else "", limit=500):
        assert len(page) <= 500
        found += [(one.device, one.is_known) for one in page]
    return found


def resident_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.mark.slow
def test_ten_thousand_unknown_devices_are_each_shown_once_and_admitted_in_bulk(tmp_path: Path) -> None:
    place = TowerPlace(tmp_path)
    names = [f"u{number:05d}" for number in range(COUNT)]
    before = resident_mib()
    with place.open() as tower:
        for turn in range(3):
            for first in range(0, COUNT, 1_000):
                bodies = [body_of(name, [(START_MS + turn * TEN, 5_000)]) for name in names[first : first + 1_000]]
                place.send(tower, *bodies)
        assert devices(tower) == [(name, False) for name in names]
        assert all_alerts(tower) == [], "what is with no shipment raises nothing"
        assert resident_mib() - before < _MOST_MIB
        table = "id,title\n" + "".join(f"{name},sensor {name}\n" for name in names[:300])
        rows = read_table("device", table.encode(), "cards.csv")
        put_all(tower.board, tower.desk, "device", rows, by="user:q")
        tower.settle()
        assert devices(tower) == [(name, number < 300) for number, name in enumerate(names)]
    with place.open() as tower:
        assert devices(tower) == [(name, number < 300) for number, name in enumerate(names)]
