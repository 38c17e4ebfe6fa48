"""What tests of several nodes ask them, and hold them to."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from PIL import Image

from progimage.maintenance.check import Check
from progimage.stores import open_store
from tests.imaging.drawing import saved
from tests.system.serving.life import path_of
from tests.system.serving.server import Server

JSON = {"Content-Type": "application/json"}
# What `progimage check` may find where a process died, and repair.
LEFTOVERS = {
    "removal cut short",
    "original without record",
    "rendition without picture",
    "rendition under the wrong visibility",
    "announcement without record",
    "shelf without manifest",
    "part without job",
}


def drawn(size: int) -> bytes:
    """Return a new picture."""
    noise = Image.frombytes("RGB", (size, size), random.randbytes(size * size * 3))
    return saved(noise, "PNG")


def listed(node: Server, who: Mapping[str, str], condition: str = "") -> set[str]:
    """Return the ids of all pictures that match, each of which is listed once."""
    ids, page = [], f"/images/?limit=1000{condition}"
    while page:
        answer = node.get(page, **who).json
        ids += [record["id"] for record in answer["data"]]
        page = path_of(answer["next"]) if answer["next"] else ""
    assert len(ids) == len(set(ids))
    assert len(ids) == answer["total"] or not answer["total_is_exact"]
    return set(ids)


def created(node: Server, who: Mapping[str, str], **fields: Any) -> str:
    answer = node.request("POST", "/jobs/", json.dumps(fields), {**who, **JSON})
    assert answer.status == 202, answer.body[:2000]
    return f"/jobs/{answer.json['id']}/"


def completed(node: Server, job: str, who: Mapping[str, str]) -> set[int]:
    """Return the places of the items that are done."""
    listed = node.get(f"{job}?limit=1000&state=complete", **who).json
    return {entry["index"] for entry in listed["uploaded"]["complete"]}


def assert_only_leftovers(url: str) -> None:
    store = open_store(url)
    first, second = (list(Check(store, repair=True, grace=timedelta(0)).run()) for _ in range(2))
    assert {finding.kind for finding in first} <= LEFTOVERS
    assert second == []
