"""Log in and out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from progimage.cli import credentials
from progimage.cli.connection import LOCAL_URL, CaFile, Url, connected
from progimage.cli.terminal import CommandError, message, used
from progimage.client import Client, Unauthorized, Unreachable

app = typer.Typer()


@app.command(
    epilog="""Examples:

    progimage login ada --url https://img.example.com

    progimage login ada --password-stdin < password.txt"""
)
def login(
    name: Annotated[str, typer.Argument(help="name of the account")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="read the password from standard input")
    ] = False,
    url: Url = LOCAL_URL,
    ca_file: CaFile = "",
) -> None:
    """Log in to a server; its tokens are stored in a file that only you can read."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, err=True)
    else:
        raise CommandError("there is no terminal to type the password; use --password-stdin")
    if not password:
        raise CommandError("the password is empty")
    with connected(url, ca_file=ca_file) as client:
        tokens = client.login(name, password)
    credentials.store(url, tokens)
    message(f"logged in to {url} as {name}")


@app.command()
def account(url: Url = LOCAL_URL, ca_file: CaFile = "") -> None:
    """Show the account that is logged in: what it has stored, and what it may store."""
    with connected(url, ca_file=ca_file) as client:
        found = client.account()
    print("name", found.name, sep="\t")
    if found.quota is None:
        message("this server has no quotas")
        return
    print("pictures", used(found.quota.pictures, found.quota.max_pictures), sep="\t")
    print("bytes", used(found.quota.size_bytes, found.quota.max_size_bytes), sep="\t")


@app.command()
def logout(url: Url = LOCAL_URL, ca_file: CaFile = "") -> None:
    """End the session on a server, and remove its tokens."""
    tokens = credentials.load(url)
    if tokens is None:
        message(f"not logged in to {url}")
        return
    # Removed first: they must not be used again even if the server does not answer.
    credentials.store(url, None)
    if tokens.session:
        with Client(url, token=tokens, ca_file=ca_file or None) as client:
            try:
                client.logout()
            except Unauthorized:
                message("the session had already ended")
            except Unreachable as error:
                raise CommandError(
                    f"the tokens are removed here, but the session on {url} is not ended: {error}"
                ) from None
    message(f"logged out of {url}")
