"""The sizes of origins' pictures after steps whose result depends on their pixels."""

from __future__ import annotations

import falcon

from progimage.api.components import Components
from progimage.imaging.codecs import formats
from progimage.imaging.codecs.written_size import written_size
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.pipeline_parser import parse
from progimage.lru import LockedLru
from progimage.model import ANONYMOUS, Record
from progimage.origins.copies import is_copy, viewer_of
from progimage.origins.origins import Origin

_REMEMBERED = 10_000
# A JPEG in the lowest quality is the quickest to write and to read.
_SMALL = "quality:1"


class OriginSizes:
    """Measures by rendering, and remembers the results."""

    def __init__(self, parts: Components) -> None:
        self._renditions = parts.foreign_renditions
        # For pictures of origins that are in the library.
        self._own = parts.renditions
        self._policy = parts.policy
        self._rate_limit = parts.render_rate_limit
        self._sizes: LockedLru[tuple[str, str], Size] = LockedLru(_REMEMBERED)

    def size_after(
        self,
        req: falcon.Request,
        origin: Origin,
        record: Record,
        pipeline: Pipeline,
        *,
        is_signed: bool,
    ) -> Size:
        """Return the size of a picture after a pipeline that has to see its pixels.

        The sizes are remembered. A size that is not is read from a small rendition.

        Args:
            record: of a copy, or of a picture of the library.

        Raises: what a request for the rendition raises.
        """
        known = self._sizes.get((record.id, pipeline.canonical))
        if known is not None:
            return known
        self._policy.check(pipeline, is_signed=is_signed)
        is_foreign = is_copy(record, origin.name)
        viewer = viewer_of(origin.name) if is_foreign else ANONYMOUS
        small = parse(f"{pipeline.canonical}/{_SMALL}")
        made = (self._renditions if is_foreign else self._own).find_or_render(
            viewer,
            record.id,
            small,
            formats.JPEG,
            record,
            self._rate_limit.consumer(req),
            caches=req.method != "HEAD",
        )
        with made.reader as reader:
            if made.timings is not None:
                size = made.timings.width, made.timings.height
            else:
                size = written_size(reader.read())
        self._sizes.put((record.id, pipeline.canonical), size)
        return size
