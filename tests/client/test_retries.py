"""When the client sends a failed request again."""

from __future__ import annotations

import pytest

from progimage.client.retries import Retries

RETRIES = Retries(attempts=5, backoff_s=1, max_backoff_s=4, max_wait_s=60)


@pytest.mark.parametrize(("tries", "most_s"), [(1, 1), (2, 2), (3, 4), (4, 4)])
def test_pauses_grow_to_their_bound(tries: int, most_s: float) -> None:
    pauses = [RETRIES.pause_s(tries) for _ in range(200)]
    assert all(pause is not None and 0 <= pause <= most_s for pause in pauses)
    assert len(set(pauses)) > 1


def test_the_time_that_the_server_asks_for_comes_on_top() -> None:
    pause = RETRIES.pause_s(1, 30)
    assert pause is not None
    assert 30 <= pause <= 31


@pytest.mark.parametrize(("tries", "retry_after_s"), [(5, None), (9, None), (1, 61)])
def test_there_is_an_end(tries: int, retry_after_s: float | None) -> None:
    assert RETRIES.pause_s(tries, retry_after_s) is None
