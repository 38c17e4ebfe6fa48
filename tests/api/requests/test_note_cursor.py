"""Pages of lists that have a note for each entry."""

from __future__ import annotations

import base64

import pytest

from progimage.api.requests.note_cursor import page
from progimage.api.requests.search import QueryParameters
from progimage.api.resources.listing import CURSOR, LIMIT
from progimage.errors import InvalidRequest

NOTES = [f"trash/ann/{number}" for number in range(5)]


def read(after: str):
    return ((note, note.upper()) for note in NOTES if note > after)


def id_of(key: str) -> str | None:
    return key.rpartition("/")[2] if key.startswith("trash/") else None


def read_page(cursor: str | None = None, limit: int = 2):
    pairs = [("limit", str(limit)), *([("cursor", cursor)] if cursor is not None else [])]
    parameters = QueryParameters(pairs, (LIMIT, CURSOR))
    return page(parameters, limit, read, "trash/ann/", id_of, "picture")


def test_pages_follow_each_other_to_the_end():
    found, cursor = [], None
    for _ in range(3):
        entries, query = read_page(cursor)
        found += entries
        cursor = query and dict(part.split("=") for part in query.split("&"))["cursor"]
        cursor = cursor and cursor.replace("%3D", "=")
    assert found == [note.upper() for note in NOTES]
    assert cursor is None


def test_the_last_page_may_be_full():
    assert read_page(limit=5)[1] is None


@pytest.mark.parametrize("key", ["trash/ben/1", "users/ann.json", "", "\udc80"])
def test_a_cursor_of_another_owner_is_an_error(key):
    cursor = base64.urlsafe_b64encode(key.encode("utf-8", "surrogateescape")).decode()
    with pytest.raises(InvalidRequest, match="the first picture"):
        read_page(cursor or "!")
