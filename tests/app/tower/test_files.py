"""A logger's file says the same in the log, whether it is imported by a command or dropped before a running tower."""

from pathlib import Path

import msgspec
import pytest
from tests.app.tower.tower_kit import HandClock

from doseway.app.importing import import_file
from doseway.app.inspecting import How, how
from doseway.app.live import seen
from doseway.app.logbook import writing
from doseway.app.settings import Settings
from doseway.app.tower.opening import Tower, open_tower
from doseway.intake.door import Admitted, Incoming
from doseway.ledger.drafts import Draft
from doseway.ledger.log import Log
from doseway.model.facts import Body, JudgementMade, PacketDecoded, PacketReceived, PacketRejected, RuleFailed
from doseway.model.ids import content_id


def settings(folder: Path) -> Settings:
    return Settings(store=folder, zone="UTC", profile="usp-cct")


def drop(tower: Tower, path: Path) -> Admitted:
    incoming = Incoming(
        door="folder",
        format="",
        body=path.read_bytes(),
        name=path.name,
        by="folder:a",
        received_at_ms=1_764_000_000_000,
    )
    admitted = tower.admit(incoming).result(timeout=20)
    tower.settle()
    return admitted


def said(log: Log, packet: int) -> list[tuple[Body, bytes]]:
    """What the log says of a file, with the judgement's own bytes."""
    found: list[tuple[Body, bytes]] = []
    for one in log.facts(packet, tag=f"packet:{packet}"):
        body = one.fact.content()
        if isinstance(body, JudgementMade):
            plain = msgspec.structs.replace(body, packet=0, commitment="")
            found.append((plain, b"".join(log.blob(one.index))))
        elif isinstance(body, PacketDecoded | PacketRejected | RuleFailed):
            found.append((msgspec.structs.replace(body, packet=0), b""))
    return found


@pytest.mark.parametrize("limits", ["usp-cct", ""])
def test_a_dropped_file_is_judged_as_an_imported_one(tmp_path: Path, examples: Path, limits: str) -> None:
    names = sorted(examples.iterdir())
    assert len(names) > 3
    ours = msgspec.structs.replace(settings(tmp_path / "dropped"), profile=limits)
    theirs = msgspec.structs.replace(settings(tmp_path / "imported"), profile=limits)
    with open_tower(ours, clock=HandClock()) as tower, writing(theirs) as sequencer:
        verdicts = set()
        for path in names:
            packet = drop(tower, path).packet
            imported = import_file(sequencer, path, how(theirs))
            found = said(tower.sequencer.log, packet)
            assert found == said(sequencer.log, imported.packet), path.name
            verdicts |= {body.verdict for body, _ in found if isinstance(body, JudgementMade)}
        assert len(verdicts) > 1


def test_a_file_that_was_dropped_is_not_judged_again_where_it_is_imported(tmp_path: Path, examples: Path) -> None:
    path = examples / "tarmac-excursion.txt"
    with open_tower(settings(tmp_path), clock=HandClock()) as tower:
        packet = drop(tower, path).packet
        size = tower.sequencer.log.size
        with path.open("rb") as stream:
            again = seen(settings(tmp_path), tower).archive.take_in(stream, path.name, how(settings(tmp_path)))
        assert (again.packet, again.is_duplicate, tower.sequencer.log.size) == (packet, True, size)
        assert again.judged is not None
        judged = tower.sequencer.log.fact(again.judged).fact.content()
        assert isinstance(judged, JudgementMade)
        assert judged.packet == packet
        with path.open("rb") as stream:  # read under other limits it is judged once more
            other = seen(settings(tmp_path), tower).archive.take_in(stream, path.name, How(zone="UTC"))
        assert other.judged == size


def test_an_interrupted_judgement_is_made_when_the_tower_is_opened_and_once(tmp_path: Path, examples: Path) -> None:
    """As if it was killed between the receipt and what follows from it."""
    path = examples / "tarmac-excursion.txt"
    with writing(settings(tmp_path)) as sequencer:
        blob = sequencer.stage(path.read_bytes())
        commitment = blob.commitment.hex()
        body = PacketReceived(door="folder", name=path.name, size_bytes=blob.size, commitment=commitment)
        draft = Draft(body=body, by="folder:a", content_id=content_id("packet", blob.sha256), blob=blob)
        packet = sequencer.append([draft])[0].index
    for _ in range(2):
        with open_tower(settings(tmp_path), clock=HandClock()) as tower:
            kinds = [type(body) for body, _ in said(tower.sequencer.log, packet)]
            assert kinds == [PacketDecoded, JudgementMade]
