"""Tokens of the command line: one file that only its owner can read.

The file is JSON, tokens by the address of the server. It is replaced as a whole by one
that was created with mode 0600, so others can never read it and it is never incomplete.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer

from progimage.cli.terminal import CommandError
from progimage.client import Tokens


def path() -> Path:
    """Return the path of the file."""
    return Path(typer.get_app_dir("progimage")) / "tokens.json"


def load(url: str) -> Tokens | None:
    """Return the tokens for a server, or None.

    Raises:
        CommandError: others can read the file, or it is damaged.
    """
    entry = _read().get(_server(url))
    if not isinstance(entry, dict) or not isinstance(entry.get("access_token"), str):
        return None
    names = ("access_token", "refresh_token", "session")
    return Tokens(**{name: str(entry.get(name) or "") for name in names})


def store(url: str, tokens: Tokens | None) -> None:
    """Store the tokens for a server, or remove them with None."""
    entries = _read()
    if tokens is None:
        entries.pop(_server(url), None)
    else:
        entries[_server(url)] = asdict(tokens)
    file = path()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp creates with mode 0600, independently of the umask.
    handle, temporary = tempfile.mkstemp(prefix=".tokens-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(entries, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(file)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def _read() -> dict[str, Any]:
    file = path()
    try:
        with file.open(encoding="utf-8") as source:
            mode = os.fstat(source.fileno()).st_mode
            if mode & 0o077:
                raise CommandError(f"{file}: others can read it; chmod 600 it, and log in again")
            entries = json.load(source)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(
            f"{file}: cannot be read ({error}); remove it, and log in again"
        ) from None
    return entries if isinstance(entries, dict) else {}


def _server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
