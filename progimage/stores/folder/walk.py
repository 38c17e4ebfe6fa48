"""The files below a folder, in the order of their keys."""

# Paths stay plain text here, as in `store`.
# ruff: noqa: PTH116, PTH208

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from contextlib import suppress

from progimage.stores.folder.disk import disk_faults


def walk(root: str, prefix: str, after: str) -> Iterator[str]:
    """Yield the key of each file below `root` that has `prefix` and is above `after`.

    Folders are read one at a time and only when reached, and not at all when every
    key in them is passed; so memory and the time to the first key grow with the
    largest folder, not with the tree. Folders that vanish meanwhile are skipped.
    """
    folder = prefix[: prefix.rfind("/") + 1]
    waiting = [_children(root, folder, prefix, after)]
    while waiting:
        if not waiting[-1]:
            waiting.pop()
            continue
        key = waiting[-1].pop()
        if key.endswith("/"):
            waiting.append(_children(root, key, prefix, after))
        else:
            yield key


def names(root: str, prefix: str, known: Container[str] = ()) -> list[str]:
    """Return the keys that `walk` yields, all at once and in no order: in less time.

    Args:
        known: keys that this has returned before; looking at each of them again takes time.
    """
    folder = prefix[: prefix.rfind("/") + 1]
    if folder == prefix and folder and _has_no_subfolders(f"{root}/{folder}"):
        with disk_faults(), suppress(FileNotFoundError):
            found = [folder + name for name in os.listdir(f"{root}/{folder}")]
            return [key for key in found if key in known or _is_printable(key, len(folder))]
    found = []
    for child in _children(root, folder, prefix, ""):
        if child[-1] == "/":
            found += names(root, child, known)
        else:
            found.append(child)
    return found


def _is_printable(key: str, at: int) -> bool:
    """True unless the name that begins at `at` is the store's own, or another program's."""
    return key[at] != "." and key.isprintable()


def _has_no_subfolders(path: str) -> bool:
    """True if a folder is known to have files only.

    On many file systems each subfolder counts as a link to it, beside the two that it always
    has (https://man7.org/linux/man-pages/man7/inode.7.html, st_nlink). On others the count is 1.
    """
    try:
        return os.stat(path).st_nlink == 2
    except OSError:
        return False


def _children(root: str, folder: str, prefix: str, after: str) -> list[str]:
    """Return the keys and subfolders (with a final /) that count, last one first.

    The final slash makes the order of one folder's names the order of all keys
    below them: `a-b` comes before `a/b`, and `ab` after.
    """
    children = []
    with disk_faults():
        try:
            entries = os.scandir(f"{root}/{folder}")
        except (FileNotFoundError, NotADirectoryError):
            return []
        with entries:
            for entry in entries:
                name = entry.name
                if name[0] == "." or not name.isprintable():
                    continue  # no object: the store's own, or a stranger's
                if not folder and name == "lost+found":
                    continue  # of the file system, where the store is its root (ext4)
                child = f"{folder}{name}/" if entry.is_dir() else folder + name
                if after and child <= after and not (child[-1] == "/" and after.startswith(child)):
                    continue
                if child.startswith(prefix):
                    children.append(child)
    children.sort(reverse=True)
    return children
