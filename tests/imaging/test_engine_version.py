"""The engine's version changes whenever the bytes of renditions do."""

from __future__ import annotations

import json
import platform

import pytest

from progimage.keys import ENGINE_VERSION
from tools.engine_checksums import TABLE, table

RECORDED = json.loads(TABLE.read_text("utf-8"))


@pytest.fixture(scope="module")
def checksums() -> dict[str, str]:
    return table()["checksums"]


def test_the_table_is_of_this_version():
    assert RECORDED["engine"] == ENGINE_VERSION, "run `make engine-checksums`"


@pytest.mark.skipif(
    platform.machine() != RECORDED["machine"], reason="codecs differ between kinds of processors"
)
def test_the_engine_makes_the_bytes_of_its_version(checksums):
    changed = {
        case
        for case, checksum in checksums.items()
        if RECORDED["checksums"].get(case, checksum) != checksum
    }
    assert not changed, (
        "these bytes have changed: raise ENGINE_VERSION in progimage/keys.py, then run "
        "`make engine-checksums`"
    )


def test_every_operation_is_in_the_table(checksums):
    assert checksums.keys() == RECORDED["checksums"].keys(), "run `make engine-checksums`"
