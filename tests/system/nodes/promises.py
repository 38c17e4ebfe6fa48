"""What any number of nodes over one store promise: a specification that checks a run.

Every promise is a function that yields where a history breaks it. They hold whatever
node is asked, and for all clients together: all calls behave as if each had taken
effect at one moment between its beginning and its end (linearizability, Herlihy and
Wing 1990), for each picture by itself. In particular everybody reads what he has written,
through any node, and what one was shown is not taken back from another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from tests.system.nodes.history import (
    Call,
    Counted,
    Edited,
    Fetched,
    Fields,
    History,
    Life,
    Looked,
    Picture,
    Shown,
    Uploaded,
    Version,
    Walked,
)

Promise = Callable[[History], Iterator[str]]


def can_see(viewer: str, picture: Picture, version: Version | None) -> bool:
    """What is public is there for all, what is private for its owner."""
    if version is None:
        return False
    return version.fields.visibility == "public" or viewer == picture.owner


def matches(fields: Fields, wanted: tuple[tuple[str, str], ...]) -> bool:
    """A word is found as part of any word of title or tags, a tag as a whole."""
    words = [*fields.title.lower().split(), *fields.tags]
    tests = {
        "tag": lambda tag: tag in fields.tags,
        "word": lambda part: any(part in word for word in words),
        "visibility": lambda visibility: fields.visibility == visibility,
    }
    return all(tests[kind](value) for kind, value in wanted)


def every_edit_is_based_on_the_version_it_names(history: History) -> Iterator[str]:
    """Of all edits of one version one is made; the others get 412. None is lost."""
    for life, picture in history.pictures.items():
        revisions = [version.revision for version in picture.versions]
        if revisions != list(range(1, len(revisions) + 1)):
            yield f"{life}: its versions are {revisions}"
    for edit in history.of(Edited):
        if edit.revision is not None and edit.revision != edit.base + 1:
            yield f"{edit}: an edit of version {edit.base} made version {edit.revision}"
        if edit.revision is None:
            possible = history.pictures[edit.life].possible(edit)
            if all(version is not None and version.revision == edit.base for version in possible):
                yield f"{edit}: an edit of the current version {edit.base} was refused"


def a_picture_is_new_once(history: History) -> Iterator[str]:
    """A picture that is here already stays as it is, by whichever account it is sent again."""
    for upload in history.of(Uploaded):
        if not upload.is_new:
            yield from _version_is_one_of_its_own(history, upload, upload.shown)
            continue
        for picture in history.by_id[upload.shown.life[0]]:
            if None not in picture.possible(upload):
                yield f"{upload}: {upload.shown.life} is new, and was here"


def a_record_is_the_last_version(history: History) -> Iterator[str]:
    """The record of a picture is 404 for whom it is not there, else as it was last edited."""
    for look in history.of(Looked):
        pictures = history.by_id[look.image_id]
        if look.shown is not None:
            yield from _version_is_one_of_its_own(history, look, look.shown)
        elif any(not _may_be_hidden(look, picture) for picture in pictures):
            yield f"{look}: {look.image_id[:8]} was not there"


def bytes_come_to_those_who_may_see_them(history: History) -> Iterator[str]:
    """Originals and renditions, cached or not, are there with the record and gone with it.

    A removal and a change to private are complete when they are answered: until then
    what is cached may still be served, from then on by no node; but a rendition that was
    being made for another client just then may come until that one has it. (Whether the bytes
    are those of the picture, who fetched them has compared.)
    """
    for fetch in history.of(Fetched):
        pictures = history.by_id[fetch.image_id]
        by_answers = fetch.what != "original"
        may_come = any(
            can_see(fetch.by, picture, version)
            for picture in pictures
            for version in picture.possible(fetch, by_answers=by_answers)
        )
        if fetch.came and not may_come and not _is_being_made(history, fetch):
            yield f"{fetch}: {fetch.what} of {fetch.image_id[:8]} came, which is not there"
        if not fetch.came and any(not _may_be_hidden(fetch, picture) for picture in pictures):
            yield f"{fetch}: {fetch.what} of {fetch.image_id[:8]} was not there"


def listings_show_what_is_there(history: History) -> Iterator[str]:
    """A walk through a listing or search shows each picture once, as it is, newest first.

    One that matches throughout the walk is never skipped, whatever comes and goes
    meanwhile; one that does not match, is not shown: nor by words it has no longer.
    What changes its visibility while its owner walks over both kinds may be passed by.
    """
    for walk in history.of(Walked):
        for one, count in Counter(shown.life for shown in walk.shown).items():
            if count > 1:
                yield f"{walk} for {walk.wanted}: {one} was shown {count} times"
        times = [created for (_, created), _, _ in walk.shown]
        if times != sorted(times, reverse=True):
            yield f"{walk} for {walk.wanted}: not newest first"
        for shown in walk.shown:
            yield from _version_is_one_of_its_own(history, walk, shown)
            if not matches(shown.fields, walk.wanted):
                yield f"{walk} for {walk.wanted}: {shown} does not match"
        listed = {shown.life for shown in walk.shown}
        for life, picture in history.pictures.items():
            if life not in listed and _matches_throughout(history, walk, life, picture):
                yield f"{walk} for {walk.wanted}: {life} was skipped"


def totals_are_right(history: History) -> Iterator[str]:
    """A total counts what is there when it is answered: exactly, while nothing changes."""
    for walk in history.of(Walked):
        if walk.total is None:
            continue
        first = _narrowed(walk, walk.first_ended)
        least, most = _bounds(history, first, walk.wanted)
        if not least <= walk.total <= most:
            yield f"{walk} for {walk.wanted}: a total of {walk.total}, not {least} to {most}"


def tags_are_counted(history: History) -> Iterator[str]:
    """The list of tags has those that pictures have, each with their number."""
    for listing in history.of(Counted):
        names = {
            tag
            for picture in history.pictures.values()
            for version in picture.versions
            for tag in version.fields.tags
        }
        for tag in sorted(names | listing.counts.keys()):
            least, most = _bounds(history, listing, (("tag", tag),))
            if not least <= listing.counts.get(tag, 0) <= most:
                found = listing.counts.get(tag, 0)
                yield f"{listing}: {found} pictures with {tag}, not {least} to {most}"


PROMISES: tuple[Promise, ...] = (
    every_edit_is_based_on_the_version_it_names,
    a_picture_is_new_once,
    a_record_is_the_last_version,
    bytes_come_to_those_who_may_see_them,
    listings_show_what_is_there,
    totals_are_right,
    tags_are_counted,
)


def broken(history: History) -> list[str]:
    """Return where a history breaks a promise, and which."""
    return [f"{promise.__name__}: {case}" for promise in PROMISES for case in promise(history)]


def _version_is_one_of_its_own(history: History, call: Call, shown: Shown) -> Iterator[str]:
    """What is shown of a picture is a version it could have at that moment, for this viewer."""
    picture = history.pictures.get(shown.life)
    possible = picture.possible(call) if picture else []
    for version in possible:
        if version is not None and (version.revision, version.fields) == shown[1:]:
            if not can_see(call.by, picture, version):
                yield f"{call}: {shown} was shown to whom it is hidden from"
            return
    yield f"{call}: {shown} was shown; it could be {possible}"


def _may_be_hidden(call: Call, picture: Picture) -> bool:
    return any(not can_see(call.by, picture, version) for version in picture.possible(call))


def _is_being_made(history: History, fetch: Fetched) -> bool:
    """True if the same rendition may be put into the cache during a call, for another client.

    The request for it has begun while it could be seen, and has not been answered yet.
    """
    return any(
        other.image_id == fetch.image_id
        and other.what == fetch.what != "original"
        and other.begun < fetch.begun < other.ended
        and any(
            can_see(other.by, picture, version)
            for picture in history.by_id[other.image_id]
            for version in picture.possible(other, by_answers=True)
        )
        for other in history.of(Fetched)
    )


def _matches_throughout(history: History, walk: Walked, life: Life, picture: Picture) -> bool:
    possible = picture.possible(walk)
    return not _moves(history, walk, life) and all(
        can_see(walk.by, picture, version) and matches(version.fields, walk.wanted)
        for version in possible
    )


def _moves(history: History, call: Call, life: Life) -> bool:
    """True if its visibility may change during the call: it goes from one list to another."""
    kinds = {
        version.fields.visibility for version in history.pictures[life].possible(call) if version
    }
    return len(kinds) > 1


def _bounds(history: History, call: Call, wanted: tuple[tuple[str, str], ...]) -> tuple[int, int]:
    """Return how many pictures surely match during a call, and how many possibly."""
    least = most = 0
    for life, picture in history.pictures.items():
        possible = [
            can_see(call.by, picture, version) and matches(version.fields, wanted)
            for version in picture.possible(call)
        ]
        least += all(possible) and not _moves(history, call, life)
        # Totals are counted in the index, which knows of an edit before it is made, also
        # of one that is then refused.
        most += any(possible) or any(
            edit.begun <= call.ended and edit.ended >= call.begun for edit in history.edits[life]
        )
    return least, most


def _narrowed(walk: Walked, ended: float) -> Call:
    return Call(begun=walk.begun, ended=ended, by=walk.by, door=walk.door)
