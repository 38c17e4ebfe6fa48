"""The bodies of `POST /jobs/`, and the jobs that they create."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from progimage.api.components import Components
from progimage.api.requests.json_body import JsonBody, MetadataFields, validated
from progimage.api.requests.search import PARAMETERS, QueryParameters, query_of
from progimage.config import Settings
from progimage.errors import DownloadNotAllowed, Forbidden, InvalidField, InvalidRequest
from progimage.imaging.pipeline_parser import parse
from progimage.jobs.creation import Intake, adoption_of, import_of, render_of
from progimage.jobs.publish.destinations import DESTINATIONS, destinations
from progimage.model import Viewer
from progimage.origins.sources.source import ListedSource

# Entries of any type are allowed: an invalid one fails without the others.
Entries = list[Any]

Search = dict[str, str | list[str]]
"""Search conditions as in `GET /images/`; their values are checked when they are used."""


class ImportRequest(MetadataFields):
    """Addresses of pictures to import, and the metadata of all of them."""

    urls: Entries = Field(description="The http or https URLs to import.")
    publish: str = Field(
        default="",
        description="Also send each picture to this service, if an account there is configured: "
        f"{', '.join(DESTINATIONS)}.",
    )
    album: Annotated[str, Field(pattern="^[A-Za-z0-9]{0,64}$")] = Field(
        default="", description="An album of that service."
    )


class AdoptionRequest(MetadataFields):
    """An origin whose pictures are imported into the library, and the metadata of all of them."""

    origin: str = Field(description="The name of the origin in the settings.")
    prefix: str = Field(default="", description="Only keys with this prefix.", max_length=1024)
    after: str = Field(
        default="",
        description="Only keys after this one: `more_after` of the previous job.",
        max_length=1024,
    )


class RenderRequest(JsonBody):
    """Pictures and transforms; every picture is rendered with every transform."""

    images: Entries | Search = Field(
        description="Ids of pictures, or the conditions of a search as in `GET /images/`."
    )
    transforms: list[str] = Field(description="Pipelines that end in a format.")


JobRequest = ImportRequest | RenderRequest | AdoptionRequest


def job_requests(settings: Settings) -> dict[str, Any]:
    """Return the schema of the body, with the limits of the settings."""
    return {"oneOf": [*_bodies(settings.jobs.max_items).values()]}


@lru_cache
def _bodies(max_items: int) -> dict[str, type[JobRequest]]:
    """Return the model of each body by a field that only it has.

    Args:
        max_items: the most entries of each list.
    """

    def bounded(model: type[BaseModel], name: str, kind: Any) -> Any:
        about = model.model_fields[name].description
        listed = Annotated[kind, Field(min_length=1, max_length=max_items)]
        return listed, Field(description=about)

    imports = create_model(
        "ImportRequest", __base__=ImportRequest, urls=bounded(ImportRequest, "urls", Entries)
    )
    about = Field(description=RenderRequest.model_fields["images"].description)
    entries = Annotated[Entries, Field(min_length=1, max_length=max_items)]
    renders = create_model(
        "RenderRequest",
        __base__=RenderRequest,
        images=(entries | Search, about),
        transforms=bounded(RenderRequest, "transforms", list[str]),
    )
    return {"urls": imports, "images": renders, "origin": AdoptionRequest}


class JobFactory:
    """Creates jobs from the bodies of requests, within the settings and the policy."""

    def __init__(self, parts: Components) -> None:
        self._catalogue = parts.catalogue
        self._settings = parts.settings
        self._policy = parts.policy
        self._origins = parts.origins
        self._destinations = tuple(destinations(parts.settings.publish))
        self._bodies = _bodies(parts.settings.jobs.max_items)

    def create(self, fields: Mapping[str, Any], viewer: Viewer, created: datetime) -> Intake:
        """Return the job that a body describes.

        Raises:
            InvalidRequest, InvalidField, InvalidArgument: it does not describe one.
            DownloadNotAllowed, TransformNotAllowed: the settings do not allow it.
        """
        models = [model for name, model in self._bodies.items() if name in fields]
        if len(models) != 1:
            raise InvalidRequest("expected 'urls', or 'images' and 'transforms', or 'origin'")
        match validated(models[0], fields):
            case AdoptionRequest() as body:
                return self._adopt(body, viewer, created)
            case ImportRequest() as body:
                return self._import(body, viewer, created)
            case RenderRequest() as body:
                return self._render(body, viewer, created)

    def _import(self, fields: ImportRequest, viewer: Viewer, created: datetime) -> Intake:
        if not self._settings.download.enabled:
            raise DownloadNotAllowed(
                "urls: this service does not fetch pictures; send the pictures themselves"
            )
        if fields.publish and fields.publish not in self._destinations:
            names = ", ".join(self._destinations)
            raise InvalidField(
                f"publish: expected one of {names}"
                if names
                else "publish: this service sends pictures to no other service "
                "(see publish.imgur_client_id)"
            )
        if fields.album and not fields.publish:
            raise InvalidField("album: allowed only with 'publish'")
        return import_of(
            fields.urls,
            fields.metadata(),
            owner=viewer.name,
            created=created,
            publish=fields.publish,
            album=fields.album,
        )

    def _adopt(self, fields: AdoptionRequest, viewer: Viewer, created: datetime) -> Intake:
        if viewer.name and not viewer.is_admin:
            raise Forbidden("only an administrator may import the pictures of an origin")
        origin = self._origins.get(fields.origin)
        if origin is None:
            names = ", ".join(self._origins) or "none"
            raise InvalidField(f"origin: there is no {fields.origin[:40]!r}; choose from: {names}")
        source = origin.fetcher.source
        if not isinstance(source, ListedSource):
            raise InvalidField(
                "origin: a web server cannot list its pictures; import their 'urls' instead"
            )
        most = self._settings.jobs.max_items
        listed = filter(origin.may_serve, source.list(fields.prefix, fields.after))
        found = list(islice(listed, most + 1))
        if not found:
            raise InvalidRequest("origin: there is no picture under this prefix")
        more_after = found[most - 1] if len(found) > most else ""
        return adoption_of(
            fields.origin,
            found[:most],
            fields.metadata(),
            owner=viewer.name,
            created=created,
            more_after=more_after,
        )

    def _render(self, fields: RenderRequest, viewer: Viewer, created: datetime) -> Intake:
        max_items = self._settings.jobs.max_items
        images = fields.images
        if isinstance(images, dict):
            images = self._found(images, viewer, max_items)
        limits = self._settings.picture_limits()
        request, entries = render_of(
            images,
            fields.transforms,
            owner=viewer.name,
            created=created,
            max_items=max_items,
            presets=self._settings.presets,
            limits=limits,
        )
        for transform in request.transforms:
            pipeline = parse(transform, limits=limits)
            self._policy.check_creation(pipeline, is_account=bool(viewer.name))
        return request, entries

    def _found(self, search: Search, viewer: Viewer, max_items: int) -> list[str]:
        """Return the ids of the pictures that a search finds."""
        conditions = [
            (name, text)
            for name, value in search.items()
            for text in ([value] if isinstance(value, str) else value)
        ]
        query = query_of(QueryParameters(conditions, PARAMETERS), viewer)
        records = chain.from_iterable(self._catalogue.every(viewer, query))
        found = [record.id for record in islice(records, max_items + 1)]
        if not found:
            raise InvalidRequest("images: this search finds no picture")
        if len(found) > max_items:
            raise InvalidRequest(
                f"images: this search finds more than {max_items:,} pictures; narrow it"
            )
        return found
