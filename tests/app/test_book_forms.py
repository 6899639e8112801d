"""Rule books in forms and tables: what is written is read back, what is wrong is named where it stands."""

from typing import Any

import pytest
from tests.ui.fixture_board import Memory

from doseway.app import book_forms, forms
from doseway.app.books import SORTS, book_of, builtin, document_of, from_toml, to_toml
from doseway.app.form_fields import FieldErrors
from doseway.model.errors import ProfileError

BUILT_IN = [(kind, name) for kind, sort in SORTS.items() for name in sort.shelf.ids()]
FRIDGE = {"id": "own", "title": "Own", "rules-0-rule": "excursion", "rules-0-side": "high", "rules-0-limit_c": "7.5"}


@pytest.mark.parametrize(("kind", "name"), BUILT_IN)
def test_every_built_in_book_comes_back_from_form_table_and_toml(kind: str, name: str) -> None:
    book = builtin(kind, name)
    document = document_of(book)
    assert book_of(document) == book
    assert forms.from_texts(kind, forms.to_texts(document)) == document
    assert SORTS[kind].load(to_toml(book).encode(), name) == book
    rows = list(forms.read_table(kind, to_toml(book).encode(), f"{name}.toml"))
    assert len(rows) == len(book.rules)
    ((members, texts),) = book_forms.gathered(kind, rows)
    assert members == tuple(range(1, len(book.rules) + 1))
    assert forms.from_texts(kind, texts) == document


def test_a_form_grows_and_shrinks_by_a_rule_and_keeps_what_was_typed() -> None:
    texts = book_forms.added("profile", FRIDGE, "freeze")
    assert [(one.number, one.rule) for one in book_forms.rules_of("profile", texts)] == [
        (0, "excursion"),
        (1, "freeze"),
    ]
    assert book_forms.removed(texts, 1) == FRIDGE
    (first, _) = book_forms.rules_of("profile", texts)
    side = next(one for one in first.parameters if one.key == "side")
    assert (side.text, side.words, side.is_needed) == ("high", ("high", "low"), True)
    delay = next(one for one in first.parameters if one.key == "raise_after_s")
    assert (delay.is_needed, delay.hint) == (False, "0")
    assert book_forms.added("profile", FRIDGE, "no-such-rule") == FRIDGE


def test_a_book_from_a_form_is_the_book_of_its_toml() -> None:
    document = forms.from_texts("profile", {**FRIDGE, "start_delay_s": "600", "min_coverage": "0.9"})
    assert to_toml(book_of(document)) == (  # type: ignore[arg-type]
        'id = "own"\ntitle = "Own"\n\n[observation]\nstart_delay_s = 600\nmin_coverage = 0.9\n\n'
        '[[rules]]\nrule = "excursion"\nid = "excursion"\nside = "high"\nlimit_c = 7.5\n'
    )


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"rules-0-limit_c": "cold"}, "rules-0", "limit_c"),
        ({"rules-0-limit_c": ""}, "rules-0", "limit_c is missing"),
        ({"rules-0-side": "left"}, "rules-0", "'left' is unknown"),
        ({"rules-0-rule": "excursoin"}, "rules-0", "Did you mean 'excursion'?"),
        ({"rules-0-raise_after_s": "-1"}, "rules", "negative"),
        ({"id": "Not OK"}, "id", "at most 64"),
        ({"min_coverage": "7"}, "min_coverage", "between 0 and 1"),
        (
            {"rules-1-rule": "freeze", "rules-1-limit_c": "0", "rules-1-id": "excursion"},
            "rules",
            "two rules have the id",
        ),
    ],
)
def test_what_will_not_do_is_named_by_its_rule_or_field(changes: dict[str, str], field: str, words: str) -> None:
    with pytest.raises(FieldErrors) as caught:
        forms.from_texts("profile", {**FRIDGE, **changes})
    assert words in caught.value.fields.get(field, ""), caught.value.fields


def test_a_book_without_rules_is_none() -> None:
    with pytest.raises(FieldErrors, match="at least one rule"):
        forms.from_texts("watch", {"id": "empty"})


def test_a_table_has_a_row_for_each_rule_and_tells_which_row_is_wrong() -> None:
    memory = Memory(is_empty=True)
    data = (
        b"id,title,rule,rule_id,rule_title,limit_lux,limit_g,severity,phases\n"
        b'vans,Vans,light,lit,Light,5,,high,"in-transit, arrived"\n'
        b"vans,,shock,,,,6,,\n"
        b"bikes,Bikes,light,,,bright,,,\n"
        b"bikes,,shock,,,,6,,\n"
    )
    reports = forms.put_all(memory, memory, "watch", forms.read_table("watch", data, "w.csv"), by="x")
    assert [(one.row, one.id, one.outcome) for one in reports] == [
        (2, "vans", "new"),
        (3, "vans", "new"),
        (4, "bikes", "wrong"),
        (5, "bikes", "wrong"),
    ]
    assert "limit_lux = 'bright'" in reports[2].text
    assert "Row 4" in reports[3].text
    stored: Any = memory.document("watch", "vans")
    (light, shock) = book_of(stored.document).rules
    assert (light.id, light.title, light.phases) == ("lit", "Light", ("in-transit", "arrived"))  # type: ignore[union-attr]
    assert shock.limit_millig == 6_000  # type: ignore[union-attr]
    again = forms.put_all(memory, memory, "watch", forms.read_table("watch", data, "w.csv"), by="x")
    assert [one.outcome for one in again[:2]] == ["same", "same"]


def test_toml_of_either_kind_is_known_by_its_rules() -> None:
    assert from_toml('id = "w"\n[[rules]]\nrule = "light"\nlimit_lux = 5\n', "w.toml").rules[0].rule == "light"
    assert from_toml('id = "p"\n[[rules]]\nrule = "gap"\nafter_s = 60\n', "p.toml").rules[0].rule == "gap"
    with pytest.raises(ProfileError, match="limt_lux"):
        from_toml('id = "w"\n[[rules]]\nrule = "light"\nlimt_lux = 5\n', "w.toml")
