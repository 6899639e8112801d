"""The evidence of one shipment, verified by the stand-alone verifier."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest
from tests.app.tower.tower_kit import START_MS, TEN, HandClock, TowerPlace, journey, plan

from doseway.app.logbook import policy_path
from doseway.app.shipment_packing import pack_shipment
from doseway.app.tower.opening import Tower, open_tower
from doseway.app.tower.record import record_of
from doseway.intake.door import Incoming
from doseway.model.errors import DataError
from doseway.model.readings import Quantity

VERIFY = Path(__file__).parents[2] / "src" / "doseway" / "evidence" / "verify.py"


def senml(device: str, readings: list[tuple[int, int]]) -> bytes:
    """Return a live message in a registered format, so that the pack can read it again."""
    first: dict[str, object] = {"bn": f"{device}:", "bu": "Cel"}
    records: list[dict[str, object]] = [{"n": "probe", "t": at_ms / 1000, "v": v / 1000} for at_ms, v in readings]
    return json.dumps([first | records[0], *records[1:]]).encode()


def send(tower: Tower, *bodies: bytes) -> None:
    for body in bodies:
        incoming = Incoming(door="http", format="senml", body=body, by="key:t", received_at_ms=START_MS + 60 * TEN)
        assert tower.admit(incoming).result(timeout=10).error == ""
    tower.settle()


def test_a_shipments_live_messages_pack_and_verify(tmp_path: Path) -> None:
    place, out = TowerPlace(tmp_path), tmp_path / "s1.evidence.zip"
    readings = journey(hot=range(20, 40))
    with open_tower(place.settings, clock=HandClock()) as tower:
        plan(tower)
        send(tower, *(senml("d1", readings[start : start + 6]) for start in range(0, 60, 6)))
        send(tower, senml("stray", journey(count=3)))
        row = tower.board.shipment("s1")
        assert row is not None
        assert row.temperature_at_ms == START_MS + 59 * TEN
        assert len(tower.packets_of("s1")) == 10
        holder = tower.holder("s1")
        assert holder is not None
        assert [one.quantity for one in record_of(holder).series] == [Quantity.TEMPERATURE]
        size = tower.sequencer.log.size
        packed = pack_shipment(place.settings, tower, "s1", title="Lot 1", out=out)
        assert packed.seal > size
        again = pack_shipment(place.settings, tower, "s1", title="Lot 1", out=tmp_path / "again.zip")
        assert again.seal == packed.seal + 1, "the record is in the log once"
        tower.settle()
        assert [one.device for one in tower.board.devices()] == ["d1", "stray"]
        holder = tower.holder("s1")
        assert holder is not None
        assert holder.judged is not None
        with zipfile.ZipFile(out) as archive:
            names = archive.namelist()
            judgements = [name for name in names if name.startswith("judgement/") and "limits" not in name]
            judged = json.loads(archive.read(judgements[0]))
        assert len(judgements) == 1
        assert judged == json.loads(msgspec.json.encode(holder.judged.judgement))
        assert sum(name.startswith("records/") and name.endswith(".salt") for name in names) == 11
    command = [sys.executable, str(VERIFY), str(out), "--policy", str(policy_path(place.settings))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "NOT WITNESSED" in ran.stdout, ran.stdout + ran.stderr
    assert ran.returncode == 2


def test_a_shipment_without_packets_or_without_a_plan_has_no_evidence(tmp_path: Path) -> None:
    place = TowerPlace(tmp_path)
    with place.open() as tower:
        plan(tower)
        with pytest.raises(DataError, match="nothing was received"):
            pack_shipment(place.settings, tower, "s1", title="x", out=tmp_path / "x.zip")
        with pytest.raises(DataError, match="no shipment"):
            pack_shipment(place.settings, tower, "s9", title="x", out=tmp_path / "x.zip")
