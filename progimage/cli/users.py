"""Accounts, from the operator's side."""

from __future__ import annotations

import sys
from collections import Counter
from getpass import getpass
from typing import Annotated

import typer

from progimage import config
from progimage.access.accounts.administration import Administration
from progimage.access.accounts.names import clean_name
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.users import Users
from progimage.cli.index import index_of
from progimage.cli.terminal import progress
from progimage.config import Settings
from progimage.errors import InvalidField
from progimage.maintenance import erase as erasing
from progimage.stores import ObjectStore, open_store
from progimage.telemetry import logs

app = typer.Typer()
user = typer.Typer(help="Make accounts, shut them out, and change their passwords.")
app.add_typer(user, name="user")

Name = Annotated[str, typer.Argument(help="the name of the account")]


@user.command()
def add(
    name: Name, admin: Annotated[bool, typer.Option(help="may make accounts by HTTP")] = False
) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    made = _administration().add(name, _password(), is_admin=admin)
    print(f"made the account {made.name}")


@user.command("list")
def show() -> None:
    """List the accounts, one a line: name, what it is, when it was made."""
    for account in _users().all():
        kind = "disabled" if account.is_disabled else "admin" if account.is_admin else "user"
        print(f"{account.name}\t{kind}\t{account.created:%Y-%m-%d}")


@user.command()
def disable(name: Name) -> None:
    """Shut an account out: its tokens and API keys stop working within ten seconds."""
    _administration().set_disabled(clean_name(name), True)


@user.command()
def enable(name: Name) -> None:
    """Let an account in again."""
    _administration().set_disabled(clean_name(name), False)


@user.command()
def password(name: Name) -> None:
    """Give an account another password, and end its sessions."""
    _administration().set_password(clean_name(name), _password())


@user.command()
def erase(
    name: Name, is_sure: Annotated[bool, typer.Option("--yes", help="do not ask")] = False
) -> None:
    """Remove an account and all that it has: pictures, jobs, uploads. It cannot be undone.

    Run it again if it was interrupted, and once more when requests that were under way have
    ended: it says what it still found. Caches, logs and back-ups elsewhere are yours to clear.
    """
    name = clean_name(name)
    if not is_sure and not typer.confirm(f"Remove {name!r} with everything?", err=True):
        raise typer.Exit(1)
    counts: Counter[str] = Counter()
    settings, store = _opened()
    with progress("erasing") as tell:
        for erased in erasing.erase(store, name, tell, index_of(settings, store)):
            counts[erased.kind] += 1
    told = ", ".join(f"{count} {kind}{'s' * (count > 1)}" for kind, count in sorted(counts.items()))
    print(f"removed {told}" if told else "there was nothing left")


def _opened() -> tuple[Settings, ObjectStore]:
    settings, _ = config.load()
    logs.configure(settings.log)
    return settings, open_store(settings.store, **settings.s3.options)


def _store() -> ObjectStore:
    return _opened()[1]


def _users() -> Users:
    return Users(_store())


def _administration() -> Administration:
    return Administration(_users(), Passwords())


def _password() -> str:
    """Return a new password: typed twice on a terminal, or one line of standard input.

    Not an argument of the command: those are shown to everybody on the machine.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    typed = getpass("Password: ")
    if typed != getpass("Again: "):
        raise InvalidField("password: the two are not the same")
    return typed
