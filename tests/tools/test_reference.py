"""The pages that follow from the code."""

from __future__ import annotations

import pytest

from tools import reference


@pytest.mark.parametrize(
    ("meaning", "cell"),
    [
        ("makes /images/<id>/avatar", r"makes /images/\<id\>/avatar"),
        ("makes `/images/<id>/avatar` and <b>", r"makes `/images/<id>/avatar` and \<b\>"),
        ("one | other", r"one \| other"),
    ],
)
def test_brackets_are_escaped_outside_of_code(meaning, cell):
    assert reference.escaped(meaning) == cell
