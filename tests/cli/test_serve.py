"""`doseway serve` as a process: what a company would start, with a door, a folder, accounts and keys."""

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doseway.app.accounts import open_accounts
from doseway.app.keys import make_folder
from doseway.app.settings import Settings

ROOT = Path(__file__).parents[2]
MESSAGE = (
    b'{"EntityName":"VD0001","EntryTimeEpoch":1764033600000,"DeviceId":"860000000000001","Temperature":{"Celsius":5}}'
)
PATIENCE_S = 60


class Served:
    """A tower in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "doseway", "serve", "--port", "0"]
        self.process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert line.startswith("The tower is at http://127.0.0.1:"), line + self.process.stderr.read()
        self.address = line.split("http://")[1].split(". Ctrl-C")[0]

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE_S)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        result = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return result

    def end(self) -> None:
        """Kill it if it still runs, and let go of its pipe."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE_S)

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, errors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with settings: a watched folder beside the store."""
    (tmp_path / "in").mkdir()
    text = 'store = "store"\n[[doors.folder]]\nname = "desk"\npath = "in"\nevery_s = 0.2\n'
    (tmp_path / "doseway.toml").write_text(text)
    return tmp_path


@pytest.fixture
def keys(folder: Path) -> dict[str, str]:
    """An API key that may send, and one that may read."""
    make_folder(folder / "store")
    accounts = open_accounts(Settings(store=folder / "store"))
    made = {
        "send": accounts.create_key("tive", formats=["tive"])[1],
        "read": accounts.create_key("desk", roles=["viewer"])[1],
    }
    accounts.store.close()
    return made


@pytest.fixture
def served(folder: Path, keys: dict[str, str]) -> Iterator[Served]:
    assert keys
    one = Served(folder)
    yield one
    if one.process.returncode is None:
        one.end()


def _until(served: Served, path: str, key: str, is_there: Any) -> Any:
    """Ask until the answer is there; what is admitted is shown a moment later."""
    for _ in range(PATIENCE_S * 10):
        status, _, body = served.call("GET", path, authorization=f"Bearer {key}")
        assert status == 200, body
        answer = json.loads(body)
        if is_there(answer):
            return answer
        time.sleep(0.1)
    raise AssertionError(answer)


def test_nothing_but_health_and_the_sign_in_page_answers_a_stranger(served: Served) -> None:
    assert served.call("GET", "/healthz")[0] == 200
    assert served.call("GET", "/sign-in", accept="text/html")[0] == 200
    for path in ("/", "/v1/shipments", "/v1/stream", "/metrics", "/tlog/checkpoint", "/alerts", "/log"):
        assert served.call("GET", path)[0] == 401, path
    assert served.call("POST", "/ingest/tive", MESSAGE)[0] == 401


def test_a_message_is_durable_with_its_answer_and_seen_after_it(served: Served, keys: dict[str, str]) -> None:
    status, headers, body = served.call("POST", "/ingest/tive", MESSAGE, x_api_key=keys["send"])
    assert (status, json.loads(body)["is_duplicate"]) == (202, False)
    assert served.call("POST", "/ingest/tive", MESSAGE, x_api_key=keys["send"])[0] == 200
    assert served.call("POST", "/ingest/traccar", MESSAGE, x_api_key=keys["send"])[0] == 403
    assert served.call("POST", "/ingest/tive", MESSAGE, x_api_key=keys["read"])[0] == 401
    path = f"/v1/devices?at_least={headers['doseway-index']}"
    answer = _until(served, path, keys["read"], bool)
    assert [(one["device"], one["is_known"]) for one in answer] == [("860000000000001", False)]


def test_a_file_in_the_watched_folder_is_taken_in(served: Served, keys: dict[str, str], examples: Path) -> None:
    data = (examples / "tarmac-excursion.txt").read_bytes()
    (served.folder / "in" / "tarmac.txt").write_bytes(data)
    answer = _until(served, "/v1/devices", keys["read"], bool)
    assert answer[0]["device"] == "990400100002"
    assert (served.folder / "in" / "done" / "tarmac.txt").read_bytes() == data


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_without_a_complaint_and_the_log_is_whole(
    served: Served, keys: dict[str, str], number: signal.Signals
) -> None:
    served.call("POST", "/ingest/tive", MESSAGE, x_api_key=keys["send"])
    assert served.stop(number) == (0, "")
    command = [sys.executable, "-m", "doseway", "log", "verify", "--store", str(served.folder / "store")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("sound: ")


def test_a_tower_that_is_killed_comes_back_with_what_it_acknowledged(served: Served, keys: dict[str, str]) -> None:
    status, headers, _ = served.call("POST", "/ingest/tive", MESSAGE, x_api_key=keys["send"])
    assert status == 202
    assert served.stop(signal.SIGKILL)[0] == -signal.SIGKILL
    again = Served(served.folder)
    try:
        status, later, body = again.call("POST", "/ingest/tive", MESSAGE, x_api_key=keys["send"])
        assert (status, json.loads(body)["is_duplicate"]) == (200, True)
        assert later["doseway-index"] == headers["doseway-index"]
    finally:
        again.end()
