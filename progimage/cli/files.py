"""Which files are meant by what stands on the command line."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from progimage.cli.terminal import Complaint

SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "avif", "tif", "tiff", "bmp", "dib"),
        *("jp2", "j2k", "jpx", "ico", "pbm", "pgm", "ppm", "pnm", "heic", "heif"),
    )
)
"""What is taken from folders; the server looks at the content."""


def pick(names: list[str], *, every: bool) -> Iterator[Path]:
    """Yield files: those named, those of patterns, and the pictures of folders and theirs.

    Hidden files of folders are left out. With `every` suffixes do not matter.

    Raises:
        Complaint: there is nothing of a name.
    """
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from _below(path, every=every)
        elif path.exists():
            yield path
        else:
            # Path.glob takes no absolute patterns.
            found = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else []  # noqa: PTH207
            if not found:
                raise Complaint(f"{name}: there is no such file or folder")
            for one in map(Path, found):
                if one.is_file() and (every or one.suffix.lower() in SUFFIXES):
                    yield one


def _below(folder: Path, *, every: bool) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if name.startswith(".") or not (every or path.suffix.lower() in SUFFIXES):
                continue
            yield path
