"""`PATCH /images/`: change, delete or restore many pictures at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, ClassVar

import falcon
from pydantic import Field, model_validator

from progimage.api.auth.authentication import viewer_of
from progimage.api.components import Components
from progimage.api.openapi import schemas
from progimage.api.openapi.documented import (
    TEXT,
    WHOLE,
    Answer,
    Content,
    documented,
    list_of,
    object_of,
)
from progimage.api.requests.json_body import JsonBody, read_json
from progimage.api.resources.deletion import Deletion
from progimage.api.responses import problems
from progimage.errors import ProgImageError
from progimage.fields import Tags, fold
from progimage.model import Record, Viewer, Visibility
from progimage.stores.deadline import ContextThreads

MAX_IMAGES = 1_000

# Threads of each web process that change pictures of bulk requests. Not those of the index: a
# change waits for them.
_THREADS = 8

Act = Callable[[Viewer, str], dict[str, Any]]

ImageIds = Annotated[
    list[Annotated[str, Field(max_length=64, pattern="^[\x00-\x7f]*$")]],
    Field(min_length=1, max_length=MAX_IMAGES, description="Ids of pictures."),
]

_RESULT = object_of(
    optional=("revision", "visibility", "tags"),
    id=TEXT,
    status=WHOLE,
    revision=WHOLE,
    visibility=TEXT,
    tags=list_of(TEXT),
)
RESULTS = object_of(
    "A result for each id, in the same order.", msg=schemas.SUCCESS, images=list_of(_RESULT)
)


class BulkChange(JsonBody):
    """A change of many pictures: new fields, their deletion, or their restoration."""

    max_bytes: ClassVar[int] = 256 * 1024

    images: ImageIds
    visibility: Visibility | None = None
    add_tags: Tags = Field(default=(), description="Tags that each picture gets.")
    remove_tags: Tags = Field(default=(), description="Tags that each picture loses.")
    delete: bool = Field(
        default=False, description="True: delete each picture, as DELETE /images/{id}/ does."
    )
    restore: bool = Field(
        default=False, description="True: restore each picture, as POST /trash/{id}/ does."
    )

    @model_validator(mode="after")
    def _has_one_change(self) -> BulkChange:
        edits = self.visibility is not None or bool(self.add_tags or self.remove_tags)
        if edits + self.delete + self.restore != 1:
            raise ValueError(
                "expected visibility, add_tags or remove_tags to change the pictures; or delete: "
                "true alone; or restore: true alone"
            )
        both = {fold(tag) for tag in self.add_tags} & {fold(tag) for tag in self.remove_tags}
        if both:
            raise ValueError(f"add_tags, remove_tags: both name {min(both)!r}")
        return self

    def changes(self, record: Record) -> dict[str, Any]:
        """Return the fields of a record that change, with their new values."""
        changes: dict[str, Any] = {}
        if self.visibility is not None:
            changes["visibility"] = self.visibility
        if self.add_tags or self.remove_tags:
            removed = {fold(tag) for tag in self.remove_tags}
            remaining = (tag for tag in record.tags if fold(tag) not in removed)
            changes["tags"] = (*remaining, *self.add_tags)
        return changes


class BulkResource:
    """Gives many pictures the same change.

    There is no If-Match: the request names a state, not a change of a version, so repeating
    it is harmless.
    """

    def __init__(self, parts: Components) -> None:
        self._library = parts.library
        self._settings = parts.settings
        self._deletion = Deletion(parts)
        self._threads = ContextThreads(_THREADS, thread_name_prefix="bulk")

    @documented(
        "bulk",
        "pictures",
        {
            200: Answer("All pictures are changed.", {schemas.JSON: RESULTS}),
            207: Answer("Some changes failed; each says why.", {schemas.JSON: RESULTS}),
        },
        body=Content(
            {schemas.JSON: BulkChange},
            examples={schemas.JSON: {"images": ["9c1e", "77ab"], "add_tags": ["sea"]}},
        ),
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Change, delete or restore each picture; 200 if all succeeded, 207 if some failed.

        Each picture is changed or not as a whole, and independently of the others.
        """
        fields = read_json(req, self._settings.upload, BulkChange)
        act: Act = partial(self._edit, fields)
        if fields.delete:
            act = self._remove
        elif fields.restore:
            act = self._restore
        results = self._each(partial(_attempt, act, viewer_of(req)), fields.images)
        has_failed = any(result["status"] >= 400 for result in results)
        resp.status = falcon.HTTP_207 if has_failed else falcon.HTTP_200
        resp.media = {"msg": "some failed" if has_failed else "ok", "images": results}

    def _each(self, act: Any, image_ids: list[str]) -> list[dict[str, Any]]:
        return list(self._threads.map(act, dict.fromkeys(image_ids)))

    def _edit(self, fields: BulkChange, viewer: Viewer, image_id: str) -> dict[str, Any]:
        record = self._library.edit(viewer, image_id, fields.changes, lambda _: True)
        return _outcome(record)

    def _remove(self, viewer: Viewer, image_id: str) -> dict[str, Any]:
        self._deletion.delete(viewer, image_id)
        return {"status": 204}

    def _restore(self, viewer: Viewer, image_id: str) -> dict[str, Any]:
        return _outcome(self._library.trash.restore(viewer, image_id))


def _outcome(record: Record) -> dict[str, Any]:
    """Return the result for a picture that is changed or restored."""
    return {
        "status": 200,
        "revision": record.revision,
        "visibility": record.visibility,
        "tags": list(record.tags),
    }


def _attempt(act: Act, viewer: Viewer, image_id: str) -> dict[str, Any]:
    """Return the result of `act`, or the problem that it raised."""
    try:
        return {"id": image_id, **act(viewer, image_id)}
    except ProgImageError as error:
        return {"id": image_id, **problems.of_error(error)}
