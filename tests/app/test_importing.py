"""Import: killed between any two steps, it goes on where it stopped, and says everything once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from doseway.app import logbook
from doseway.app.importing import import_file
from doseway.app.inspecting import How
from doseway.app.settings import Settings
from doseway.app.verification import verify_store
from doseway.ledger.sequencer import Sequencer
from doseway.model.facts import JudgementMade, PacketDecoded, PacketReceived, PacketRejected


class Killed(BaseException):
    """Stands for `kill -9`: nothing catches it."""


def kinds(settings: Settings) -> list[type]:
    """The facts about packets, in log order."""
    wanted = (PacketReceived, PacketDecoded, PacketRejected, JudgementMade)
    with logbook.reading(settings) as log:
        bodies = [found.fact.content() for found in log.facts()]
    return [type(body) for body in bodies if isinstance(body, wanted)]


@pytest.mark.parametrize("is_committed", [False, True], ids=["before-the-commit", "after-the-commit"])
@pytest.mark.parametrize("step", [1, 2])
def test_an_import_killed_at_any_step_is_completed_by_the_next(
    tmp_path: Path, examples: Path, monkeypatch: pytest.MonkeyPatch, step: int, is_committed: bool
) -> None:
    settings, file = Settings(store=tmp_path / "store"), examples / "tarmac-excursion.txt"
    append, calls = Sequencer.append, 0

    def append_until_killed(self: Sequencer, drafts: Sequence[Any], **given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < step:
            return append(self, drafts, **given)
        if is_committed:
            append(self, drafts, **given)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Sequencer, "append", append_until_killed)
        with pytest.raises(Killed), logbook.writing(settings) as sequencer:
            import_file(sequencer, file, How())
    for _ in range(2):
        with logbook.writing(settings) as sequencer:
            imported = import_file(sequencer, file, How())
        assert imported.inspection is not None
        assert kinds(settings) == [PacketReceived, PacketDecoded, JudgementMade]
    assert verify_store(settings).is_sound


def test_a_rejection_is_logged_once_however_often_the_file_comes(tmp_path: Path) -> None:
    settings, file = Settings(store=tmp_path / "store"), tmp_path / "scan.pdf"
    file.write_bytes(b"%PDF-1.7 scanned")
    for _ in range(2):
        with logbook.writing(settings) as sequencer:
            assert import_file(sequencer, file, How()).error is not None
        assert kinds(settings) == [PacketReceived, PacketRejected]
