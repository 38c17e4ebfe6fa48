"""The documents, headers and parameters of resumable uploads."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field, StrictInt

from progimage.api.openapi import schemas
from progimage.api.openapi.documented import (
    COUNT,
    TEXT,
    TIME,
    Answer,
    Named,
    Parameter,
    in_header,
    in_path,
    object_of,
)
from progimage.api.requests.json_body import UploadFields
from progimage.api.resources.images import outcome
from progimage.api.resources.uploads import tus
from progimage.api.responses import hal
from progimage.api.responses.hal import Urls
from progimage.errors import Expired, NotFound
from progimage.fields import MAX_FILE_NAME
from progimage.ingest.resumable.state import Progress
from progimage.model import Metadata

UPLOAD_ID = in_path(
    "upload_id",
    "Id of an upload: 32 lowercase hex digits; every client that knows it may continue it.",
    "5f2b8c1e0d9a47c3b1a6e8f70c2d4b95",
    (NotFound, Expired),
    pattern="^[0-9a-f]{32}$",
)
# OPTIONS describes the protocol, whether or not the upload exists.
ANY_UPLOAD_ID = replace(UPLOAD_ID, schema={"type": "string"}, errors=())
RESUMABLE = in_header("Tus-Resumable", f"`{tus.VERSION}` in a request of tus.", 412)
CREATING = (
    RESUMABLE,
    in_header("Upload-Length", "The size of the upload in bytes."),
    in_header("Upload-Defer-Length", "`1` if the size is not known yet."),
    in_header("Upload-Metadata", "Fields about the picture, encoded as tus specifies."),
)
PIECE = (
    RESUMABLE,
    Parameter(
        "Upload-Offset",
        "The position of the first byte of this piece.",
        {"type": "integer", "minimum": 0},
        place="header",
        required=True,
    ),
    in_header("Upload-Length", "The size in bytes, if it was not known at first."),
    in_header(
        "Upload-Checksum", f"One of {', '.join(tus.ALGORITHMS)}, then the checksum in base64."
    ),
)


class UploadRequest(UploadFields):
    """What is known about a picture before its bytes are sent."""

    file_name: str = Field(default="", max_length=16 * MAX_FILE_NAME)
    size_bytes: StrictInt | None = Field(default=None, ge=0)


PROGRESS = Named(
    "Upload",
    object_of(
        optional=("file_name", *Metadata.model_fields, *schemas.RESULT),
        id=TEXT,
        state={"type": "string", "enum": ["open", "finished"]},
        offset=COUNT,
        size_bytes={"type": ["integer", "null"]},
        expires=TIME,
        file_name=TEXT,
        **schemas.inlined(Metadata.model_json_schema())["properties"],
        image={"type": ["string", "null"], "description": "Id of the finished picture."},
        **schemas.RESULT,
        _links=schemas.LINKS,
    ),
)
PROGRESS_HEADERS = (
    "Tus-Resumable",
    "Upload-Offset",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Expires",
)
OPTIONS = {
    204: Answer(
        "The supported extensions of tus.",
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
_UPLOADED = {schemas.JSON: schemas.UPLOADED}
WHOLE = {
    200: Answer("The picture was here already.", _UPLOADED, ("Location",)),
    201: Answer("The picture is stored.", _UPLOADED, ("Location",)),
}


def describe(progress: Progress, urls: Urls) -> dict[str, object]:
    """Return the document about a resumable upload."""
    upload = progress.upload
    links = {"self": urls.link(hal.upload(upload.id))}
    if progress.image_id is not None:
        links["image"] = urls.link(hal.picture(progress.image_id))
    return {
        "id": upload.id,
        "state": "open" if progress.image_id is None else "finished",
        "offset": progress.offset,
        "size_bytes": progress.size_bytes,
        "expires": upload.expires.isoformat().replace("+00:00", "Z"),
        "file_name": upload.file_name,
        **upload.metadata.model_dump(mode="json"),
        "image": progress.image_id,
        **(outcome(progress.outcome) if progress.outcome else {}),
        "_links": links,
    }
