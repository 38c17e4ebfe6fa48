"""Equal bytes of two owners are two pictures that know nothing of each other."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage import keys
from progimage.errors import Forbidden, NotFound
from progimage.library import Library, can_edit, can_see
from progimage.library.index.index import Index
from progimage.library.search.catalogue import Catalogue
from progimage.library.search.query import Query
from progimage.maintenance.check import Check
from progimage.model import ANONYMOUS, Metadata, Viewer
from progimage.stores import ObjectStore
from tests.candidates import add, candidate, id_of
from tests.system.s3.real import empty_store

PICTURE = b"pretend these are pixels"
ANN, BEN = Viewer(name="ann"), Viewer(name="ben")
PRIVATE = Metadata(visibility="private", tags=("sea",))


@pytest.fixture
def store() -> ObjectStore:
    return empty_store()


@pytest.fixture
def library(store) -> Library:
    return Library(store)


def test_an_owners_id_is_the_hash_of_name_zero_byte_and_bytes():
    digest = keys.id_hash("ann")
    digest.update(PICTURE)
    assert digest.hexdigest() == hashlib.sha256(b"ann\0" + PICTURE).hexdigest()
    plain = keys.id_hash()
    plain.update(PICTURE)
    assert plain.hexdigest() == hashlib.sha256(PICTURE).hexdigest()


@given(st.text("abc._-", min_size=0, max_size=4), st.text("abc._-", min_size=0, max_size=4))
def test_two_owners_never_share_an_id(one, other):
    assert (id_of(PICTURE, one) == id_of(PICTURE, other)) == (one == other)


def test_each_owner_has_a_picture_title_and_privacy_of_their_own(library):
    anns = add(library, PICTURE, Metadata(title="by ann"), "ann")
    bens = add(library, PICTURE, Metadata(title="by ben", visibility="private"), "ben")
    shared = add(library, PICTURE)
    assert len({anns.id, bens.id, shared.id}) == 3
    assert {anns.sha256, bens.sha256, shared.sha256} == {shared.id}
    assert library.find(BEN, bens.id).title == "by ben"
    assert library.find(BEN, anns.id).title == "by ann"
    with pytest.raises(NotFound):
        library.find(ANN, bens.id)


def test_an_upload_is_new_although_another_owner_has_the_picture(library):
    add(library, PICTURE, PRIVATE, "ann")
    assert library.add(candidate(PICTURE, owner="ben"), Metadata())[1]
    assert not library.add(candidate(PICTURE, owner="ben"), Metadata())[1]


def test_a_picture_removed_by_one_owner_stays_with_the_other(library):
    anns, bens = add(library, PICTURE, owner="ann"), add(library, PICTURE, owner="ben")
    library.remove(ANN, anns.id)
    with library.originals.open(library.find(BEN, bens.id)) as reader:
        assert reader.read() == PICTURE


@pytest.mark.parametrize("act", ["edit", "remove", "purge"])
@pytest.mark.parametrize(("visibility", "error"), [("public", Forbidden), ("private", NotFound)])
@pytest.mark.parametrize("viewer", [ANONYMOUS, BEN, Viewer(name="root", is_admin=True)])
def test_only_its_owner_changes_a_picture(library, store, act, visibility, error, viewer):
    record = add(library, PICTURE, Metadata(visibility=visibility), "ann")
    before = {stat.key: stat.etag for stat in store.list("")}
    acts = {
        "edit": lambda: library.edit(viewer, record.id, {"title": "x"}, lambda current: True),
        "remove": lambda: library.remove(viewer, record.id),
        "purge": lambda: library.find_to_edit(viewer, record.id),
    }
    with pytest.raises(error):
        acts[act]()
    assert {stat.key: stat.etag for stat in store.list("")} == before


def test_pictures_without_an_owner_are_changed_by_accounts_that_may_act_for_the_default_owner(
    library,
):
    record = add(library, PICTURE)
    stranger = Viewer(name="ben", may_act_for_default_owner=False)
    assert can_see(stranger, record)
    assert not can_edit(stranger, record)
    assert can_edit(BEN, record)
    with pytest.raises(Forbidden):
        library.remove(stranger, record.id)


def test_listings_counts_and_tags_show_each_account_only_its_own_private_pictures(store, library):
    add(library, PICTURE, PRIVATE, "ann")
    catalogue = Catalogue(Index(store))
    for viewer, count in ((ANN, 1), (BEN, 0), (ANONYMOUS, 0)):
        page = catalogue.first(viewer, Query(), 10)
        assert (len(page.records), page.total.count) == (count, count)
        assert len(catalogue.tags(viewer, 10)[0]) == count


def test_check_takes_the_ids_of_owners_for_what_they_are(store, library):
    add(library, PICTURE, PRIVATE, "ann")
    assert list(Check(store, grace=timedelta(0)).run()) == []


def test_check_reports_a_record_under_the_id_of_another_owner(store, library):
    record = add(library, PICTURE, PRIVATE, "ann")
    usurped = record.model_copy(update={"owner": "ben"})
    store.put(keys.record(record.id), io.BytesIO(usurped.to_json()), media_type="")
    found = {finding.kind for finding in Check(store, grace=timedelta(0)).run()}
    assert "id of another owner or picture" in found
