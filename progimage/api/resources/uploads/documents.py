"""What is told of an upload in pieces, and how the description of the interface says it."""

from __future__ import annotations

from dataclasses import replace

from progimage.api.openapi import schemas
from progimage.api.openapi.documented import Answer, Named, Parameter
from progimage.api.resources.uploads import tus
from progimage.api.responses import hal
from progimage.errors import Expired, NotFound, UploadConflict
from progimage.ingest.resumable.uploads import Progress
from progimage.model import Metadata


def header(name: str, about: str) -> Parameter:
    """Return the description of a header that is text."""
    return Parameter(name, about, {"type": "string"}, place="header")


UPLOAD_ID = Parameter(
    "upload_id",
    "Id of an upload: 32 lowercase hex digits; whoever knows it may go on with it.",
    {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    place="path",
    required=True,
    example="5f2b8c1e0d9a47c3b1a6e8f70c2d4b95",
)
# OPTIONS tells of the protocol, whether or not there is such an upload.
ANY_UPLOAD_ID = replace(UPLOAD_ID, schema={"type": "string"})
RESUMABLE = header("Tus-Resumable", f"`{tus.VERSION}` in a request of tus.")
CREATING = (
    RESUMABLE,
    header("Upload-Length", "How many bytes there will be."),
    header("Upload-Defer-Length", "`1` if that is not known yet."),
    header("Upload-Metadata", "What there is to say of the picture, as tus has it."),
)
PIECE = (
    RESUMABLE,
    Parameter(
        "Upload-Offset",
        "From which byte on this piece is.",
        {"type": "integer", "minimum": 0},
        place="header",
        required=True,
    ),
    header("Upload-Length", "How many bytes there will be, where it was not known at first."),
    header("Upload-Checksum", f"One of {', '.join(tus.ALGORITHMS)}, and its base64."),
)
PROGRESS = Named(
    "Upload",
    {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "state": {"type": "string", "enum": ["open", "finished"]},
            "offset": {"type": "integer", "minimum": 0},
            "size_bytes": {"type": ["integer", "null"]},
            "expires": {"type": "string", "format": "date-time"},
            "file_name": {"type": "string"},
            **Metadata.model_json_schema()["properties"],
            "image": {"type": ["string", "null"], "description": "Id of the picture it became."},
            "_links": schemas.LINKS,
        },
        "required": ["id", "state", "offset", "size_bytes", "expires", "image", "_links"],
    },
)
TOLD = ("Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Metadata", "Upload-Expires")
OPTIONS = {
    204: Answer(
        "What of tus there is.",
        {},
        (
            "Allow",
            "Tus-Resumable",
            "Tus-Version",
            "Tus-Extension",
            "Tus-Max-Size",
            "Tus-Checksum-Algorithm",
        ),
    )
}
_KEPT = {schemas.JSON: schemas.KEPT}
WHOLE = {
    200: Answer("The picture was here before.", _KEPT, ("Location",)),
    201: Answer("It is kept.", _KEPT, ("Location",)),
}
GONE = (NotFound, Expired, UploadConflict)


def describe(progress: Progress) -> dict[str, object]:
    """Return what is told of an upload."""
    upload = progress.upload
    found = {"self": {"href": hal.upload(upload.id)}}
    if progress.image_id is not None:
        found["image"] = {"href": hal.picture(progress.image_id)}
    return {
        "id": upload.id,
        "state": "open" if progress.image_id is None else "finished",
        "offset": progress.offset,
        "size_bytes": progress.size_bytes,
        "expires": upload.expires.isoformat().replace("+00:00", "Z"),
        "file_name": upload.file_name,
        **upload.metadata.model_dump(mode="json"),
        "image": progress.image_id,
        "_links": found,
    }
