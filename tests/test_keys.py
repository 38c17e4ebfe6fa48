"""Keys: what they look like, and that they can be read back."""

from __future__ import annotations

import io

import PIL
import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage import keys
from progimage.ingest.resumable import keys as upload_keys
from progimage.stores.key_rules import check_key
from progimage.stores.memory import MemoryStore

ID = "ab" + "0" * 62
ENGINE = keys.ENGINE_VERSION


def test_the_engines_version_goes_with_the_pillow_that_writes_the_bytes():
    """A new Pillow may write other bytes under the same ETag: raise the version with it."""
    assert {"5": "13.0.0"}[keys.ENGINE_VERSION] == PIL.__version__


def test_a_pictures_keys_stand_together():
    assert keys.record(ID) == f"images/ab/{ID}/record.json"
    assert keys.original(ID, "77") == f"images/ab/{ID}/original-77"
    assert keys.rendition(ID, "blur:sigma=2", "webp", public=True) == (
        f"renders/public/ab/{ID}/{ENGINE}/blur:sigma=2.webp"
    )
    assert (
        keys.rendition(ID, "", "png", public=False)
        == f"renders/private/ab/{ID}/{ENGINE}/original.png"
    )


def test_copies_of_a_picture_stand_in_one_folder():
    copy, pyramid = keys.working_copy(ID, "77", 2048, (737, 553)), keys.pyramid(ID, "77")
    assert copy == f"copies/ab/{ID}/77-{keys.COPY_VERSION}-2048-737x553"
    assert {key.rpartition("/")[0] for key in (copy, pyramid)} == {f"copies/ab/{ID}"}
    assert all(key.startswith(keys.working_copies(ID, "77")) for key in (copy, pyramid))
    assert not copy.startswith(keys.working_copies(ID, "7"))
    assert keys.id_generation_and_kind_of_copy(copy) == (ID, "77", keys.copy_kind(2048))
    assert keys.id_generation_and_kind_of_copy(pyramid) == (ID, "77", keys.PYRAMID_KIND)


def test_copies_with_the_names_of_version_0_2_are_of_no_kind():
    for name in ("1-2048/737x553", "pyramid-1/pyramid"):
        key = f"copies/ab/{ID}/77/{name}"
        assert keys.id_generation_and_kind_of_copy(key) == (ID, "77", "")


def test_a_key_names_its_kind():
    assert keys.id_of_record(keys.record(ID)) == ID
    assert keys.id_and_generation_of_original(keys.original(ID, "77")) == (ID, "77")
    rendition = keys.rendition(ID, "blur/rotate:degrees=90", "jpg", public=True)
    assert keys.id_and_engine_of_rendition(rendition) == (ID, keys.ENGINE_VERSION)
    assert keys.name_of_public_rendition(rendition) == "blur/rotate:degrees=90.jpg"
    hidden = keys.rendition(ID, "blur", "jpg", public=False)
    assert keys.name_of_public_rendition(hidden) is None


@pytest.mark.parametrize("odd", ["", "images/ab/x/record.json", f"images/ab/{ID}/else", "renders/"])
def test_other_keys_are_of_nothing(odd):
    assert keys.id_of_record(odd) is None
    assert keys.id_and_generation_of_original(odd) is None
    assert keys.id_and_engine_of_rendition(odd) is None
    assert keys.name_of_public_rendition(odd) is None


@given(
    st.lists(
        st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=2000),
        min_size=1,
        max_size=12,
    )
)
def test_no_pipeline_is_too_long_for_a_key(steps):
    for public in (True, False):
        check_key(keys.rendition(ID, "/".join(steps), "webp", public=public))


def test_two_long_pipelines_have_two_keys():
    one, other = (keys.rendition_name("x" * 900 + tail, "webp") for tail in "ab")
    assert one != other
    assert one.startswith("sha256-")


def test_a_rendition_and_a_longer_pipeline_never_fight_for_one_name():
    """A file and a folder of one name cannot be; the extension keeps them apart."""
    store = MemoryStore()
    for canonical in ("blur", "blur/rotate:degrees=90", "blur/rotate:degrees=1.5", ""):
        key = keys.rendition(ID, canonical, "webp", public=True)
        store.put(key, io.BytesIO(b"x"), media_type="image/webp")
    assert len(list(store.list(""))) == 4


@pytest.mark.parametrize("text", ["", "x" * 64, "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"])
def test_only_64_lowercase_hex_digits_are_an_id(text):
    assert not keys.is_image_id(text)


def test_generations_never_repeat():
    assert len({keys.new_generation() for _ in range(1000)}) == 1000


def test_the_keys_of_an_upload_stand_together_and_its_pieces_in_order():
    upload_id = keys.new_token()
    assert keys.is_token(upload_id)
    pieces = [upload_keys.piece(upload_id, offset) for offset in (0, 9, 10, 5 * 2**30)]
    assert pieces == sorted(pieces)
    assert [upload_keys.offset_of_piece(key) for key in pieces] == [0, 9, 10, 5 * 2**30]
    for key in (
        upload_keys.record(upload_id),
        upload_keys.size(upload_id),
        upload_keys.outcome(upload_id),
        *pieces,
    ):
        check_key(key)
        assert upload_keys.id_of(key) == upload_id
        assert key.startswith(upload_keys.upload(upload_id))


@pytest.mark.parametrize("odd", ["", "uploads/x/slot.json", "uploads/", f"uploads/{'0' * 32}/"])
def test_keys_outside_uploads_are_recognised(odd):
    assert upload_keys.id_of(odd) is None
    assert upload_keys.offset_of_piece(odd) is None
