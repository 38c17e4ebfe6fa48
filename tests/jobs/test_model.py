"""What is stored of a job."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from progimage.jobs.model import Request
from progimage.model import Metadata


def test_a_stored_job_has_only_the_metadata_that_was_sent():
    """Nodes of an earlier version do not know each field."""
    request = Request(
        id="0" * 32,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        kind="import",
        metadata=Metadata(title="Sea"),
        entries=1,
    )
    stored = json.loads(request.model_dump_json())
    assert stored["metadata"] == {"title": "Sea"}
    assert Request.model_validate(stored) == request
