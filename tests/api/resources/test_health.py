"""The probes, with a store and without."""

from __future__ import annotations

import errno

import pytest

from progimage.errors import StoreUnavailable
from progimage.ingest.ingest import Ingest
from progimage.stores.memory import MemoryStore
from tests.api.conftest import assert_problem


class DownStore(MemoryStore):
    """A store that does not answer."""

    def put(self, key, source, *, media_type, expect=None):
        raise StoreUnavailable("the store did not answer in time")

    def open(self, key, start=0, length=None):
        raise StoreUnavailable("the store did not answer in time")


class TestWithoutStore:
    @pytest.fixture
    def store(self) -> MemoryStore:
        return DownStore()

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", f"/images/{'0' * 64}/"),
            ("GET", f"/images/{'0' * 64}/thumbnail.webp"),
            ("DELETE", f"/images/{'0' * 64}/"),
            ("GET", "/health/ready"),
        ],
    )
    def test_a_store_that_does_not_answer_is_503_with_retry_after(self, client, method, path):
        result = client.simulate_request(method, path)
        assert_problem(result, 503, "did not answer")
        assert int(result.headers["retry-after"]) >= 1

    def test_the_process_is_live_without_its_store(self, client):
        assert client.simulate_get("/health/live").json == {"status": "ok"}


def test_ready_leaves_nothing_in_the_store(client, store):
    assert client.simulate_get("/health/ready").json == {"status": "ok"}
    assert list(store.list("")) == []


class TestForStrangers:
    @pytest.fixture
    def store(self) -> MemoryStore:
        return DownStore()

    def test_only_operators_read_why_a_node_is_not_ready(self, make_client):
        stranger = make_client(metrics={"allow": ["192.0.2.0/24"]})
        answer = stranger.simulate_get("/health/ready")
        assert_problem(answer, 503, "try again")
        assert "did not answer" not in answer.text


def test_errors_for_want_of_room_are_503_with_retry_after(client, jpeg, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/path")

    monkeypatch.setattr(Ingest, "receive", full)
    answer = client.simulate_post("/images/", body=jpeg, headers={"Content-Type": "image/jpeg"})
    assert_problem(answer, 503, "no room")
    assert int(answer.headers["retry-after"]) >= 1
    assert "/secret" not in answer.text
