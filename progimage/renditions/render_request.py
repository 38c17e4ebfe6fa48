"""A rendition to find or to make, with all that its pipeline takes from records."""

from __future__ import annotations

from dataclasses import dataclass

from progimage import keys
from progimage.errors import InvalidArgument, NotFound
from progimage.imaging.areas import Area
from progimage.imaging.codecs.format import Format
from progimage.imaging.gravity import Focus
from progimage.imaging.pipeline import Pipeline
from progimage.library import Library
from progimage.model import ANONYMOUS, Record, Viewer


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """A rendition of a picture that the viewer may see, with the other pictures it shows.

    A rendition that shows other pictures is in the private cache even if all of them are
    public: each hit there is authorised again, for each of the pictures.
    """

    record: Record
    references: tuple[Record, ...]
    pipeline: Pipeline
    format: Format
    is_open: bool

    @property
    def key(self) -> str:
        """The key of the rendition in the store."""
        return keys.rendition(
            self.record.id,
            self.pipeline.canonical,
            self.format.extension,
            public=self.is_in_public_cache,
        )

    @property
    def is_in_public_cache(self) -> bool:
        """True if the public cache is the place for it."""
        return self.record.is_public and self.is_open and not self.references

    @property
    def is_public(self) -> bool:
        """True if all its pictures are public."""
        return all(record.is_public for record in (self.record, *self.references))


def at_focus(pipeline: Pipeline, record: Record) -> Pipeline:
    """Return the pipeline with the focal point and the faces of the record in their places.

    Raises:
        InvalidArgument: faces should be redacted, and nothing looked for them.
    """
    point, faces = record.focal_point, record.faces
    pipeline = pipeline.at_focus(Focus(point.x, point.y) if point else None)
    if not pipeline.uses_faces:
        return pipeline
    if pipeline.redacts_faces and (record.frames > 1 or pipeline.output.page > 1):
        raise InvalidArgument(
            "redact: faces are only looked for in the first frame and on the first page; "
            "give the areas of this one"
        )
    return pipeline.at_faces(None if faces is None else [Area(*face) for face in faces])


@dataclass(frozen=True, slots=True)
class References:
    """The other pictures that pipelines use.

    Attributes:
        library: has them.
        only_public: whether pipelines may use public pictures only.
    """

    library: Library
    only_public: bool

    def find(self, viewer: Viewer, pipeline: Pipeline) -> tuple[Record, ...]:
        """Return the records of the pictures that a pipeline uses.

        Raises:
            InvalidArgument: `viewer` may not see one of them, or it does not exist.
        """
        viewer = ANONYMOUS if self.only_public else viewer
        find, ids = self.library.find, sorted(pipeline.references)
        try:
            return tuple(find(viewer, image_id) for image_id in ids)
        except NotFound as error:
            raise InvalidArgument(f"the pipeline uses another picture: {error}") from None

    def are_current(self, records: tuple[Record, ...]) -> bool:
        """Return whether none of the records has changed."""
        return all(map(self.library.records.is_current, records))
