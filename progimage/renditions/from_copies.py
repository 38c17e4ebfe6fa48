"""Renditions from the working copies of pictures; a missing copy is made on the way."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from progimage.errors import CorruptPicture, InvalidArgument, OutputTooLarge
from progimage.imaging.codecs.format import Format
from progimage.imaging.operation import Size
from progimage.imaging.pipeline import Pipeline
from progimage.imaging.render import Rendered
from progimage.library.working_copies import Content, WorkingCopies
from progimage.model import Record
from progimage.renditions.add_copies import add_copies
from progimage.renditions.renderer import Renderer, Result
from progimage.renditions.single_flight import SingleFlight
from progimage.renditions.sources import Sources
from progimage.stores import ObjectStore


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rendition from a working copy.

    Attributes:
        size: that of the copy; one of the sizes of the record's copies.
        references: files of the other pictures that the pipeline uses, by id.
    """

    record: Record
    size: Size
    pipeline: Pipeline
    form: Format
    references: Mapping[str, str]

    @property
    def whole(self) -> Size:
        """The size of the picture that the copy is of."""
        return self.record.width, self.record.height


@dataclass(frozen=True, slots=True)
class CopyRenderer:
    """Renders from the working copies in a store."""

    store: ObjectStore
    copies: WorkingCopies
    renderer: Renderer
    _flights: SingleFlight = field(default_factory=SingleFlight, init=False)

    def render(self, sources: Sources, wanted: Wanted) -> tuple[Rendered, Result]:
        """Render from the copy; return what `Renderer.make` does.

        Raises: what `Renderer.make` and `add_copies` do.
        """
        copy = self._copy_or_result(sources, wanted)
        if not isinstance(copy, Path):
            return copy
        try:
            return self._from_copy(sources, wanted, copy)
        except (CorruptPicture, FileNotFoundError):
            # The copy is damaged, or was removed at this moment: it is made again.
            self.store.delete(self.copies.key(wanted.record, wanted.size))
        copy = self._copy_or_result(sources, wanted)
        return self._from_copy(sources, wanted, copy) if isinstance(copy, Path) else copy

    def _from_copy(self, sources: Sources, wanted: Wanted, copy: Path) -> tuple[Rendered, Result]:
        return self.renderer.make(
            copy,
            wanted.pipeline,
            wanted.form,
            wanted.references,
            sources.contents,
            accept_damaged=sources.has_damaged,
            whole=wanted.whole,
        )

    def _copy_or_result(self, sources: Sources, wanted: Wanted) -> Path | tuple[Rendered, Result]:
        """Return a file that holds the working copy.

        If the store has none it is made, with smaller ones, which cost little more, and with
        the rendition itself, which is then returned.
        """
        record, key = wanted.record, self.copies.key(wanted.record, wanted.size)
        copy = sources.copy(key)
        while copy is None:
            with ExitStack() as flight:
                leads = flight.enter_context(self._flights.join(key))
                copy = sources.copy(key)
                if not leads or copy is not None:
                    continue
                sizes = self.copies.sizes(record)
                smaller = sizes[sizes.index(wanted.size) :]
                if not wanted.references:
                    # An error of this pipeline is none of the others that need the copy.
                    with suppress(InvalidArgument, OutputTooLarge):
                        return self._with_copies(sources, wanted, smaller, flight)
                made = add_copies(self.copies, self.renderer, sources, record, smaller)
                return made[wanted.size]
        return copy

    def _with_copies(
        self, sources: Sources, wanted: Wanted, sizes: tuple[Size, ...], flight: ExitStack
    ) -> tuple[Rendered, Result]:
        """Make the copies of `sizes`, and the rendition from the one that is wanted, in one call.

        The copies are stored behind the answer; `flight`, for which others wait, then ends.
        """
        record, copies = wanted.record, self.copies
        files = {size: self.renderer.scratch.path() for size in sizes}
        try:
            rendered, result = self.renderer.make_with_copies(
                sources.path(record),
                copies.px,
                files,
                wanted.size,
                wanted.pipeline,
                wanted.form,
                copies.key(record, wanted.size),
                wanted.whole,
            )
        except BaseException:
            for file in files.values():
                file.unlink(missing_ok=True)
            raise
        contents: dict[Size, Content] = {**files, **rendered.copies}
        copies.store_all(record, contents, flight.pop_all().close)
        return replace(rendered, copies={}), result
