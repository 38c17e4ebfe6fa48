"""`progimage adopt`: one job after another until all keys of an origin are imported."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from progimage.client import Client


@pytest.fixture
def adopted(monkeypatch):
    """A service whose jobs have so many failures each; yields the calls, and the failures."""
    calls, failures = [], [0, 1]

    def adopt(self, origin, *, after, **options):
        failed = failures[len(calls)]
        calls.append((origin, after, options))
        items = [{"url": "b.jpg", "error": "CorruptPicture"}][:failed]
        done = SimpleNamespace(complete=3, failed=failed, items=lambda _: items)
        more_after = "m.jpg" if len(calls) < len(failures) else None
        return SimpleNamespace(id="1", total=3, wait=lambda: done, more_after=more_after)

    monkeypatch.setattr(Client, "adopt", adopt)
    return SimpleNamespace(calls=calls, failures=failures)


def test_jobs_follow_one_another_and_failures_end_with_1(use, adopted):
    ran = use("adopt", "photos", "--tag", "old", "--private")
    options = {"prefix": "", "tags": ["old"], "visibility": "private"}
    assert adopted.calls == [("photos", "", options), ("photos", "m.jpg", options)]
    assert ran.code == 1
    assert "b.jpg" in ran.text


def test_without_failures_it_ends_with_0(use, adopted):
    adopted.failures[:] = [0]
    assert use("adopt", "photos", "--after", "c.jpg").code == 0
    assert adopted.calls[0][1] == "c.jpg"
