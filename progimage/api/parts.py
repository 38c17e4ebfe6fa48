"""The parts of the service, with those that several resources share."""

from __future__ import annotations

from functools import cached_property

from progimage.api.auth.origins import OriginAuthorization
from progimage.api.components import Components
from progimage.api.requests.pipelines import PipelineParser, pipeline_parser
from progimage.api.resources.albums.reading import AlbumReader
from progimage.api.responses.origin import OriginResponder
from progimage.api.responses.original import OriginalResponder
from progimage.api.responses.rendition import RenditionResponder
from progimage.api.responses.signed_link import LinkWriter
from progimage.api.responses.viewers import ViewerResponder


class Parts(Components):
    """The components, and what is built from them once for all resources."""

    @cached_property
    def parse(self) -> PipelineParser:
        """Reads the pipelines of URLs, and remembers them."""
        return pipeline_parser(self.settings.presets, self.limits)

    @cached_property
    def links(self) -> LinkWriter:
        """Signs links."""
        return LinkWriter(self.signer, self.urls)

    @cached_property
    def to_originals(self) -> OriginalResponder:
        """Sends originals of the library."""
        return OriginalResponder(self)

    @cached_property
    def to_renditions(self) -> RenditionResponder:
        """Sends renditions of the library."""
        return RenditionResponder(self)

    @cached_property
    def origin_authorization(self) -> OriginAuthorization:
        """Decides who may see pictures of origins."""
        return OriginAuthorization(self.signer)

    @cached_property
    def to_origins(self) -> OriginResponder:
        """Sends pictures of origins."""
        return OriginResponder(self)

    @cached_property
    def to_viewers(self) -> ViewerResponder:
        """Sends pictures to viewers that zoom."""
        return ViewerResponder(self, self.to_renditions, self.to_origins, self.origin_authorization)

    @cached_property
    def album_reader(self) -> AlbumReader:
        """Reads albums and their pictures."""
        return AlbumReader(self)
