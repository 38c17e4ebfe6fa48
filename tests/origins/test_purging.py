"""Parts of a purge as text, and what each of them removes."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from progimage.library import Library
from progimage.origins.copies import CopyStore
from progimage.origins.pointers import Pointer, Pointers
from progimage.origins.purging import PARTS, PurgePart, Purging
from progimage.origins.unlisted import Unlisted
from progimage.stores.memory import MemoryStore


@given(st.text(max_size=50))
def test_a_part_is_read_from_its_own_text(prefix):
    part = PurgePart("shop", "0f", prefix)
    assert PurgePart.parse(str(part)) == part


def test_all_parts_together_remove_each_picture_of_the_prefix_once():
    store = MemoryStore()
    pointers, copies = Pointers(store), CopyStore(store)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(50):
        for origin in ("shop", "shop-2"):
            for key in (f"x/{number}.png", f"y/{number}.png"):
                pointer = Pointer(key=key, version="", image_id="0" * 64, checked=now, fresh_s=1)
                pointers.write(origin, pointer, None)
    purging = Purging((Pointers(store),), Library(copies, index=Unlisted(copies)))
    removed = [purging.purge(PurgePart("shop", part, "x/")) for part in PARTS]
    assert sum(removed) == 50
    assert pointers.find("shop", "x/1.png") is None
    assert pointers.find("shop", "y/1.png") is not None
    assert pointers.find("shop-2", "x/1.png") is not None
    assert sum(purging.purge(PurgePart("shop", part, "x/")) for part in PARTS) == 0
