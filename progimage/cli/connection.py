"""The server that a command uses, and the tokens for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any

import typer

from progimage.cli import credentials
from progimage.client import Client, Unreachable
from progimage.client.blocking.client import DEFAULT_URL

Url = Annotated[
    str, typer.Option("--url", envvar="PROGIMAGE_URL", help="address of the server", metavar="URL")
]
Token = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="PROGIMAGE_TOKEN",
        show_default=False,
        help="API key or access token; safer in the environment, or by `progimage login`",
        metavar="TOKEN",
    ),
]
CaFile = Annotated[
    str,
    typer.Option(
        "--ca-file",
        envvar="PROGIMAGE_CA_FILE",
        show_default=False,
        help="certificates in PEM to trust, for a server with a certificate of your own authority",
        metavar="FILE",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, one value per line")]

LOCAL_URL = DEFAULT_URL


class NoServer(Unreachable):
    """There is no server at the address."""

    def __init__(self, url: str, error: Unreachable) -> None:
        super().__init__(
            f"no ProgImage at {url} ({error}); start one with `progimage serve`, "
            "or set PROGIMAGE_URL to the address of another"
        )


@contextmanager
def connected(
    url: Url = LOCAL_URL, token: Token = "", ca_file: CaFile = "", *, connections: int = 10
) -> Iterator[Client]:
    """Yield a client of the server; tokens that it refreshes are stored.

    Raises:
        NoServer: nothing listens at the address.
    """
    stored = None if token else credentials.load(url)
    with Client(
        url, token=token or stored, max_connections=connections, ca_file=ca_file or None
    ) as client:
        try:
            yield client
        except Unreachable as error:
            if error.is_before_sending and not isinstance(error, NoServer):
                raise NoServer(url, error) from error
            raise
        finally:
            if stored is not None and client.tokens is not None and client.tokens != stored:
                credentials.store(url, client.tokens)


def uses_server(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with the options of `connected`, which calls `command` with a client.

    Args:
        command: takes a client of the server, then its own arguments and options.
    """

    @wraps(command)
    def run(url: str, token: str, ca_file: str, **arguments: Any) -> None:
        with connected(url, token, ca_file) as client:
            command(client, **arguments)

    _, *own = inspect.signature(command, eval_str=True).parameters.values()
    options = [*inspect.signature(connected, eval_str=True).parameters.values()][:3]
    # Typer reads the arguments and options of a command from here.
    vars(run)["__signature__"] = inspect.Signature([*own, *options])
    return run
