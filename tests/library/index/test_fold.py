"""Changes are folded into shelves, by one of several processes."""

from __future__ import annotations

from progimage.library.index.fold import fold
from progimage.library.index.index import Index
from progimage.library.index.sweep import remove_unnamed
from progimage.model import ANONYMOUS
from tests.candidates import id_of
from tests.library.index.filled import NOW, fill, ids


def test_few_changes_are_not_worth_a_fold(store, library):
    fill(library, range(3))
    assert fold(Index(store), 4) == "nothing to do"
    assert fold(Index(store), 3) == "published"
    assert fold(Index(store), 1) == "nothing to do"


def test_of_two_folds_that_began_alike_one_wins_and_nothing_is_lost(store, library, monkeypatch):
    fill(library, range(5))
    index, other = Index(store), Index(store)
    stale = index.view()
    library.remove(ANONYMOUS, id_of(b"3"))
    assert fold(other, 1) == "published"
    with monkeypatch.context() as patch:
        patch.setattr(index, "view", lambda: stale)  # it read before the other won
        assert fold(index, 1) == "lost"
    assert len(ids(store)) == 4
    assert remove_unnamed(other, NOW) == 1
    assert len(ids(store)) == 4
