"""`doseway demo`: the tower is open while the day is played, Ctrl-C ends it, and nothing is left behind."""

import http.client
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PATIENCE_S = 240


def begun(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "doseway", "demo", *arguments]
    environment = {"PATH": "", "TMPDIR": str(folder), "HOME": str(folder)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_page_is_open_while_the_day_is_played_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with begun(tmp_path, "--no-browser", "--port", "0", "--speed", "600") as process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "The tower is at" in line)
        address = told.split("http://")[1].split(". A day")[0]
        connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
        connection.request("GET", "/", headers={"Accept": "text/html"})
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        assert answer.status == 200
        assert "shp-001" in page
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, "")
    assert "TAMPERED" in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_whole_day_of_another_seed_gives_the_alerts_that_it_should() -> None:
    """Seed 1 is `make demo-check`."""
    with tempfile.TemporaryDirectory() as folder, begun(Path(folder), "--check", "--seed", "2") as process:
        output, errors = process.communicate(timeout=900)
    assert process.returncode == 0, output[-3_000:] + errors
    assert "expected alerts, and no other" in output
    assert "VERIFIED WITH GAPS" in output
