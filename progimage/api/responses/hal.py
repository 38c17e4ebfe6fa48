"""URLs of the service, and HAL links (draft-kelly-json-hal) to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import falcon

from progimage.access.transform_policy import Mode, TransformPolicy
from progimage.api.responses.json_document import Link, Links
from progimage.model import Record

# Characters that stay unescaped in a path (RFC 3986, section 3.3), except those with a
# meaning in a shell or a Markdown link.
_SAFE = ":=,._-~/@"

# The fields that the URL of any transform needs, by transform policy.
_SIGNED: dict[Mode, str] = {"open": "", "presets": "", "signed": "{?sig}"}


def picture(image_id: str) -> str:
    """Return the path of a picture's original."""
    return f"/images/{image_id}/"


def upload(upload_id: str) -> str:
    """Return the path of a resumable upload."""
    return f"/uploads/{upload_id}/"


def job(job_id: str) -> str:
    """Return the path of a job."""
    return f"/jobs/{job_id}/"


def rendition(image_id: str, name: str) -> str:
    """Return the path of a rendition; `name` is its canonical form with the extension.

    The canonical path of a conversion without steps is the short one, `/images/<id>.webp`.
    """
    if name.startswith("original."):
        return f"/images/{image_id}{name.removeprefix('original')}"
    return f"/images/{image_id}/{quote(name, safe=_SAFE)}"


class Urls:
    """Writes the URLs of a service.

    Args:
        public_url: the address that clients use, including any path prefix that a proxy
            removes; "" to use the address of each request.
        policy: decides which links to renditions are shown.
    """

    def __init__(self, public_url: str, policy: TransformPolicy) -> None:
        self._public_url = public_url.rstrip("/")
        self.prefix = urlsplit(self._public_url).path
        self._policy = policy

    def absolute(self, req: falcon.Request, path: str) -> str:
        """Return the absolute URL of a path of the service."""
        address = self._public_url or f"{req.scheme}://{req.netloc}"
        return f"{address}{req.root_path}{path}"

    def relative(self, path: str) -> str:
        """Return a path of the service with the prefix of the public URL."""
        return f"{self.prefix}{path}"

    def link(self, path: str) -> Link:
        """Return a link to a path; one with fields in braces is a template (RFC 6570)."""
        href = self.relative(path)
        return {"href": href, "templated": True} if "{" in path else {"href": href}

    def to_renditions(self, paths: Mapping[str, str], base: str) -> Links:
        """Return links to the renditions that the policy allows, some of them as templates.

        Args:
            paths: templates of any transform, by name; a signature is added if needed.
            base: the path that the names of presets are appended to.
        """
        found: Links = {}
        if self._policy.mode != "presets":
            signed = _SIGNED[self._policy.mode]
            found = {name: self.link(path + signed) for name, path in paths.items()}
        if self._policy.presets:
            found["preset"] = self.link(f"{base}{{preset}}{{.format}}")
        return found

    def of_record(self, record: Record) -> Links:
        """Return the links of a picture's record."""
        base = picture(record.id)
        renditions = {
            "convert": f"/images/{record.id}.{{format}}",
            "thumbnail": f"{base}thumbnail:{{width}}x{{height}}.{{format}}",
            "rendition": f"{base}{{+pipeline}}.{{format}}",
        }
        return {
            "self": self.link(f"{base}metadata/"),
            "original": {**self.link(base), "type": record.media_type},
            **self.to_renditions(renditions, base),
            "renders": self.link(f"{base}renders/"),
            "links": self.link(f"{base}links/"),
            "transforms": self.link("/transforms/"),
        }

    def record(self, record: Record, *, is_owner: bool = False) -> dict[str, Any]:
        """Return a record as a HAL document; for its owner with what only the owner may see."""
        facts = record.facts()
        if is_owner and record.source:
            facts["source"] = record.source
        if is_owner and record.place:
            facts["place"] = record.place.model_dump(mode="json")
        return {**facts, "_links": self.of_record(record)}
