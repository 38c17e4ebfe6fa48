"""The server that a command talks to, and who it says we are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from progimage.cli import credentials
from progimage.client import Client
from progimage.client.blocking.client import DEFAULT_URL

Url = Annotated[
    str,
    typer.Option("--url", envvar="PROGIMAGE_URL", help="the server's address", metavar="URL"),
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="PROGIMAGE_TOKEN",
        show_default=False,
        help="an API key or access token; better kept in the environment, or by `progimage login`",
        metavar="TOKEN",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, one value a line")]

HERE = DEFAULT_URL


@contextmanager
def connected(url: str, token: str = "", connections: int = 10) -> Iterator[Client]:
    """Give a client of the server; tokens that were refreshed meanwhile are kept."""
    known = None if token else credentials.recall(url)
    with Client(url, token=token or known, max_connections=connections) as client:
        try:
            yield client
        finally:
            if known is not None and client.tokens is not None and client.tokens != known:
                credentials.remember(url, client.tokens)
