"""A gigabyte uploaded at the page and by the API: streamed to the disk, judged, and never in memory as a whole."""

import http.client
import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from tests.faults.whole_kit import Running, running

from doseway.app.accounts import open_accounts
from doseway.app.logbook import writing
from doseway.app.settings import Settings
from doseway.app.tower.opening import open_tower
from doseway.model.facts import JudgementMade, PacketReceived, PacketRejected

MIB = 1 << 20
ALLOWED_MIB = 200
Upload = Callable[[Running, "Place", Iterator[bytes]], tuple[int, object]]
_PASSWORD = "correct-horse-battery"
_START = datetime(2026, 1, 1, tzinfo=UTC)


class Place:
    """A store with somebody who may import; a whole tower may run over it."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.store = folder
        folder.mkdir()
        (folder / "doseway.toml").write_text('zone = "UTC"\nprofile = "usp-cct"\n' + more)
        self.settings = Settings(store=folder, zone="UTC", profile="usp-cct")
        with writing(self.settings):
            pass
        accounts = open_accounts(self.settings)
        self.key = accounts.create_key("upload", roles=["quality"])[1]
        accounts.add("maria", _PASSWORD, ["quality"])
        accounts.store.close()


def memory_mib(tower: Running, name: str = "VmHWM") -> int:
    """Return the most memory that the tower ever had resident."""
    text = Path(f"/proc/{tower.popen.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) // 1024  # type: ignore[index]


def table(rows: int, width: int) -> Iterator[bytes]:
    """Give a table of readings every minute, whose rows are filled up with a remark; half an hour of it too warm."""
    yield b"time,temperature C,remark\n"
    filling, rows_at_once = b"x" * width, 2_000
    for first in range(0, rows, rows_at_once):
        lines = []
        for number in range(first, min(first + rows_at_once, rows)):
            value = 12.5 if 500 <= number < 530 else 5.0 + number % 10 / 10
            at = (_START + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
            lines.append(b"%s,%.1f,%s\n" % (at.encode(), value, filling))
        yield b"".join(lines)


def by_api(tower: Running, place: Place, body: Iterator[bytes]) -> tuple[int, dict[str, object]]:
    query = urlencode({"name": "big.csv"})
    headers = {"Authorization": f"Bearer {place.key}", "Transfer-Encoding": "chunked"}
    with connected(tower) as connection:
        connection.request("POST", f"/v1/files?{query}", body, headers, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def by_page(tower: Running, place: Place, body: Iterator[bytes]) -> tuple[int, str]:
    """Upload as a browser does: signed in, as a part of a form."""
    with connected(tower) as connection:
        form = urlencode({"name": "maria", "password": _PASSWORD, "then": "/"})
        connection.request("POST", "/sign-in", form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
        connection.request("GET", "/import", headers={"Cookie": cookie})
        csrf = re.search(r'name="csrf" (?:value|content)="([^"]+)"', connection.getresponse().read().decode())
        assert csrf is not None
        kind = {"Content-Type": "multipart/form-data; boundary=b", "Transfer-Encoding": "chunked"}
        connection.request("POST", "/import", _form(csrf[1], body), {"Cookie": cookie, **kind}, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def _form(csrf: str, body: Iterator[bytes]) -> Iterator[bytes]:
    for name, value in (("csrf", csrf), ("act", "import"), ("profile", ""), ("zone", "UTC")):
        yield f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    yield from body
    yield b"\r\n--b--\r\n"


@contextmanager
def connected(tower: Running) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(urlsplit(tower.url).netloc, timeout=900)) as connection:
        yield connection


def is_open(tower: Running) -> bool:
    with connected(tower) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200


UPLOADS: tuple[Upload, ...] = (by_api, by_page)


@pytest.mark.slow
@pytest.mark.parametrize("upload", UPLOADS)
def test_a_gigabyte_is_streamed_judged_and_never_in_memory(tmp_path: Path, upload: Upload) -> None:
    place, rows, width = Place(tmp_path / "store"), 1_000_000, 1_050
    with running(place) as tower:
        assert is_open(tower)
        before = memory_mib(tower)
        status, told = upload(tower, place, table(rows, width))
        assert status in {200, 201}, told
        after = memory_mib(tower)
        assert is_open(tower)
        tower.popen.terminate()
        assert tower.ended() == 0
    assert after - before < ALLOWED_MIB, (before, after)
    with open_tower(place.settings) as opened:
        log = opened.sequencer.log
        (received,) = log.facts(kind=PacketReceived.TYPE)
        (judged,) = log.facts(kind=JudgementMade.TYPE)
        body, judgement = received.fact.content(), judged.fact.content()
    assert isinstance(body, PacketReceived)
    assert body.size_bytes > 1_000 * MIB
    assert isinstance(judgement, JudgementMade)
    assert judgement.verdict != "within-label"


@pytest.mark.slow
def test_more_readings_than_a_logger_has_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    """The bytes are kept and the reason is said: nothing is dropped in silence."""
    place = Place(tmp_path / "store", "[doors.http]\nmax_file_readings = 200_000\n")
    with running(place) as tower:
        before = memory_mib(tower)
        status, told = by_api(tower, place, table(400_000, 20))
        assert (status, memory_mib(tower) - before < ALLOWED_MIB) == (422, True)
        assert "readings" in str(told["title"])
    with open_tower(place.settings) as opened:
        (rejected,) = opened.sequencer.log.facts(kind=PacketRejected.TYPE)
        assert isinstance(rejected.fact.content(), PacketRejected)


@pytest.mark.slow
def test_beyond_the_limit_it_is_refused_and_nothing_of_it_is_left(tmp_path: Path) -> None:
    place = Place(tmp_path / "store", "[doors.http]\nmax_file_bytes = 10_000_000\n")
    with running(place) as tower:
        before = memory_mib(tower)
        for upload in UPLOADS:
            try:
                status, told = upload(tower, place, table(200_000, 500))
            except OSError:  # it stopped listening before the end of the body, as it may
                continue
            assert status == 413, told
            assert "max_file_bytes" in str(told)
        assert is_open(tower)
        assert memory_mib(tower) - before < 100
        tower.popen.terminate()
        assert tower.ended() == 0
    assert sum(path.stat().st_size for path in place.store.rglob("*")) < 5_000_000
    with open_tower(place.settings) as opened:
        assert list(opened.sequencer.log.facts(kind=PacketReceived.TYPE)) == []
