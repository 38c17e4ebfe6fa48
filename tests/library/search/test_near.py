"""Pictures that look alike are found, in shelves and before they are in one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from progimage.errors import InvalidRequest
from progimage.library import Library
from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.near import Near, near
from progimage.library.search.order import Order
from progimage.library.search.query import Query
from progimage.model import ANONYMOUS, Metadata, Record, Viewer
from progimage.stores import ObjectStore
from progimage.stores.memory import MemoryStore
from tests.candidates import FACTS, candidate

BOB = Viewer(name="bob")
LOOK = "00ff00ff00ff00ff"
BY_BITS = {bits: f"{int(LOOK, 16) ^ ((1 << bits) - 1):016x}" for bits in (0, 1, 8, 9, 16, 17)}
"""Hashes that differ from `LOOK` in so many bits."""


@pytest.fixture
def store() -> ObjectStore:
    return MemoryStore()


@pytest.fixture(params=["announced", "in shelves", "in both"])
def settle(request, store: ObjectStore):
    """Bring what was added into shelves, or leave it out, or half of it."""

    def fold_some(moment: str) -> None:
        if request.param == "in shelves" or (request.param == "in both" and moment == "half"):
            fold(Index(store))

    return fold_some


def add(store: ObjectStore, look: str, name: str = "", owner: str = "", **fields: object) -> Record:
    """Add a picture that looks so."""
    content = f"{look}{name}".encode()
    facts = SimpleNamespace(**{**vars(FACTS), "perceptual_hash": look})
    made = replace(candidate(content, owner=owner), facts=facts)
    return Library(store).add(made, Metadata.model_validate({"title": name, **fields}))[0]


def found(store: ObjectStore, record: Record, viewer: Viewer = ANONYMOUS, **query) -> set[str]:
    """Return the titles of the pictures that look like one."""
    requested = Query(near=near(record, query.pop("distance", 8)), **query)
    catalogue = Catalogue(Index(store))
    page = catalogue.first(viewer, requested, 100)
    streamed = [each for wave in catalogue.every(viewer, requested) for each in wave]
    assert page.records == streamed
    assert page.total.count == len(streamed)
    assert all(requested.matches(each) for each in streamed)
    in_order = catalogue.first(viewer, requested, 100, order=Order("title")).records
    assert [each.title for each in in_order] == sorted(each.title for each in streamed)
    return {each.title for each in streamed}


def test_pictures_within_the_distance_are_found_but_not_the_picture_itself(store, settle):
    this = add(store, LOOK, "this")
    add(store, LOOK, "same")
    add(store, BY_BITS[8], "8")
    settle("half")
    add(store, BY_BITS[1], "1")
    add(store, BY_BITS[9], "9")
    add(store, "", "without a hash")
    settle("all")
    assert found(store, this) == {"same", "1", "8"}
    assert found(store, this, distance=0) == {"same"}
    assert found(store, this, distance=9) == {"same", "1", "8", "9"}


def test_other_conditions_hold_as_well(store, settle):
    this = add(store, LOOK, "this")
    add(store, LOOK, "tagged", tags=("sea",))
    add(store, LOOK, "other")
    settle("half")
    assert found(store, this, needles=("tag",)) == {"tagged"}
    assert found(store, this, media_type="image/gif") == set()


def test_private_pictures_are_found_by_their_owner_only(store, settle):
    this = add(store, LOOK, "this")
    add(store, LOOK, "secret", owner="bob", visibility="private")
    settle("half")
    assert found(store, this) == set()
    assert found(store, this, BOB) == {"secret"}


def test_a_picture_of_one_colour_looks_like_no_other(store, settle):
    this = add(store, "0" * 16, "this")
    add(store, "0" * 16, "same")
    settle("half")
    assert found(store, this) == set()


def test_a_removed_picture_is_not_found(store, settle):
    this, other = add(store, LOOK, "this"), add(store, LOOK, "other")
    settle("half")
    Library(store).remove(ANONYMOUS, other.id)
    assert found(store, this) == set()


def test_without_a_hash_nothing_can_be_asked_for(store):
    with pytest.raises(InvalidRequest, match=r"^near: .* no perceptual hash"):
        near(add(store, ""))


@pytest.mark.parametrize(("bits", "is_found"), [(0, True), (16, True), (17, False)])
def test_the_distance_counts_bits(bits, is_found):
    look = int(LOOK, 16)
    assert Near("id", look, 16).has(int(BY_BITS[bits], 16)) is is_found
