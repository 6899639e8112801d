"""Server-sent events from a real server: a reconnect with the last id misses nothing and repeats nothing."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

Event = tuple[int, str, dict[str, object]]


def events(url: str, count: int, *, path: str = "/v1/stream", last: int | None = None) -> list[Event]:
    """Read so many events and go away."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/event-stream")
    assert answer.headers["Doseway-Index"]
    found: list[Event] = []
    fields: dict[str, str] = {}
    while len(found) < count:
        line = answer.readline().decode().rstrip("\r\n")
        name, _, value = line.partition(": ")
        if not line and "id" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
        fields = {} if not line else {**fields, name: value}
    connection.close()
    return found


def test_a_reconnect_goes_on_where_it_was(demo: str) -> None:
    first = events(demo, 7, path="/v1/stream?after=-1")
    again = events(demo, 50, last=first[-1][0])
    indexes = [index for index, _, _ in first + again]
    assert indexes == list(range(57))
    for index, kind, data in first + again:
        assert (data["index"], data["type"]) == (index, kind)
        assert data["shipment"]


def test_without_a_place_to_begin_only_what_is_new_is_told(demo: str) -> None:
    assert events(demo, 1, path="/v1/stream?after=198")[0][0] == 199


@pytest.mark.parametrize("last", ["soon", "-1", "1e3"])
def test_a_last_id_that_is_none_is_refused(demo: str, last: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(demo).netloc, timeout=20)
    connection.request("GET", "/v1/stream", headers={"Last-Event-ID": last})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (400, "usage")
    connection.close()


def test_nobody_listens_without_sign_in(guarded: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(guarded).netloc, timeout=20)
    connection.request("GET", "/v1/stream")
    assert connection.getresponse().status == 401
    connection.close()
