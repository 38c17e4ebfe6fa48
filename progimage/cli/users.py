"""Accounts, for operators."""

from __future__ import annotations

import sys
from collections import Counter
from getpass import getpass
from typing import Annotated

import typer

from progimage.access.accounts.administration import Administration
from progimage.access.accounts.names import clean_name
from progimage.access.accounts.passwords import Passwords
from progimage.access.accounts.users import Users
from progimage.cli.configured import configured_store
from progimage.cli.terminal import CommandError, progress, used
from progimage.config import Settings
from progimage.errors import InvalidField
from progimage.library.quotas import open_quotas
from progimage.maintenance import erase as erasing
from progimage.server.parts import index_of
from progimage.server.webhooks import outbox_of
from progimage.stores import ObjectStore
from progimage.telemetry import logs

app = typer.Typer()
user = typer.Typer(help="Create accounts, disable them, and change their passwords.")
app.add_typer(user, name="user")

Name = Annotated[str, typer.Argument(help="name of the account")]


@user.command()
def add(
    name: Name, admin: Annotated[bool, typer.Option(help="can create accounts by HTTP")] = False
) -> None:
    """Create an account; type the password, or send it to standard input."""
    account = _administration().add(name, _password(), is_admin=admin)
    print(f"created the account {account.name}")


@user.command("list")
def show() -> None:
    """List the accounts: name, kind, date of creation."""
    for account in _users().all():
        kind = "disabled" if account.is_disabled else "admin" if account.is_admin else "user"
        print(f"{account.name}\t{kind}\t{account.created:%Y-%m-%d}")


@user.command()
def disable(name: Name) -> None:
    """Disable an account: its tokens and API keys stop working within ten seconds."""
    _administration().set_disabled(clean_name(name), True)


@user.command()
def enable(name: Name) -> None:
    """Enable a disabled account."""
    _administration().set_disabled(clean_name(name), False)


@user.command()
def password(name: Name) -> None:
    """Change the password of an account, and end its sessions."""
    _administration().set_password(clean_name(name), _password())


@user.command()
def erase(
    name: Name, is_sure: Annotated[bool, typer.Option("--yes", help="do not ask")] = False
) -> None:
    """Delete an account with its images, jobs and uploads. This cannot be undone.

    Repeat it if it was interrupted, and once more after running requests have ended; it
    prints what it still found. Caches, logs and back-ups in other places are yours to clear.
    """
    name = clean_name(name)
    if not is_sure and not typer.confirm(f"Delete {name!r} with all images?", err=True):
        raise typer.Exit(1)
    counts: Counter[str] = Counter()
    settings, store = _opened()
    with progress("deleting") as count:
        index, events = index_of(settings, store), outbox_of(settings, store)
        for erased in erasing.erase(store, name, count, index, events):
            counts[erased.kind] += 1
    deleted = ", ".join(f"{n} {kind}{'s' * (n > 1)}" for kind, n in sorted(counts.items()))
    print(f"deleted {deleted}" if deleted else "there was nothing left")


@user.command(
    epilog="""Examples:

    progimage user quota

    progimage user quota ann --pictures 1000 --bytes 5000000000

    progimage user quota ann --recount"""
)
def quota(
    name: Annotated[str, typer.Argument(help="name of an account; every account without it")] = "",
    pictures: Annotated[
        int | None, typer.Option(min=-1, help="0 for no limit, -1 for that of the settings")
    ] = None,
    size_bytes: Annotated[
        int | None,
        typer.Option("--bytes", min=-1, help="0 for no limit, -1 for that of the settings"),
    ] = None,
    is_counted: Annotated[
        bool, typer.Option("--recount", help="count its pictures again first")
    ] = False,
) -> None:
    """Show what accounts have and may have; or set limits for one account."""
    settings, store = _opened()
    quotas = open_quotas(store, index_of(settings, store), settings.quota)
    if quotas is None:
        raise CommandError("quotas are off; quota.enabled in the settings turns them on")
    limits = {"max_pictures": pictures, "max_size_bytes": size_bytes}
    changed = {key: None if n < 0 else n for key, n in limits.items() if n is not None}
    if changed and not name:
        raise CommandError("name the account that these limits are for")
    users = Users(store)
    names = [users.find(clean_name(name)).name] if name else [user.name for user in users.all()]
    for each in names:
        if is_counted:
            quotas.count(each)
        if changed:
            quotas.set_limits(each, changed)
        usage = quotas.usage(each)
        has_pictures = used(usage.pictures, usage.max_pictures or 0)
        has_bytes = used(usage.size_bytes, usage.max_size_bytes or 0)
        print(each, f"pictures: {has_pictures}", f"bytes: {has_bytes}", sep="\t")


def _opened() -> tuple[Settings, ObjectStore]:
    settings, store = configured_store()
    logs.configure(settings.log)
    return settings, store


def _users() -> Users:
    return Users(_opened()[1])


def _administration() -> Administration:
    return Administration(_users(), Passwords())


def _password() -> str:
    """Return a new password: typed twice on a terminal, or one line of standard input.

    It is no argument of the command, because all users of the machine can see those.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    typed = getpass("Password: ")
    if typed != getpass("Again: "):
        raise InvalidField("password: the two inputs differ")
    return typed
