"""`doseway account` and `doseway key`: who may use the tower."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import rich_click as click

from doseway.cli.options import settings_at, store_option
from doseway.cli.talk import print_json, say, tell, visible
from doseway.model.accounts import ROLES
from doseway.model.clock import iso_utc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doseway.app.accounts import Accounts

EXAMPLE: Final = "Example:\n\n  "


@click.group()
def account() -> None:
    """Local accounts of people. Passwords are kept as Argon2id, beside the log and not in it."""


@click.group()
def key() -> None:
    """API keys of programs and devices. A key is shown once, when it is made."""


roles_option = click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES), help="What it may do; may be repeated."
)


@account.command("add", epilog=EXAMPLE + "echo correct-horse-battery | doseway account add maria --role quality")
@click.argument("name")
@roles_option
@store_option
def add_account(name: str, roles: tuple[str, ...], store: Path | None) -> int:
    """Add an account. The password is asked for, or read from standard input."""
    with _opened(store) as accounts:
        made = accounts.add(name, _password(), roles or ("viewer",))
    say(f"{made.name} may sign in as {', '.join(made.roles)}.")
    return 0


@account.command("list", epilog=EXAMPLE + "doseway account list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an account on standard output (NDJSON).")
@store_option
def list_accounts(*, as_json: bool, store: Path | None) -> int:
    """List the accounts."""
    with _opened(store) as accounts:
        for one in accounts.store.accounts():
            if as_json:
                print_json({"name": one.name, "roles": one.roles, "is_disabled": one.is_disabled})
            else:
                tell(f"{one.name:<24} {', '.join(one.roles)}{'  disabled' if one.is_disabled else ''}")
    return 0


@account.command("disable", epilog=EXAMPLE + "doseway account disable maria")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let them in again.")
@store_option
def disable_account(*, name: str, undo: bool, store: Path | None) -> int:
    """Keep somebody out, and end their sessions."""
    with _opened(store) as accounts:
        accounts.disable(name, is_disabled=not undo)
    say(f"{visible(name)} {'may sign in again' if undo else 'is kept out'}.")
    return 0


@account.command("password", epilog=EXAMPLE + "echo another-long-password | doseway account password maria")
@click.argument("name")
@store_option
def change_password(name: str, store: Path | None) -> int:
    """Change a password, and end the account's sessions."""
    with _opened(store) as accounts:
        accounts.set_password(name, _password())
    say(f"{visible(name)} has a new password.")
    return 0


@key.command("create", epilog=EXAMPLE + "doseway key create tive --format tive --days 365")
@click.argument("title")
@roles_option
@click.option("--format", "formats", multiple=True, metavar="ID", help="A format that it may send; may be repeated.")
@click.option("--days", type=click.IntRange(min=1), help="How long it lives; else until it is revoked.")
@store_option
def create_key(
    title: str, roles: tuple[str, ...], formats: tuple[str, ...], days: int | None, store: Path | None
) -> int:
    """Make a key and print it, once. It is sent as `Authorization: Bearer KEY`."""
    with _opened(store) as accounts:
        made, text = accounts.create_key(title, roles=roles, formats=formats, days=days)
    click.echo(text)
    say(f"Key {made.id} is kept as a hash only: store it now, it cannot be shown again.")
    return 0


@key.command("list", epilog=EXAMPLE + "doseway key list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a key on standard output (NDJSON).")
@store_option
def list_keys(*, as_json: bool, store: Path | None) -> int:
    """List the keys, without their secrets."""
    with _opened(store) as accounts:
        for one in accounts.store.api_keys():
            until = iso_utc(one.expires_at_ms) if one.expires_at_ms else ""
            if as_json:
                allows = {"roles": one.roles, "formats": one.formats}
                print_json({"id": one.id, "title": one.title, "until": until, "is_revoked": one.is_revoked} | allows)
            else:
                may = ", ".join((*one.roles, *(f"sends {name}" for name in one.formats)))
                state = "revoked" if one.is_revoked else f"until {until[:10]}" if until else "no end"
                tell(f"{one.id}  {one.title:<24} {may}  {state}")
    return 0


@key.command("revoke", epilog=EXAMPLE + "doseway key revoke 0123456789ab")
@click.argument("key_id", metavar="ID")
@store_option
def revoke_key(key_id: str, store: Path | None) -> int:
    """Make a key useless from now on."""
    with _opened(store) as accounts:
        accounts.revoke_key(key_id)
    say(f"Key {visible(key_id)} is revoked.")
    return 0


@contextmanager
def _opened(store: Path | None) -> "Iterator[Accounts]":
    from doseway.app.accounts import open_accounts  # noqa: PLC0415  # loads Argon2
    from doseway.app.keys import make_folder  # noqa: PLC0415

    settings = settings_at(store)
    make_folder(settings.store)
    accounts = open_accounts(settings)
    try:
        yield accounts
    finally:
        accounts.store.close()


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\n")
