"""What requests and answers about albums contain."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from progimage.api.openapi import schemas
from progimage.api.openapi.documented import TEXT, TIME, WHOLE, Named, in_path, list_of, object_of
from progimage.api.openapi.pages import collection
from progimage.api.requests.json_body import JsonBody
from progimage.api.requests.links import Lifetime
from progimage.fields import Description, Title
from progimage.library.albums import MAX_PICTURES
from progimage.model import Visibility

MAX_CHANGED = 1_000
"""Pictures that one request adds to an album, or removes."""

ImageId = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

ALBUM_ID = in_path(
    "album_id",
    "Id of an album: 32 lowercase hex digits.",
    "5f0c6a4f1f0e4c4b9a4d2f6f9b7a1c3d",
    pattern="^[0-9a-f]{32}$",
)

ALBUM = Named(
    "Album",
    object_of(
        optional=("revision", "cover", "created", "modified", "count"),
        id=TEXT,
        owner=TEXT,
        revision={**WHOLE, "description": "Counts changes; only for the owner."},
        title=TEXT,
        description=TEXT,
        visibility={"type": "string", "enum": ["public", "private"]},
        cover={
            "type": ["string", "null"],
            "description": "Id of the cover; a picture that the client may see.",
        },
        created=TIME,
        modified={**TIME, "description": "Only for the owner."},
        count={
            **WHOLE,
            "description": "Pictures, also those that are deleted; only for the owner.",
        },
        _links=schemas.LINKS,
    ),
)
ALBUMS = collection("AlbumCollection", ALBUM)
PICTURES = collection("AlbumPictures", schemas.PART_OF_PICTURE)
CHANGED = Named(
    "AlbumChanged",
    object_of(
        msg=schemas.SUCCESS,
        revision=WHOLE,
        count=WHOLE,
        images=list_of(object_of(id=TEXT, status=WHOLE), "A result for each id in `add`."),
    ),
)


class AlbumFields(JsonBody):
    """The fields of an album; null is the default."""

    max_bytes: ClassVar[int] = 1024 * 1024

    title: Title | None = None
    description: Description | None = None
    visibility: Visibility | None = Field(
        default=None, description="By default private; public if it belongs to no account."
    )
    cover: ImageId | None = Field(
        default=None, description="Id of a picture of the album; by default the first."
    )
    images: list[ImageId] | None = Field(
        default=None, max_length=MAX_PICTURES, description="Ids of all pictures, in order."
    )

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent, with defaults instead of null."""
        found: dict[str, Any] = {}
        for name in self.model_fields_set - {"visibility", "images"}:
            found[name] = getattr(self, name) or ""
        if self.visibility is not None:
            found["visibility"] = self.visibility
        if "images" in self.model_fields_set:
            found["images"] = tuple(dict.fromkeys(self.images or ()))
        return found


class AlbumChange(JsonBody):
    """Pictures to add to an album, to move in it, and to remove from it."""

    max_bytes: ClassVar[int] = 256 * 1024

    add: list[ImageId] = Field(
        default=[],
        max_length=MAX_CHANGED,
        description="Ids of pictures to add; those that are in the album are moved.",
    )
    remove: list[ImageId] = Field(
        default=[], max_length=MAX_CHANGED, description="Ids of pictures to remove."
    )
    before: ImageId | None = Field(
        default=None, description="Add in front of this picture; by default at the end."
    )


class AlbumLinkRequest(Lifetime):
    """The lifetime of a link to an album."""
