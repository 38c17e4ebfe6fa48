"""The facts about a picture of an origin, as JSON."""

from __future__ import annotations

from datetime import timedelta

from progimage.origins.copies import is_copy
from progimage.origins.origins import Found, Origin

_OF_RECORD = (
    "width",
    "height",
    "frames",
    "media_type",
    "size_bytes",
    "has_alpha",
    "dominant_colour",
    "placeholder",
)


def facts(origin: Origin, found: Found) -> dict[str, object]:
    """Return the facts about a picture, ready for JSON."""
    record, pointer = found.record, found.pointer
    document = record.model_dump(mode="json", include=set(_OF_RECORD))
    is_foreign = is_copy(record, origin.name)
    fresh_until = pointer.checked + timedelta(seconds=pointer.fresh_s)
    return {
        "origin": origin.name,
        "key": pointer.key,
        **{name: document[name] for name in _OF_RECORD},
        "version": pointer.version,
        "checked": pointer.checked.isoformat(),
        # The origin is not asked again for a picture that is in the library.
        "fresh_until": fresh_until.isoformat() if is_foreign else None,
        "image": None if is_foreign else record.id,
    }
