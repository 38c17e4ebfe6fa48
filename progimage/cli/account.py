"""Log in and out."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from progimage.cli import credentials
from progimage.cli.connection import HERE, Url, connected
from progimage.cli.terminal import Complaint, say
from progimage.client import Client, Unauthorized, Unreachable

app = typer.Typer()


@app.command(
    epilog="""Examples:

    progimage login ada --url https://img.example.com

    progimage login ada --password-stdin < password.txt"""
)
def login(
    name: Annotated[str, typer.Argument(help="the account")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="read the password from standard input")
    ] = False,
    url: Url = HERE,
) -> None:
    """Log in to a server; its tokens are kept in a file that only you can read."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, err=True)
    else:
        raise Complaint("there is no terminal to ask on; use --password-stdin")
    if not password:
        raise Complaint("the password is empty")
    with connected(url) as client:
        tokens = client.login(name, password)
    credentials.remember(url, tokens)
    say(f"logged in to {url} as {name}")


@app.command()
def logout(url: Url = HERE) -> None:
    """End the session on a server, and forget its tokens."""
    tokens = credentials.recall(url)
    if tokens is None:
        say(f"not logged in to {url}")
        return
    # Forgotten first: whatever the server says, they are not to be used again.
    credentials.remember(url, None)
    if tokens.session:
        with Client(url, token=tokens) as client:
            try:
                client.logout()
            except Unauthorized:
                say("the session had ended before")
            except Unreachable as error:
                raise Complaint(
                    f"the tokens are forgotten here, but {url} could not be told: {error}"
                ) from None
    say(f"logged out of {url}")
