"""The beginning of an id stands for it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from progimage.cli.ids import full_id
from progimage.cli.terminal import CommandError


def test_the_beginning_of_an_id_is_enough_where_it_is_the_only_one(use, image_id, tmp_path):
    short = image_id[:12]
    assert use("show", short, "--json").text == use("show", image_id, "--json").text
    assert use("render", short, "sepia.png", "-o", tmp_path / "sepia.png").code == 0
    assert use("edit", short, "--title", "Harbour").code == 0
    assert use("bulk", short, "--add-tag", "short").code == 0
    unknown = use("show", "0" * 12)
    assert (unknown.code, unknown.out) == (2, b"")
    assert f"there is no image whose id begins with {'0' * 12}" in unknown.err
    assert use("rm", "--yes", "0" * 12).code == 2
    assert use("rm", "--yes", short).code == 0


def test_of_several_ids_more_digits_are_asked_for():
    class TwoImages:
        def search(self, **criteria):
            return [SimpleNamespace(id=f"{criteria['id']}{digit * 60}") for digit in "ab"]

    with pytest.raises(CommandError, match="ids of 2 images begin with abcd: abcdaaaa, abcdbbbb;"):
        full_id(TwoImages(), "abcd")
