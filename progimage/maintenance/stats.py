"""How many objects of each kind a store has, and how many bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from progimage import keys
from progimage.ingest.resumable import keys as upload_keys
from progimage.jobs import keys as job_keys
from progimage.library import owner_keys
from progimage.stores import ObjectStore
from progimage.webhooks import keys as webhook_keys


@dataclass(slots=True)
class Amount:
    """A number of objects and their bytes."""

    count: int = 0
    size_bytes: int = 0


def measure(
    store: ObjectStore, on_progress: Callable[[str], None] = lambda _: None
) -> dict[str, Amount]:
    """Return what the store has, by name: images, originals, renditions and so on.

    The bytes of a job or an upload are those of all its objects. One listing of all keys
    is read, no object. `on_progress` is called with each key.
    """
    amounts = {name: Amount() for name in ("images", "originals", *_PREFIXES.values(), "other")}
    for stat in store.list(""):
        on_progress(stat.key)
        name, is_one = _kind(stat.key)
        amounts[name].count += is_one
        amounts[name].size_bytes += stat.size
    return amounts


_PREFIXES = {
    keys.RENDERS: "renditions",
    keys.USERS: "accounts",
    job_keys.JOBS: "jobs",
    upload_keys.UPLOADS: "uploads",
    owner_keys.TRASH: "trash",
    owner_keys.ALBUMS: "albums",
    webhook_keys.WEBHOOKS: "events of webhooks",
    owner_keys.EXTERNAL_IDS: "external ids",
    owner_keys.USAGE: "counts for quotas",
    "index/": "index",
}


def _kind(key: str) -> tuple[str, bool]:
    """Return the name that an object belongs to, and whether it counts as one of these."""
    if keys.id_of_record(key):
        return "images", True
    if keys.id_and_generation_of_original(key):
        return "originals", True
    name = next((name for prefix, name in _PREFIXES.items() if key.startswith(prefix)), "other")
    if name == "jobs":
        return name, key.endswith("/request.json")
    if name == "uploads":
        upload_id = upload_keys.id_of(key)
        return name, upload_id is not None and key == upload_keys.record(upload_id)
    return name, True
