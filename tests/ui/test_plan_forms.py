"""From a form's texts to what a question is told."""

from typing import Any

import pytest

from doseway.app.plans.asks import ASKS, read_ask
from doseway.model.errors import DataError
from doseway.ui.pages.plan_forms import fields_of, told
from doseway.ui.pages.plan_words import ABOUT, FIELDS, GROUPS, TITLES


def test_every_question_has_its_words_its_group_and_fields_that_it_knows() -> None:
    assert set(TITLES) == set(ABOUT) == set(FIELDS) == set(ASKS)
    assert sorted(name for _, names in GROUPS for name in names) == sorted(ASKS)
    for question, kind in ASKS.items():
        assert {field.name for field in fields_of(question)} <= set(kind.__struct_fields__)


@pytest.mark.parametrize("question", ASKS)
def test_a_form_as_it_stands_can_be_asked(question: str) -> None:
    form = {field.name: field.value for field in fields_of(question)}
    assert read_ask(question, told(question, form), strict=False) == read_ask(question, {})


@pytest.mark.parametrize(
    ("question", "form", "expected"),
    [
        ("frontier", {"shares": "100 80; 62,5 40%"}, {"shares": [1.0, 0.8, 0.625, 0.4]}),
        ("resource", {"countries": "cn, in", "gap": "0,5"}, {"countries": ["CN", "IN"], "gap": 0.005}),
        ("failures", {"scopes": ["sites", "lanes"]}, {"scopes": ["sites", "lanes"]}),
        ("failures", {"scopes": "sites"}, {"scopes": ["sites"]}),
        ("why", {"failed": "country:IN\n\n site:Fill \n", "market": " "}, {"failed": ["country:IN", "site:Fill"]}),
        ("uncertain", {"is_quick": "yes", "scenarios": "5"}, {"is_quick": True, "scenarios": "5"}),
    ],
)
def test_texts_become_shares_lists_and_ticks(question: str, form: dict[str, Any], expected: dict[str, Any]) -> None:
    assert told(question, form) == expected


def test_what_is_no_percentage_is_said() -> None:
    with pytest.raises(DataError, match="'eighty' is no percentage"):
        told("frontier", {"shares": "eighty"})
