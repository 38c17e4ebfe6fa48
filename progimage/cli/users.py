"""Accounts, from the operator's side."""

from __future__ import annotations

import sys
from getpass import getpass
from typing import Annotated

import typer

from progimage import config, logs
from progimage.accounts.administration import Administration
from progimage.accounts.names import clean_name
from progimage.accounts.passwords import Passwords
from progimage.accounts.users import Users
from progimage.errors import InvalidField
from progimage.stores import open_store

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


def _users() -> Users:
    settings, _ = config.load()
    logs.configure(settings.log)
    conditional = settings.s3.is_conditional
    return Users(open_store(settings.store, conditional_writes=conditional))


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
