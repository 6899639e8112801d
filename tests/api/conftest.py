"""The application of the API's tests."""

from collections.abc import Iterator

import pytest
from tests.api.api_kit import Api, api_over


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api_over(tmp_path_factory.mktemp("api")) as opened:
        yield opened
