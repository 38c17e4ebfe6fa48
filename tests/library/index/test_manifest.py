"""The manifest."""

from __future__ import annotations

import io

import pytest

from progimage.errors import IndexMissing
from progimage.library.index import manifest
from progimage.library.index.keys import MANIFEST


@pytest.mark.parametrize("data", [b'{"format": 1}', b"{}", b"", b"[1]"])
def test_a_manifest_of_another_version_is_refused(store, data):
    store.put(MANIFEST, io.BytesIO(data), media_type="")
    with pytest.raises(IndexMissing, match="reindex --from-scratch"):
        manifest.read(store)
