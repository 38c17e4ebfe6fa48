"""Outcomes of the items of a job."""

from __future__ import annotations

import io

import pytest

from progimage.errors import DamagedRecord
from progimage.jobs import keys
from progimage.jobs.model import Counts, Outcome, Request
from progimage.jobs.outcomes import Outcomes
from progimage.stores.memory import MemoryStore

DONE, FAILED = Outcome(image_id="a"), Outcome(error="NotFound", detail="it is gone")


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def outcomes(store):
    return Outcomes(store)


@pytest.fixture
def request_():
    return Request.model_construct(
        id="ab" * 16, kind="import", entries=5, repeated={}, transforms=()
    )


def test_the_first_outcome_of_an_item_stays(outcomes, request_):
    assert outcomes.create(request_, 1, DONE)
    assert not outcomes.create(request_, 1, FAILED)
    assert outcomes.find(request_, 1) == DONE
    assert outcomes.find(request_, 2) is None


def test_a_listing_shows_states_without_reading_outcomes(outcomes, request_):
    outcomes.create(request_, 1, DONE)
    outcomes.create(request_, 3, FAILED)
    assert outcomes.count(request_) == Counts(3, 1, 1)
    assert outcomes.missing(request_, range(1, 4)) == [2]
    assert list(outcomes.states(request_, 1)) == [
        (1, "complete"),
        (2, "pending"),
        (3, "failed"),
        (4, "pending"),
    ]


def test_one_that_cannot_be_read_hides_no_other(outcomes, request_, store):
    store.put(keys.item(request_.id, 0), io.BytesIO(b"{"), media_type="application/json")
    with pytest.raises(DamagedRecord):
        outcomes.find(request_, 0)
    assert outcomes.shown(request_, 0).error == "DamagedRecord"
