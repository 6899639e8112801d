"""Channels register through one hook."""

import pytest

from doseway.model.errors import UsageError
from doseway.notify import registry


def test_the_built_in_channels_are_there() -> None:
    assert set(registry.names()) >= {"email", "webhook", "apprise"}
    for name in registry.names():
        kind = registry.by_id(name)
        assert (kind.id, bool(kind.title)) == (name, True)


def test_an_unknown_channel_is_said() -> None:
    with pytest.raises(UsageError, match="email"):
        registry.by_id("pigeon")
