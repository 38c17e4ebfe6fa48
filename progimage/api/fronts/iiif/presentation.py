"""Manifests and collections of the IIIF Presentation API 3.0, section 3.

A manifest has a canvas for each picture, painted with the picture and its image services.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from progimage.api.fronts.iiif.geometry import SizeLimits
from progimage.api.fronts.iiif.info import LEVEL, PROFILES
from progimage.imaging.operation import Size
from progimage.model import Record

CONTEXT = "http://iiif.io/api/presentation/3/context.json"

_THUMBNAIL_PX = 400

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Presenter:
    """Writes documents with absolute addresses.

    Attributes:
        absolute: returns the absolute URL of a path of the service.
        limits: of the image service.
    """

    absolute: Callable[[str], str]
    limits: SizeLimits

    def of_picture(self, record: Record, segment: str) -> Document:
        """Return the manifest of one picture.

        Args:
            segment: the picture's identifier as a segment of a path.
        """
        canvas = self._canvas(record, segment)
        return {
            "@context": CONTEXT,
            "id": self.absolute(f"/iiif/manifest/{segment}"),
            "type": "Manifest",
            **_description(record),
            "thumbnail": canvas["thumbnail"],
            "items": [canvas],
        }

    def of_pictures(
        self, pictures: Sequence[tuple[Record, str]], path: str, label: str, summary: str
    ) -> Document:
        """Return the manifest of several pictures of the library, at least one.

        Args:
            pictures: each with its identifier as a segment of a path.
            path: of the manifest.
        """
        canvases = [self._canvas(record, segment) for record, segment in pictures]
        return {
            "@context": CONTEXT,
            "id": self.absolute(path),
            "type": "Manifest",
            "label": _text(label),
            "summary": _text(summary),
            "thumbnail": canvases[0]["thumbnail"],
            "items": canvases,
        }

    def collection(
        self, manifests: Sequence[tuple[str, str]], path: str, label: str, summary: str
    ) -> Document:
        """Return a collection.

        Args:
            manifests: the path and the label of each.
            path: of the collection.
        """
        return {
            "@context": CONTEXT,
            "id": self.absolute(path),
            "type": "Collection",
            "label": _text(label),
            "summary": _text(summary),
            "items": [
                {"id": self.absolute(where), "type": "Manifest", "label": _text(name)}
                for where, name in manifests
            ],
        }

    def _canvas(self, record: Record, segment: str) -> Document:
        canvas = self.absolute(f"/iiif/manifest/{segment}/canvas")
        size = (record.width, record.height)
        return {
            "id": canvas,
            "type": "Canvas",
            **_description(record),
            "width": record.width,
            "height": record.height,
            "thumbnail": [self._image(segment, _thumbnail_size(size))],
            "items": [
                {
                    "id": f"{canvas}/page",
                    "type": "AnnotationPage",
                    "items": [
                        {
                            "id": f"{canvas}/page/picture",
                            "type": "Annotation",
                            "motivation": "painting",
                            "body": self._image(segment, self._largest(size)),
                            "target": canvas,
                        }
                    ],
                }
            ],
        }

    def _largest(self, size: Size) -> Size:
        return size if self.limits.allow(size) else self.limits.largest(size)

    def _image(self, segment: str, size: Size) -> Document:
        """Return the whole picture in this size, with the services that have it in others."""
        three, two = (self.absolute(f"/iiif/{version}/{segment}") for version in (3, 2))
        return {
            "id": f"{three}/full/{size[0]},{size[1]}/0/default.jpg",
            "type": "Image",
            "format": "image/jpeg",
            "width": size[0],
            "height": size[1],
            "service": [
                {"id": three, "type": "ImageService3", "profile": LEVEL},
                # Viewers from before 2020 know version 2 only.
                {"@id": two, "@type": "ImageService2", "profile": PROFILES[2]},
            ],
        }


def _description(record: Record) -> Document:
    """Return what people wrote about a picture, and facts about its file."""
    tags = [{"label": _text("Tags", "en"), "value": {"none": list(record.tags)}}]
    facts = {
        "File": record.file_name,
        "Size": f"{record.width} x {record.height} pixels, {record.size_bytes:,} bytes",
    }
    return {
        "label": _text(record.title or record.file_name or record.id[:16]),
        **({"summary": _text(record.description)} if record.description else {}),
        "metadata": [
            *(tags if record.tags else []),
            *({"label": _text(k, "en"), "value": _text(v)} for k, v in facts.items() if v),
        ],
        **({"rights": record.rights} if record.rights else {}),
    }


def _text(text: str, language: str = "none") -> dict[str, list[str]]:
    return {language: [text]}


def _thumbnail_size(size: Size) -> Size:
    ratio = min(1.0, _THUMBNAIL_PX / max(size))
    return max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio))
