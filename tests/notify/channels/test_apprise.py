"""Apprise: a target by its name, through a service on loopback."""

import json
from pathlib import Path

import pytest
from tests.notify.channels.test_email import MESSAGE
from tests.notify.channels.test_webhook import Receiver, receiving

from doseway.model.errors import Unavailable, UsageError
from doseway.notify.channels.apprise import CHANNEL


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of apprise's plug-ins
def test_a_target_is_reached_through_its_url(tmp_path: Path) -> None:
    with receiving(Receiver()) as receiver:
        receiver.status = 200
        url = receiver.url.replace("http://", "json://")
        (tmp_path / "targets.toml").write_text(f'pager = "{url}/alerts"\nwrong = "nothing"\n')
        channel = CHANNEL.make({"targets_file": str(tmp_path / "targets.toml")})
        channel.send(MESSAGE, "pager")
        ((path, _, body),) = receiver.calls
        assert path.startswith("/alerts")
        document = json.loads(body)
        assert document["title"] == MESSAGE.subject
        assert "S-4711" in document["message"]
        receiver.status = 500
        with pytest.raises(Unavailable, match="did not take"):
            channel.send(MESSAGE, "pager")
        with pytest.raises(UsageError, match="no apprise target 'phone'"):
            channel.send(MESSAGE, "phone")
        with pytest.raises(UsageError, match="does not know the URL"):
            channel.send(MESSAGE, "wrong")


def test_targets_must_be_there_and_be_lines_of_urls(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="targets_file"):
        CHANNEL.make({})
    with pytest.raises(Unavailable):
        CHANNEL.make({"targets_file": str(tmp_path / "none")})
    (tmp_path / "bad.toml").write_text("pager = 7")
    with pytest.raises(UsageError, match="TOML lines"):
        CHANNEL.make({"targets_file": str(tmp_path / "bad.toml")})
