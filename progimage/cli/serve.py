"""Start the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from progimage import config
from progimage.errors import ConfigError

app = typer.Typer()

GUNICORN_CONF = Path("settings/gunicorn.conf.py")


@app.command()
def serve(
    gunicorn_conf: Annotated[Path, typer.Option("--config", help="gunicorn's settings")] = (
        GUNICORN_CONF
    ),
    creates: Annotated[
        bool,
        typer.Option(
            "--create-store", help="create a store first if the folder is missing or empty"
        ),
    ] = False,
) -> None:
    """Start the server; `progimage settings` lists what can be set."""
    if not gunicorn_conf.is_file():
        raise ConfigError(
            f"--config: there is no file {gunicorn_conf}; start in the project's folder"
        )
    gunicorn = Path(sys.executable).with_name("gunicorn")
    command = [str(gunicorn), "--config", str(gunicorn_conf)]
    # Names in a folder store are UTF-8 whatever the locale says.
    os.execve(gunicorn, command, config.environment(PYTHONUTF8="1", **_creating(creates)))  # noqa: S606


def _creating(creates: bool) -> dict[str, str]:
    return {config.variable(("create_store",)): "true"} if creates else {}
