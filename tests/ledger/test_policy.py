"""Policies: read as specified, refused where a line could mean two things, and a quorum that counts rightly."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.tree_kit import key_of

from doseway.ledger.cosignature import Cosigner
from doseway.ledger.note import COSIGNATURE_ED25519, ED25519, NoteSigner, VerifierKey
from doseway.ledger.policy import (
    MAX_EACH,
    Policy,
    PolicyGroup,
    PolicyLog,
    PolicyWitness,
    format_policy,
    parse_policy,
)
from doseway.model.errors import DataError

LOG = NoteSigner("example.com/log", key_of("log")).vkey
NEXT_LOG = NoteSigner("example.com/log", key_of("next log")).vkey
X1, X2, X3, Y1, Y2, Y3 = (
    Cosigner(f"{name}.example", key_of(name)).vkey for name in ("x1", "x2", "x3", "y1", "y2", "y3")
)

TWO_LEVELS = f"""
# A comment, then the example of the specification.
log {LOG}

witness X1 {X1}
witness X2 {X2} https://x2.example/
witness X3 {X3}
group X-witnesses 2 X1 X2 X3

\twitness\tY1  {Y1}\t
witness Y2 {Y2}
witness Y3 {Y3}
group Y-witnesses any Y1 Y2 Y3
  # indented comment
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_specifications_example_is_read() -> None:
    policy = parse_policy(TWO_LEVELS)
    assert policy.logs == (PolicyLog(LOG),)
    assert [witness.name for witness in policy.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert policy.witnesses[1] == PolicyWitness("X2", X2, "https://x2.example/")
    assert policy.groups[0] == PolicyGroup("X-witnesses", 2, ("X1", "X2", "X3"))
    assert [group.k for group in policy.groups] == [2, 1, 2]
    assert policy.keys() == [LOG, X1, X2, X3, Y1, Y2, Y3]
    assert policy.explain() == "2 of (2 of (X1, X2, X3), 1 of (Y1, Y2, Y3))"


def test_the_quorum_is_met_by_exactly_the_right_sets() -> None:
    policy = parse_policy(TWO_LEVELS)
    keys = (X1, X2, X3, Y1, Y2, Y3)
    for signed in itertools.chain.from_iterable(itertools.combinations(keys, n) for n in range(7)):
        expected = len({X1, X2, X3} & {*signed}) >= 2 and len({Y1, Y2, Y3} & {*signed}) >= 1
        assert policy.is_met_by([LOG, *signed]) == expected
        assert policy.is_met_by([*signed, *signed]) == expected


def test_only_the_very_key_of_a_witness_counts() -> None:
    policy = parse_policy(f"log {LOG}\nwitness w {X1}\nquorum w\n")
    assert policy.is_met_by([X1])
    assert not policy.is_met_by([VerifierKey.of("other.example", COSIGNATURE_ED25519, X1.public_key)])
    assert not policy.is_met_by([VerifierKey.of(X1.name, ED25519, X1.public_key)])
    assert not policy.is_met_by([X2, LOG])


def test_no_witness_can_be_asked_for_in_words() -> None:
    policy = parse_policy("quorum none")
    assert policy.is_met_by([])
    assert policy.explain() == "no witness"
    assert policy.log_keys("example.com/log") == []


def test_a_log_may_have_two_keys_while_it_changes_them() -> None:
    policy = parse_policy(f"log {LOG} https://log.example\nlog {NEXT_LOG}\nquorum none\n")
    assert policy.log_keys("example.com/log") == [LOG, NEXT_LOG]
    assert policy.log_keys("example.com") == []


W = f"witness a {X1}\nwitness b {X2}\nwitness c {X3}\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "no quorum"),
        (f"log {LOG}\n", None, "no quorum"),
        ("quorum none\nquorum none\n", 2, "exactly one"),
        ("quorum\n", 1, "exactly one"),
        ("quorum none none\n", 1, "exactly one"),
        ("quorum a\n" + W, 1, "not defined"),
        (W + "quorum d\n", 4, "not defined"),
        ("policy 1\nquorum none\n", 1, "is not log"),
        (f"LOG {LOG}\nquorum none\n", 1, "is not log"),
        ("log\nquorum none\n", 1, "log line"),
        (f"log {LOG} url more\nquorum none\n", 1, "log line"),
        (f"log {str(LOG)[:-2]}\nquorum none\n", 1, "base64"),
        (f"log {X1}\nquorum none\n", 1, "no log key"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", 2, "twice"),
        (f"log {LOG}\nlog {VerifierKey.of('b', ED25519, LOG.public_key)}\nquorum none\n", 2, "twice"),
        (f"witness a {LOG}\nquorum a\n", 1, "log's key"),
        (f"witness a {X1} url more\nquorum a\n", 1, "witness line"),
        (f"witness a {X1}\nwitness a {X2}\nquorum a\n", 2, "taken"),
        (f"witness none {X1}\nquorum none\n", 1, "taken"),
        (f"witness a {X1}\nwitness b {X1}\nquorum a\n", 2, "twice"),
        (
            f"witness a {X1}\nwitness b {VerifierKey.of('b', COSIGNATURE_ED25519, X1.public_key)}\nquorum a\n",
            2,
            "twice",
        ),
        (W + "group g any\nquorum g\n", 4, "group line"),
        (W + "group g any a d\nquorum g\n", 4, "'d' is not defined"),
        (W + "group g any g\nquorum g\n", 4, "'g' is not defined"),
        (W + "group g any none\nquorum g\n", 4, "'none' is not defined"),
        (W + "group a any b\nquorum a\n", 4, "taken"),
        (W + "group g 2 a a\nquorum g\n", 4, "member twice"),
        (W + "group g any a b\ngroup h any b c\nquorum g\n", 5, "member twice"),
        (W + "group g any a\ngroup h any g\ngroup i any g\nquorum i\n", 6, "member twice"),
        *((W + f"group g {k} a b\nquorum g\n", 4, "from 1 to 2") for k in ("0", "3")),
        *((W + f"group g {k} a b\nquorum g\n", 4, "decimal") for k in ("-1", "01", "+1", "most", "\u0661", "1" * 5000)),
        ("quorum none\r\n", 1, "control character"),
        ("# a comment\x00\nquorum none\n", 1, "control character"),
        ("# a comment\x7f\nquorum none\n", 1, "control character"),
        ("quorum\u00a0none\n", 1, "is not log"),
    ],
)
def test_a_wrong_line_is_refused_by_its_number(text: str, line: int | None, said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        parse_policy(text, source="trust.txt")
    where = caught.value.where
    assert where is not None
    assert (where.source, where.line) == ("trust.txt", line)


def test_names_are_compared_without_unicode_rules() -> None:
    # U+212A looks like K and lower-cases to k; a policy that took the two for one would count a witness twice.
    policy = parse_policy(
        f"witness K {X1}\nwitness \u212a {X2}\nwitness k\u00a0k {X3}\ngroup g all K \u212a\nquorum g\n"
    )
    assert policy.is_met_by([X1, X2])
    assert not policy.is_met_by([X1])


def cosigner(number: int) -> VerifierKey:
    return Cosigner("w.example", key_of(f"many {number}")).vkey


def test_as_many_as_the_cap_are_read_and_one_more_is_refused() -> None:
    witnesses = "".join(f"witness w{n} {cosigner(n)}\n" for n in range(MAX_EACH))
    groups = "".join(f"group g{n} any {f'g{n - 1}' if n else 'w0'}\n" for n in range(MAX_EACH))
    policy = parse_policy(f"{witnesses}{groups}quorum g{MAX_EACH - 1}\n")
    assert MAX_EACH >= 32
    assert policy.is_met_by([cosigner(0)])
    assert not policy.is_met_by([cosigner(1)])
    assert policy.explain().count("1 of (") == MAX_EACH
    with pytest.raises(DataError, match="at most"):
        parse_policy(f"{witnesses}witness more {cosigner(MAX_EACH)}\nquorum none\n")
    with pytest.raises(DataError, match="at most"):
        parse_policy(f"{witnesses}{groups}group more any w1\nquorum none\n")


def test_a_policy_is_written_as_it_is_read() -> None:
    policy = parse_policy(TWO_LEVELS)
    text = format_policy(policy)
    assert parse_policy(text) == policy
    assert format_policy(parse_policy(text)) == text


@pytest.mark.parametrize("url", ["https://x.example\nquorum none", "a b", "tab\t", "\n", "cr\r"])
def test_an_address_cannot_smuggle_a_line_into_a_policy(url: str) -> None:
    policy = Policy((PolicyLog(LOG, url),), (PolicyWitness("w", X1),), (), "w")
    with pytest.raises(DataError):
        format_policy(policy)


def test_a_policy_that_contradicts_itself_is_not_written() -> None:
    good = Policy((PolicyLog(LOG),), (PolicyWitness("w", X1),), (PolicyGroup("g", 1, ("w",)),), "g")
    assert parse_policy(format_policy(good)) == good
    for bad in (
        dataclasses.replace(good, quorum="h"),
        dataclasses.replace(good, groups=(PolicyGroup("g", 2, ("w",)),)),
        dataclasses.replace(good, witnesses=(PolicyWitness("two words", X1),)),
        dataclasses.replace(good, logs=(PolicyLog(X2),)),
    ):
        with pytest.raises(DataError):
            format_policy(bad)


@given(st.text(max_size=100) | st.lists(st.sampled_from(TWO_LEVELS.split()), max_size=12).map(" ".join))
def test_hostile_text_is_refused_or_one_policy(text: str) -> None:
    try:
        policy = parse_policy(text)
    except DataError:
        return
    assert parse_policy(format_policy(policy)) == policy


@given(st.permutations(TWO_LEVELS.split("\n")))
def test_lines_in_any_order_mean_the_same_or_are_refused(lines: list[str]) -> None:
    try:
        policy = parse_policy("\n".join(lines))
    except DataError as error:
        said = error.what
    else:
        said = "not defined"
        assert policy.is_met_by([X1, X3, Y2])
        assert not policy.is_met_by([X1, X2, X3])
    assert "not defined" in said
