"""Accounts, keys and sessions: what they need, what ends them, and what is never kept."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from doseway.app.accounts import ABSOLUTE_MS, IDLE_MS, Accounts
from doseway.engines.accounts_sqlite import SqliteAccounts
from doseway.model.errors import ConflictError, DataError, Pushback, Unavailable, UsageError
from doseway.model.units import DAY_MS, MINUTE_MS, UnixMs

PASSWORD = "correct-horse-battery"
HERE = "127.0.0.1"


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at_ms = 1_773_237_600_000

    def now_ms(self) -> UnixMs:
        return UnixMs(self.at_ms)


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def accounts(tmp_path: Path, clock: Hands) -> Accounts:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return Accounts(SqliteAccounts(tmp_path / "accounts.sqlite"), clock, cheap)


def test_neither_password_nor_secret_is_in_the_file(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add("maria", PASSWORD, ["quality"])
    _, text = accounts.create_key("tive", formats=["tive"])
    token = accounts.sign_in("maria", PASSWORD, HERE)
    assert token is not None
    accounts.store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (PASSWORD, text, text.split("_", 2)[2], token):
        assert secret.encode() not in kept
    assert b"$argon2id$" in kept


def test_the_file_is_for_its_owner_only(accounts: Accounts, tmp_path: Path) -> None:
    assert (tmp_path / "accounts.sqlite").stat().st_mode & 0o077 == 0


def test_a_name_is_given_once(accounts: Accounts) -> None:
    accounts.add("maria", PASSWORD, ["quality"])
    with pytest.raises(ConflictError, match="already"):
        accounts.add("maria", PASSWORD, ["viewer"])
    account = accounts.store.account("maria")
    assert account is not None
    assert account.roles == ("quality",)


@pytest.mark.parametrize(
    ("name", "password", "roles"),
    [
        ("", PASSWORD, []),
        ("Maria", PASSWORD, []),
        ("a" * 65, PASSWORD, []),
        ("maria", "short", []),
        ("maria", "x" * 1025, []),
        ("maria", PASSWORD, ["boss"]),
    ],
)
def test_what_will_not_do_is_said(accounts: Accounts, name: str, password: str, roles: list[str]) -> None:
    with pytest.raises(DataError):
        accounts.add(name, password, roles)
    assert accounts.store.accounts() == []


def test_a_session_ends_when_idle_and_in_any_case_after_half_a_day(accounts: Accounts, clock: Hands) -> None:
    accounts.add("maria", PASSWORD, ["quality"])
    idle = accounts.sign_in("maria", PASSWORD, HERE) or ""
    clock.at_ms += IDLE_MS
    who = accounts.who_has_session(idle)
    assert who is not None
    assert (who.name, who.roles) == ("account:maria", ("quality",))
    clock.at_ms += IDLE_MS + 1
    assert accounts.who_has_session(idle) is None
    busy = accounts.sign_in("maria", PASSWORD, HERE) or ""
    for _ in range(ABSOLUTE_MS // (20 * MINUTE_MS)):
        clock.at_ms += 20 * MINUTE_MS
        assert accounts.who_has_session(busy) is not None
    clock.at_ms += 1
    assert accounts.who_has_session(busy) is None


@pytest.mark.parametrize("act", ["disable", "password", "sign-out"])
def test_sessions_end_with_their_reason(accounts: Accounts, act: str) -> None:
    accounts.add("maria", PASSWORD, ["quality"])
    token = accounts.sign_in("maria", PASSWORD, HERE) or ""
    if act == "disable":
        accounts.disable("maria")
        assert accounts.sign_in("maria", PASSWORD, HERE) is None
    elif act == "password":
        accounts.set_password("maria", PASSWORD + "2")
        assert accounts.sign_in("maria", PASSWORD, HERE) is None
        assert accounts.sign_in("maria", PASSWORD + "2", HERE)
    else:
        accounts.sign_out(token)
    assert accounts.who_has_session(token) is None


def test_guessing_is_slowed_down_by_name_and_by_address(accounts: Accounts, clock: Hands) -> None:
    accounts.add("maria", PASSWORD, ["quality"])
    for number in range(10):
        assert accounts.sign_in("maria", f"guess-{number}", f"10.0.0.{number}") is None
    with pytest.raises(Pushback, match="too many"):
        accounts.sign_in("maria", PASSWORD, "10.0.1.1")
    for number in range(10):
        assert accounts.sign_in(f"name-{number}", "guess", HERE) is None
    with pytest.raises(Pushback):
        accounts.sign_in("another", PASSWORD, HERE)
    clock.at_ms += 15 * MINUTE_MS
    assert accounts.sign_in("maria", PASSWORD, HERE)


def test_a_stronger_hash_is_taken_over_at_the_next_sign_in(tmp_path: Path, clock: Hands) -> None:
    store = SqliteAccounts(tmp_path / "accounts.sqlite")
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    Accounts(store, clock, weak).add("maria", PASSWORD, ["viewer"])
    stronger = Accounts(store, clock, PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert stronger.sign_in("maria", PASSWORD, HERE)
    account = store.account("maria")
    assert account is not None
    assert "m=16,t=2" in account.password_hash


def test_a_key_works_until_it_is_revoked_or_over(accounts: Accounts, clock: Hands) -> None:
    key, text = accounts.create_key("tive", formats=["tive"], days=2)
    who = accounts.who_has_key(text)
    assert who is not None
    assert (who.name, who.roles, who.formats, who.csrf) == (f"key:{key.id}", (), ("tive",), "")
    assert not who.may("read")
    clock.at_ms += 2 * DAY_MS
    assert accounts.who_has_key(text) is None
    other, text = accounts.create_key("report", roles=["viewer"])
    assert accounts.who_has_key(text) is not None
    accounts.revoke_key(other.id)
    assert accounts.who_has_key(text) is None


@pytest.mark.parametrize("text", ["", "dw_", "dw_0123456789ab_", "x" * 5000, "dw_0123456789ab_" + "A" * 43])
def test_what_is_no_key_is_nobody(accounts: Accounts, text: str) -> None:
    assert accounts.who_has_key(text) is None


def test_a_key_of_another_id_with_this_secret_is_nobody(accounts: Accounts) -> None:
    _, one = accounts.create_key("one", roles=["viewer"])
    other, _ = accounts.create_key("other", roles=["admin"])
    assert accounts.who_has_key(f"dw_{other.id}_{one.rpartition('_')[2]}") is None


def test_what_is_not_there_is_said(accounts: Accounts, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no account"):
        accounts.disable("x")
    with pytest.raises(UsageError, match="there is no account"):
        accounts.set_password("x", PASSWORD)
    with pytest.raises(UsageError, match="there is no key"):
        accounts.revoke_key("x")
    with pytest.raises(DataError):
        accounts.create_key("nothing")
    with pytest.raises(DataError):
        accounts.create_key("never", roles=["viewer"], days=0)
    with pytest.raises(Unavailable):
        SqliteAccounts(tmp_path)


def test_views_are_saved_for_their_owner(accounts: Accounts) -> None:
    accounts.store.save_view("account:maria", "late", "alerting=1")
    accounts.store.save_view("account:luis", "late", "text=x")
    accounts.store.save_view("account:maria", "cold", "text=vaxilin")
    assert accounts.store.saved_views("account:maria") == [("cold", "text=vaxilin"), ("late", "alerting=1")]
    accounts.store.save_view("account:maria", "late", "")
    assert accounts.store.saved_views("account:maria") == [("cold", "text=vaxilin")]
