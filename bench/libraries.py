"""`python -m bench.libraries FOLDER PICTURES`: a folder store with a realistic library's index.

The shelves are those that the service itself would write, written by its own code. Records
and originals are left out: searches read neither.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import random
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from progimage.library.index import manifest, positions
from progimage.library.index.manifest import Manifest, Row
from progimage.library.index.publish import put_shelf
from progimage.library.index.shelf import MOST
from progimage.library.index.shelf_writer import of_records
from progimage.model import Record
from progimage.stores import ABSENT
from progimage.stores.folder.store import FilesystemStore

VOCABULARY = 60_000
TAGS = 5_000
TAGS_EACH = 3
WORDS_EACH = 10
PRIVATE_SHARE = 0.02

_SYLLABLES = (
    "ba be bo ca ce co da de do el en er fa fi ga go ha he in is ka ke la le li lo ma me mi mo "
    "na ne ni no or pa pe po ra re ri ro sa se si so ta te ti to un va ve vi wa we za ze"
)
_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
_TYPE_WEIGHTS = (88, 8, 3, 1)
END = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)


class Zipf:
    """Draws from words whose frequency falls with their rank, as in any language."""

    def __init__(self, words: list[str], exponent: float) -> None:
        weights = (1 / (rank + 2.7) ** exponent for rank in range(len(words)))
        self.words = words
        self._weights = list(itertools.accumulate(weights))

    def draw(self, random_: random.Random, number: int) -> list[str]:
        """Return `number` words, some perhaps twice."""
        return random_.choices(self.words, cum_weights=self._weights, k=number)


def names(number: int, seed: int) -> list[str]:
    """Return so many different words that can be spoken, common ones short."""
    random_, every = random.Random(seed), _SYLLABLES.split()
    found: dict[str, None] = {}
    while len(found) < number:
        syllables = 2 + (len(found) > 500) + (random_.random() < 0.4)
        found["".join(random_.choices(every, k=syllables))] = None
    return list(found)


def records(number: int, span: timedelta, seed: int = 1) -> Iterator[Record]:
    """Yield the records of a library filled over `span`, oldest first.

    Each has 3 tags, a description of 10 words, and the file name a camera gives.
    """
    random_ = random.Random(seed)
    tags, words = Zipf(names(TAGS, 2), 0.9), Zipf(names(VOCABULARY, 3), 1.0)
    gap = span / number
    for n in range(number):
        created = END - span + gap * (n + random_.random())
        digest = hashlib.sha256(f"{seed}-{n}".encode()).hexdigest()
        chosen = words.draw(random_, WORDS_EACH + 3)
        yield Record(
            id=digest,
            generation=f"{random_.getrandbits(64):016x}",
            sha256=digest,
            size_bytes=0,
            media_type=random_.choices(_TYPES, _TYPE_WEIGHTS)[0],
            width=4000,
            height=3000,
            frames=1,
            orientation=1,
            has_alpha=False,
            dominant_colour="#806040",
            placeholder="3OcRJYB4d3h/iIeHeEh3eIhw+j2w",
            file_name=f"IMG_{n % 10_000:04}.jpg",
            created=created,
            modified=created,
            title=" ".join(chosen[:3]).capitalize(),
            description=" ".join(chosen[3:]),
            tags=tuple(dict.fromkeys(tags.draw(random_, TAGS_EACH))),
            visibility="private" if random_.random() < PRIVATE_SHARE else "public",
        )


def write(root: Path, number: int, span: timedelta) -> None:
    """Make the index of so many pictures below `root`."""
    store = FilesystemStore(root)
    started = time.monotonic()
    found = ((positions.position(r.created, r.id), r) for r in records(number, span))
    rows: list[Row] = []
    while some := sorted(itertools.islice(found, MOST), key=lambda pair: pair[0]):
        contents = of_records(some)
        shelf = put_shelf(store, contents.encode(), len(some))
        rows.insert(0, Row(some[0][0], shelf))
        print(f"{len(rows) * MOST:,} in {time.monotonic() - started:.0f} s", file=sys.stderr)
    rows[0] = rows[0]._replace(first=b"")
    manifest.swap(store, Manifest(1, tuple(rows)), ABSENT)


def library(folder: Path, number: int) -> Path:
    """Return where the index of so many pictures is below `folder`; it is made if it is not."""
    root, done = folder / str(number), folder / f"{number}.complete"
    if not done.exists():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        write(root, number, SPAN)
        done.touch()
    return root


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pictures", type=int)
    parser.add_argument("--days", type=float, default=SPAN.days, help="over which they came")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    write(options.folder, options.pictures, timedelta(days=options.days))
