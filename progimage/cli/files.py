"""The files that the arguments of `upload` name."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from progimage.cli.terminal import CommandError
from progimage.imaging.codecs.formats import KNOWN

SUFFIXES = frozenset(f".{name}" for form in KNOWN for name in form.extensions)
"""Files with these suffixes are taken from folders; the server looks at their content."""

_SHOWN_SUFFIXES = 5


@dataclass
class LeftOut:
    """What a search of folders and patterns left out."""

    hidden: int = 0
    suffixes: Counter[str] = field(default_factory=Counter)

    def takes(self, path: Path, *, every: bool) -> bool:
        """Return whether to upload a file of a folder; else count it."""
        suffix = path.suffix.lower()
        if path.name.startswith("."):
            self.hidden += 1
            return False
        if not every and suffix not in SUFFIXES:
            self.suffixes[suffix or "without suffix"] += 1
            return False
        return True

    def summary(self) -> str:
        """Return one line about it, or "" if nothing was left out."""
        parts = []
        if self.suffixes:
            shown = [
                f"{count:,} {suffix}"
                for suffix, count in self.suffixes.most_common(_SHOWN_SUFFIXES)
            ]
            if len(self.suffixes) > _SHOWN_SUFFIXES:
                shown.append("…")
            total = self.suffixes.total()
            parts.append(f"{total:,} with other suffixes ({', '.join(shown)}; --all takes them)")
        if self.hidden:
            parts.append(f"{self.hidden:,} hidden")
        return f"left out: {', '.join(parts)}" if parts else ""


def find_files(names: list[str], left_out: LeftOut, *, every: bool) -> Iterator[Path]:
    """Yield the files with these names, in these folders and below, or of these patterns.

    Hidden files and folders below a folder are left out. With `every` any suffix is taken.

    Raises:
        CommandError: a name matches nothing.
    """
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from _below(path, left_out, every=every)
        elif path.exists():
            yield path
        else:
            # Path.glob takes no absolute patterns.
            found = sorted(glob.glob(name, recursive=True)) if glob.has_magic(name) else []  # noqa: PTH207
            if not found:
                raise CommandError(f"{name}: there is no such file or folder")
            for one in map(Path, found):
                if one.is_file() and left_out.takes(one, every=every):
                    yield one


def _below(folder: Path, left_out: LeftOut, *, every: bool) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        left_out.hidden += sum(name.startswith(".") for name in folders)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if left_out.takes(path, every=every):
                yield path
