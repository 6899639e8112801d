"""The view of packets: a fold over the log that can be thrown away."""

from pathlib import Path

import pytest

from doseway.app.settings import Settings
from doseway.app.status import log_status
from doseway.cli.main import main


@pytest.fixture
def settings(examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Settings:
    with pytest.raises(SystemExit):
        main(["import", str(examples / "freezing.txt"), "--store", str(tmp_path / "data")])
    capsys.readouterr()
    return Settings(store=tmp_path / "data")


def test_deleting_the_view_loses_nothing(settings: Settings) -> None:
    before = log_status(settings)["packets"]
    for path in settings.store.glob("views.sqlite*"):
        path.unlink()
    assert log_status(settings)["packets"] == before
    assert before[0]["verdict"] == "qa-review"


def test_the_view_follows_the_log(settings: Settings, examples: Path) -> None:
    assert len(log_status(settings)["packets"]) == 1
    with pytest.raises(SystemExit):
        main(["import", str(examples / "good-shipment.txt"), "--store", str(settings.store)])
    assert [one["name"] for one in log_status(settings)["packets"]] == ["freezing.txt", "good-shipment.txt"]
