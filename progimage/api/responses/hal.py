"""URLs and HAL links (draft-kelly-json-hal) of what we serve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import falcon

from progimage.access.transform_policy import Mode, TransformPolicy
from progimage.model import Record

Links = dict[str, dict[str, Any]]

# What may stand unescaped in a path beside letters and digits (RFC 3986, section 3.3),
# less what a shell or a markdown link would trip over.
_SAFE = ":=,._-~/@"

# What a URL of any transform needs, by the transform policy.
_SIGNED: dict[Mode, str] = {"open": "", "presets": "", "signed": "{?sig}"}


def absolute(req: falcon.Request, public_url: str, path: str) -> str:
    """Return `path` under the address that clients know us by."""
    return f"{public_url or f'{req.scheme}://{req.netloc}'}{req.root_path}{path}"


def picture(image_id: str) -> str:
    """Return the path of a picture's original."""
    return f"/images/{image_id}/"


def upload(upload_id: str) -> str:
    """Return the path of an upload in pieces."""
    return f"/uploads/{upload_id}/"


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


def templated(href: str) -> dict[str, Any]:
    """Return a link with fields to fill in (RFC 6570)."""
    return {"href": href, "templated": True}


def to_renditions(paths: Mapping[str, str], base: str, policy: TransformPolicy) -> Links:
    """Return the templates by which the policy lets renditions be had.

    `paths` are templates of any transform, which may need a signature; presets, if there
    are any, stand below `base`, with a format or without.
    """
    found = {name: templated(path + _SIGNED[policy.mode]) for name, path in paths.items()}
    if policy.mode == "presets":
        found.clear()
    if policy.presets:
        found["preset"] = templated(f"{base}{{preset}}{{.format}}")
    return found


def of_record(record: Record, policy: TransformPolicy) -> Links:
    """Return where a picture's record leads."""
    base = picture(record.id)
    renditions = {
        "convert": f"/images/{record.id}.{{format}}",
        "thumbnail": f"{base}thumbnail:{{width}}x{{height}}.{{format}}",
        "rendition": f"{base}{{+pipeline}}.{{format}}",
    }
    return {
        "self": {"href": f"{base}metadata/"},
        "original": {"href": base, "type": record.media_type},
        **to_renditions(renditions, base, policy),
        "renders": {"href": f"{base}renders/"},
        "links": {"href": f"{base}links/"},
        "transforms": {"href": "/transforms/"},
    }


def hal(record: Record, policy: TransformPolicy) -> dict[str, Any]:
    """Return a record as a HAL document."""
    return {**record.facts(), "_links": of_record(record, policy)}
