"""Schemathesis asks a real server for whatever the description allows and forbids: no answer is a fault."""

import json
import re
import urllib.request
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

pytestmark = pytest.mark.slow

EXAMPLES: Final = 8


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def test_no_request_makes_a_fault(demo: str) -> None:
    secret = re.search(r'name="csrf" content="([^"]+)"', fetched(f"{demo}/"))
    assert secret is not None
    headers = {"x-csrf-token": secret[1]}
    schema = schemathesis.openapi.from_dict(json.loads(fetched(f"{demo}/v1/schema/openapi.json")))
    schema.config.update(base_url=demo)
    asked: dict[int, int] = {}
    operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert len(operations) > 35
    for operation in operations:
        if operation.path == "/v1/stream":
            continue  # it has no end
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            ask(operation.as_strategy(generation_mode=mode), headers, asked)
    assert not [status for status in asked if status >= 500], asked
    assert {200, 400, 404, 422} <= set(asked), asked


def test_without_credentials_nothing_is_answered_and_nothing_fails(guarded: str, demo: str) -> None:
    """The description is read where it may be; what it describes is asked for where nobody is signed in."""
    schema = schemathesis.openapi.from_dict(json.loads(fetched(f"{demo}/v1/schema/openapi.json")))
    schema.config.update(base_url=guarded)
    operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
    assert len(operations) > 35
    for operation in operations:
        for headers in ({}, {"Authorization": "Bearer dw_000000000000_" + "x" * 43}):
            asked: dict[int, int] = {}
            ask(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), headers, asked)
            wanted = {200} if operation.path == "/healthz" else {401}
            assert set(asked) <= wanted | {404, 405}, (operation.path, headers, asked)


def ask(cases: Any, headers: dict[str, str], asked: dict[int, int]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def run(case: Case[Any]) -> None:
        case.query = {name: value for name, value in (case.query or {}).items() if name != "at_least"}  # it would wait
        answer = case.call(headers=headers)
        asked[answer.status_code] = asked.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, case.as_curl_command()

    run()
