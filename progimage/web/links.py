"""URLs and HAL links (draft-kelly-json-hal) of what we serve."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import falcon

from progimage.model import Record

Links = dict[str, dict[str, Any]]

# What may stand unescaped in a path beside letters and digits (RFC 3986, section 3.3),
# less what a shell or a markdown link would trip over.
_SAFE = ":=,._-~/@"


def absolute(req: falcon.Request, public_url: str, path: str) -> str:
    """Return `path` under the address that clients know us by."""
    return f"{public_url or f'{req.scheme}://{req.netloc}'}{req.root_path}{path}"


def picture(image_id: str) -> str:
    """Return the path of a picture's original."""
    return f"/images/{image_id}/"


def upload(slot_id: str) -> str:
    """Return the path of an upload in pieces."""
    return f"/uploads/{slot_id}/"


def job(job_id: str) -> str:
    """Return the path of a job."""
    return f"/jobs/{job_id}/"


def rendition(image_id: str, name: str) -> str:
    """Return the path of a rendition; `name` is its canonical form with the extension.

    A mere conversion's canonical URL is the short one, `/images/<id>.webp`.
    """
    if name.startswith("original."):
        return f"/images/{image_id}{name.removeprefix('original')}"
    return f"/images/{image_id}/{quote(name, safe=_SAFE)}"


def of_record(record: Record) -> Links:
    """Return where a picture's record leads."""
    base = picture(record.id)
    return {
        "self": {"href": f"{base}metadata/"},
        "original": {"href": base, "type": record.media_type},
        "convert": {"href": f"/images/{record.id}.{{format}}", "templated": True},
        "thumbnail": {
            "href": f"{base}thumbnail:{{width}}x{{height}}.{{format}}",
            "templated": True,
        },
        "rendition": {"href": f"{base}{{+pipeline}}.{{format}}", "templated": True},
        "renders": {"href": f"{base}renders/"},
        "links": {"href": f"{base}links/"},
        "transforms": {"href": "/transforms/"},
    }


def hal(record: Record) -> dict[str, Any]:
    """Return a record as a HAL document."""
    return {**record.facts(), "_links": of_record(record)}
