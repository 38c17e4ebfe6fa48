"""Results of renders: small ones are returned, larger ones are in a file."""

from __future__ import annotations

from io import SEEK_END
from pathlib import Path

import pytest

from progimage.imaging.results import ResultFile, returned

MOST = 256 << 10


def test_a_small_result_is_returned_and_makes_no_file(tmp_path):
    path = tmp_path / "result"
    made, data = returned(str(path), lambda file: file.write(b"small"))
    assert (made, data) == (5, b"small")
    assert not path.exists()


def test_a_large_result_is_in_the_file(tmp_path):
    path = tmp_path / "result"
    made, data = returned(str(path), lambda file: file.write(b"x" * (MOST + 1)))
    assert (made, data) == (MOST + 1, None)
    assert path.read_bytes() == b"x" * (MOST + 1)


def test_encoders_may_go_back_before_and_after_it_became_large(tmp_path):
    path = tmp_path / "result"
    with ResultFile(str(path)) as file:
        file.write(b"head")
        file.seek(1)
        file.write(b"E")
        file.seek(0, SEEK_END)
        file.write(b"x" * MOST)
        file.seek(2)
        file.write(b"A")
        file.seek(0)
        assert file.read(4) == b"hEAd"
        file.seek(0, SEEK_END)
        assert file.tell() == MOST + 4
    assert path.read_bytes() == b"hEAd" + b"x" * MOST


def test_what_the_work_raises_is_raised(tmp_path):
    def fail(_: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        returned(str(Path(tmp_path) / "result"), fail)
