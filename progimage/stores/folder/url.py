"""A folder store by its `file:` URL."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from urllib.parse import SplitResult, unquote

from progimage.errors import ConfigError
from progimage.stores.folder.store import FilesystemStore


def from_url(
    url: SplitResult, *, creates: bool, may_be_gone: bool, **_options: object
) -> FilesystemStore:
    """Open the folder that `path_of` names; see `open_raw`."""
    path = path_of(url)
    if codecs.lookup(sys.getfilesystemencoding()).name != "utf-8":
        raise ConfigError(
            "store: Python's encoding of file names is not UTF-8 here, which names of tags and "
            "words need; set PYTHONUTF8=1"
        )
    if not creates and not may_be_gone and not path.is_dir():
        raise ConfigError(
            f"store: there is no folder {str(path)!r}. If a disk belongs there, mount it; if the "
            "name is wrong, correct it; 'progimage create-store' creates a new store"
        )
    return FilesystemStore(path, creates=creates)


def path_of(url: SplitResult) -> Path:
    """Return the folder of a `file:` URL.

    That is `file:///absolute/path` or `file:path/from/here`; `file://./path` is the same.

    Raises:
        ConfigError: the URL has another form.
    """
    path = unquote(url.path)
    if url.netloc == ".":
        path = f".{path}"
    elif url.netloc not in ("", "localhost"):
        raise ConfigError(
            f"store: file://{url.netloc}/ names a host; "
            "use file:///absolute/path or file:path/from/here"
        )
    if not path.strip("/") or "\0" in path:
        raise ConfigError("store: expected file:///absolute/path or file:path/from/here")
    if url.query or url.fragment:
        raise ConfigError("store: file: URLs take no parameters")
    return Path(path)
