"""Events as they are sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from progimage.library.events import Subject
from progimage.webhooks.events import StoredEvent, event_id

EVENT = StoredEvent(
    id="evt_1", type="image.created", created=datetime(2026, 1, 1, tzinfo=UTC), data={"id": "å"}
)


def test_the_body_is_the_same_for_each_try():
    again = EVENT.model_copy(update={"attempts": 3, "error": "no answer"})
    assert again.payload == EVENT.payload
    assert json.loads(EVENT.payload) == {
        "id": "evt_1",
        "type": "image.created",
        "created": "2026-01-01T00:00:00Z",
        "data": {"id": "å"},
    }


def test_every_process_gives_one_change_one_id():
    subject = Subject("a" * 64, "0" * 16, 1)
    ids = {
        event_id("image.created", subject),
        event_id("image.created", Subject("a" * 64, "0" * 16, 1)),
        event_id("image.deleted", subject),
        event_id("image.created", subject._replace(revision=2)),
        event_id("image.created", subject._replace(generation="1" * 16)),
    }
    assert len(ids) == 4
    assert all(text.startswith("evt_") and len(text) == 36 for text in ids)
