"""Tokens between two calls of the command line: one file, readable by its owner only.

The file is JSON, tokens by the server's address. It is replaced whole, by one that was
created with mode 0600, so no moment leaves it readable to others or half written.
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

from progimage.cli.terminal import Complaint
from progimage.client import Tokens


def path() -> Path:
    """Return where the tokens are kept."""
    return Path(typer.get_app_dir("progimage")) / "tokens.json"


def recall(url: str) -> Tokens | None:
    """Return the tokens for a server, None if there are none.

    Raises:
        Complaint: others can read the file, or it is damaged.
    """
    kept = _read().get(_server(url))
    if not isinstance(kept, dict) or not isinstance(kept.get("access_token"), str):
        return None
    known = ("access_token", "refresh_token", "session")
    return Tokens(**{name: str(kept.get(name) or "") for name in known})


def remember(url: str, tokens: Tokens | None) -> None:
    """Keep the tokens for a server; with None forget them."""
    kept = _read()
    if tokens is None:
        kept.pop(_server(url), None)
    else:
        kept[_server(url)] = asdict(tokens)
    file = path()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp creates with mode 0600, whatever the umask is.
    handle, temporary = tempfile.mkstemp(prefix=".tokens-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(kept, out, indent=1)
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
                raise Complaint(f"{file}: others may read it; chmod 600 it, and log in anew")
            kept = json.load(source)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Complaint(f"{file}: cannot be read ({error}); remove it, and log in anew") from None
    return kept if isinstance(kept, dict) else {}


def _server(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
