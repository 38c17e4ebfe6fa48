"""Start the server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from progimage.errors import ConfigError

app = typer.Typer()

GUNICORN_CONF = Path("settings/gunicorn.conf.py")


@app.command()
def serve(
    gunicorn_conf: Annotated[Path, typer.Option("--config", help="gunicorn's settings")] = (
        GUNICORN_CONF
    ),
) -> None:
    """Start the server; `progimage settings` lists what can be set."""
    if not gunicorn_conf.is_file():
        raise ConfigError(
            f"--config: there is no file {gunicorn_conf}; start in the project's folder"
        )
    gunicorn = Path(sys.executable).with_name("gunicorn")
    os.execv(gunicorn, [str(gunicorn), "--config", str(gunicorn_conf)])  # noqa: S606
