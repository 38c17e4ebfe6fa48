"""Every key of the index: lists of pictures, and the names that can be looked up.

    index/<scope>/<kind>/<value>/0<time>-<id>            a picture in a list, newest first
    index/<scope>/<kind>/<value>/1/tttt/tt…-<id>         the same, where the list is crowded:
    index/<scope>/<kind>/<value>/2/tttt/tt/tt…-<id>      by 51 days, by 19 hours,
    index/<scope>/<kind>/<value>/3/tttt/tt/tt/tt…-<id>   by 18 minutes,
    index/<scope>/<kind>/<value>/4/tttt/tt/tt/tt/…-<id>  by 17 seconds
    index/<scope>/tag-names/<first two>/<tag>            the tags there are
    index/<scope>/word-parts/<first three>/<end>-<start> the words there are, by each of their ends

All are without content. `<scope>` is `public` or `private:<owner>`; `<kind>` is `all`
(then without `<value>`), `types`, `owners`, `tags` or `words`. `<time>` is the time of
upload counted backwards, 18 octal digits of microseconds, so that the newest sort first.

A folder with very many names is slow to list, and a folder for every picture wastes
space. So a list has five levels, each in the order of time: as long as it is short, its
pictures are in the folder of the list itself; those that come when that is full go
into folders by their time, and where these are full too, into finer ones. S3 knows
no folders; there all is on level 0. Whoever reads merges the levels.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from progimage.library.index.facets import Facet, Kind, slug, word
from progimage.model import Record, Viewer

INDEX = "index/"
PUBLIC = "public"
LEVELS = range(5)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = 18
_LAST_MICROSECOND = 8**_DIGITS - 1
START = f"{'0' * _DIGITS}-{'0' * 64}"
"""The position before all others."""
END = "8"
"""What comes after every position."""

# Two octal digits are a factor of 64: what overflowed a folder of some 500 names
# fills the folders of the next level with some 8 or more each.
_CUTS = (4, 6, 8, 10)

_POSITION = re.compile(rf"[0-7]{{{_DIGITS}}}-[0-9a-f]{{64}}")
_POSTING = re.compile(
    r"index/(?P<scope>[^/]+)/(?P<kind>all|(?:types|owners|tags|words)/(?P<value>[^/]+))/"
    r"(?P<level>0|[1-4]/)(?P<cut>[0-7/]+-[0-9a-f]{64})"
)
_TAG_NAME = re.compile(r"index/(?P<scope>[^/]+)/tag-names/[^/]+/(?P<tag>[^/]+)")
_WORD_PART = re.compile(r"index/(?P<scope>[^/]+)/word-parts/[^/]+/(?P<end>[^/]+)-(?P<start>[^/]*)")


class Posting(NamedTuple):
    """One picture in one list: `position` is its time, counted backwards, and its id."""

    scope: str
    facet: Facet
    position: str


def private(owner: str) -> str:
    """Return the scope of an owner's private pictures."""
    return f"private:{slug(owner)}"


def scope_of(record: Record) -> str:
    """Return the scope a picture is listed in."""
    return PUBLIC if record.is_public else private(record.owner)


def scopes_for(viewer: Viewer) -> list[str]:
    """Return the scopes of what a viewer may see; nobody in particular has no private ones."""
    return [PUBLIC, private(viewer.name)] if viewer.name else [PUBLIC]


def position(created: datetime, image_id: str) -> str:
    """Return where a picture stands in every list it is in."""
    return f"{backwards(created)}-{image_id}"


def backwards(time: datetime) -> str:
    """Return a time as positions begin with it: later times sort first."""
    microseconds = (time - _EPOCH) // timedelta(microseconds=1)
    return counted(_LAST_MICROSECOND - microseconds)


def counted(microseconds: int) -> str:
    """Return a count of microseconds as positions begin with it, the nearest there is."""
    return f"{min(max(microseconds, 0), _LAST_MICROSECOND):0{_DIGITS}o}"


def count_of(position: str) -> int:
    """Return the count of microseconds that a position begins with."""
    return int(position[:_DIGITS], 8)


def time_of(position: str) -> datetime:
    """Return the time that a position begins with."""
    return _EPOCH + timedelta(microseconds=_LAST_MICROSECOND - count_of(position))


def successor(position: str) -> str:
    """Return the very next position."""
    count, image_id = count_of(position), int(id_of(position), 16) + 1
    if image_id == 16**64:
        return first_at(count + 1)
    return f"{position[: _DIGITS + 1]}{image_id:064x}"


def first_at(count: int) -> str:
    """Return the first position with a count of microseconds."""
    return f"{counted(count)}-{'0' * 64}"


def is_position(text: str) -> bool:
    """True for what `position` returns."""
    return _POSITION.fullmatch(text) is not None


def id_of(position: str) -> str:
    """Return the id of the picture at a position."""
    return position[_DIGITS + 1 :]


def postings(scope: str, facet: Facet) -> str:
    """Return the folder of a list."""
    return f"{INDEX}{scope}/{facet.kind}/{facet.value}{'/' if facet.value else ''}"


def level(scope: str, facet: Facet, number: int) -> str:
    """Return the prefix of one level of a list."""
    return f"{postings(scope, facet)}{number}{'/' if number else ''}"


def key_of(posting: Posting, number: int) -> str:
    """Return the key of a posting on a level."""
    return level(posting.scope, posting.facet, number) + cut(posting.position, number)


def siblings(posting: Posting, number: int) -> str:
    """Return the prefix of all keys that share the folder of a posting on a level."""
    if number == 0:
        return level(posting.scope, posting.facet, 0)
    return key_of(posting, number).rpartition("/")[0] + "/"


def cut(position: str, number: int) -> str:
    """Return a position, or its beginning, as it stands on a level, with that level's slashes."""
    ends = [end for end in _CUTS[:number] if end < len(position)]
    return "/".join(
        position[start:end] for start, end in zip([0, *ends], [*ends, None], strict=True)
    )


def position_in(key: str, prefix: str) -> str:
    """Return the position in a posting's key, given the prefix of its level."""
    return key[len(prefix) :].replace("/", "")


def names(scope: str, facet: Facet) -> list[str]:
    """Return the keys by which a facet's value can be looked up, the decisive one last.

    A word has one for each of its ends, so that each of its parts begins one.
    """
    text = facet.value
    if facet.kind == "tags":
        return [tag_name(scope, text)]
    if facet.kind == "words":
        parts = f"{INDEX}{scope}/word-parts"
        return [f"{parts}/{text[n : n + 3]}/{text[n:]}-{text[:n]}" for n in range(len(text))][::-1]
    return []


def tag_name(scope: str, tag: str) -> str:
    """Return the key by which a tag's slug can be looked up."""
    return f"{INDEX}{scope}/tag-names/{tag[:2]}/{tag}"


def tag_names(scope: str, beginning: str = "") -> str:
    """Return the prefix of the names of all tags whose slugs begin so."""
    folder = f"{beginning[:2]}/" if len(beginning) > 1 else ""
    return f"{INDEX}{scope}/tag-names/{folder}{beginning}"


def word_parts(scope: str, part: str) -> str:
    """Return the prefix of the parts of all words that contain `part`."""
    folder = f"{part[:3]}/" if len(part) > 2 else ""
    return f"{INDEX}{scope}/word-parts/{folder}{part}"


def word_with_part(key: str) -> str:
    """Return the word in the key of one of its parts."""
    end, _, start = key.rpartition("/")[2].partition("-")
    return start + end


def parse_posting(key: str) -> Posting | None:
    """Return the posting that a key is, whatever its level."""
    match = _POSTING.fullmatch(key)
    if match is None:
        return None
    facet = Facet(cast(Kind, match["kind"].partition("/")[0]), match["value"] or "")
    found = Posting(match["scope"], facet, match["cut"].replace("/", ""))
    number = int(match["level"][0])
    is_ours = is_position(found.position) and cut(found.position, number) == match["cut"]
    return found if is_ours else None


def parse_name(key: str) -> tuple[str, Facet] | None:
    """Return scope and facet of a key that is one of `names`."""
    if match := _TAG_NAME.fullmatch(key):
        found = match["scope"], Facet("tags", match["tag"])
    elif match := _WORD_PART.fullmatch(key):
        found = match["scope"], word(match["start"] + match["end"])
    else:
        return None
    return found if key in names(*found) else None
