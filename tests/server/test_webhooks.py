"""The parts of a web process that send events, as the settings make them."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import pytest

from progimage.config import Settings
from progimage.library.events import Subject
from progimage.server.webhooks import outbox_of, senders_of
from progimage.stores import ABSENT, json_objects
from progimage.stores.memory import MemoryStore
from progimage.webhooks import keys
from progimage.webhooks.endpoint import Delivery, Endpoint
from progimage.webhooks.events import PendingEvent, StoredEvent
from progimage.webhooks.queue import enqueue
from progimage.webhooks.sender import Sender

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WAIT_S = 60


def event_of(number: int) -> StoredEvent:
    return StoredEvent(
        id=f"evt_{number:032x}", type="image.deleted", created=datetime.now(UTC), data={}
    )


@pytest.fixture
def settings() -> Settings:
    hook = {"secret": SECRET, "concurrent": 1}
    hooks = {name: {"url": f"https://{name}.example/", **hook} for name in ("first", "second")}
    return Settings.model_validate({"webhooks": hooks, "jobs": {"lease_s": 1, "poll_s": 0.1}})


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_a_receiver_that_stalls_does_not_delay_the_recovery_for_others(
    settings, store, monkeypatch
):
    stalled, may_end = threading.Event(), threading.Event()

    def stall(*_):
        stalled.set()
        may_end.wait(WAIT_S)
        return Delivery()

    monkeypatch.setattr(Endpoint, "send", stall)
    enqueue(store, "first", event_of(0))
    senders = senders_of(settings, store, outbox_of(settings, store))
    senders.start()
    try:
        assert stalled.wait(WAIT_S)
        # Of a process that died: the picture is gone, so its removal was committed.
        lost = PendingEvent(subject=Subject("0" * 64), hooks=("second",), event=event_of(1))
        json_objects.save(store, keys.pending("0" * 32), lost, ABSENT)
        deadline = time.monotonic() + WAIT_S
        while list(store.list(keys.PENDING)):
            assert time.monotonic() < deadline, "the lost event was not recovered"
            time.sleep(0.01)
        assert list(store.list(keys.queue("second")))
    finally:
        may_end.set()
        senders.stop(WAIT_S)
    assert not list(store.list(f"{keys.WEBHOOKS}leases/"))
    assert not list(store.list(keys.RECOVERY))


def test_a_change_wakes_the_senders_whose_receivers_want_it(store, monkeypatch):
    woken = []
    monkeypatch.setattr(Sender, "wake", lambda sender: woken.append(sender.hook))
    hooks = {
        name: {"url": f"https://{name}.example/", "secret": SECRET, "events": [kind]}
        for name, kind in (("first", "image.deleted"), ("second", "image.created"))
    }
    settings = Settings.model_validate({"webhooks": hooks})
    outbox = outbox_of(settings, store)
    senders_of(settings, store, outbox)
    with outbox.expecting("image.deleted", Subject("0" * 64), dict) as event:
        event.confirm()
    assert woken == ["first"]
