"""The fields that are sent with an upload."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from progimage.client.errors import InvalidCall
from progimage.client.records import OnExternal, OnKnown, Visibility


@dataclass(frozen=True, slots=True)
class UploadFields:
    """The fields of an upload; `file_name` is not sent for a URL.

    Raises:
        InvalidCall: the tags are one string, or one of them has a comma, which separates tags.
    """

    title: str = ""
    description: str = ""
    tags: Iterable[str] = ()
    visibility: Visibility | None = None
    file_name: str | None = None
    on_known: OnKnown = "keep"
    external_id: str = ""
    on_external: OnExternal = "conflict"

    def __post_init__(self) -> None:
        if isinstance(self.tags, str):
            raise InvalidCall(f"tags: expected a list, got the string {self.tags!r}")
        object.__setattr__(self, "tags", tuple(self.tags))
        for tag in self.tags:
            if "," in tag:
                raise InvalidCall(f"tags: a comma separates tags, so {tag!r} is not one tag")

    def values(self) -> dict[str, Any]:
        """Return the fields that are set, for JSON or a form."""
        values = {
            "title": self.title,
            "description": self.description,
            "tags": list(self.tags),
            "visibility": self.visibility,
            # Defaults are not sent: older servers do not know these fields.
            "on_known": None if self.on_known == "keep" else self.on_known,
            "external_id": self.external_id,
            "on_external": None if self.on_external == "conflict" else self.on_external,
        }
        return {name: value for name, value in values.items() if value}

    def tus_metadata(self, file_name: str) -> str:
        """Return the header Upload-Metadata (tus 1.0.0, extension "creation")."""
        values = {"filename": file_name, **self.values()}
        if "tags" in values:
            values["tags"] = ",".join(values["tags"])
        return ",".join(
            f"{name} {base64.b64encode(str(value).encode()).decode()}"
            for name, value in values.items()
            if value
        )
