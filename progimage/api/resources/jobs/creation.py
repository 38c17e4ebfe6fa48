"""What the body of `POST /jobs/` asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import chain, islice
from typing import Any

from progimage.access.transform_policy import TransformPolicy
from progimage.api.requests.search import CONDITIONS, QueryParameters, query_of
from progimage.config import Settings
from progimage.errors import DownloadRefused, InvalidField, InvalidRequest
from progimage.imaging.did_you_mean import shown
from progimage.imaging.pipeline import parse
from progimage.jobs.creation import Intake, import_of, render_of
from progimage.jobs.publish.destinations import destinations
from progimage.library.search.catalogue import Catalogue
from progimage.model import Viewer


class JobRequests:
    """Reads orders of jobs, under the settings and the policy of a service."""

    def __init__(self, catalogue: Catalogue, settings: Settings, policy: TransformPolicy) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._policy = policy
        self._destinations = tuple(destinations(settings.publish))

    def read(self, fields: Mapping[str, Any], viewer: Viewer, created: datetime) -> Intake:
        """Return the job that the fields of a body ask for.

        Raises:
            InvalidRequest, InvalidField, InvalidArgument: they ask for none.
            DownloadRefused, TransformRefused: it is not to be had here.
        """
        is_import, is_render = "urls" in fields, "images" in fields or "transforms" in fields
        if is_import == is_render:
            raise InvalidRequest("expected either 'urls', or 'images' and 'transforms'")
        max_items = self._settings.jobs.max_items
        if is_import:
            if not self._settings.download.enabled:
                raise DownloadRefused(
                    "urls: this service does not fetch pictures; send the pictures themselves"
                )
            return import_of(
                fields,
                owner=viewer.name,
                created=created,
                max_items=max_items,
                destinations=self._destinations,
            )
        for name in fields:
            if name not in ("images", "transforms"):
                raise InvalidField(
                    f"{shown(name)}: no such field of a render job; it has images and transforms"
                )
        images = fields.get("images")
        if isinstance(images, dict):
            images = self._found(images, viewer, max_items)
        limits = self._settings.limits.to_limits()
        request, entries = render_of(
            images,
            fields.get("transforms"),
            owner=viewer.name,
            created=created,
            max_items=max_items,
            presets=self._settings.presets,
            limits=limits,
        )
        for transform in request.transforms:
            pipeline = parse(transform, limits=limits)
            self._policy.check_order(pipeline, is_account=bool(viewer.name))
        return request, entries

    def _found(self, search: Mapping[str, Any], viewer: Viewer, max_items: int) -> list[str]:
        """Return the ids of the pictures that a search finds."""
        conditions: list[tuple[str, str]] = []
        for name, value in search.items():
            values = value if isinstance(value, list) else [value]
            if not all(isinstance(text, str) for text in values):
                raise InvalidField(f"images: {shown(name)}: expected a string or a list of them")
            conditions += [(name, text) for text in values]
        waves = self._catalogue.every(
            viewer, query_of(QueryParameters(conditions, CONDITIONS), viewer)
        )
        found = [record.id for record in islice(chain.from_iterable(waves), max_items + 1)]
        if not found:
            raise InvalidRequest("images: no picture is found by this search")
        if len(found) > max_items:
            raise InvalidRequest(
                f"images: more than {max_items:,} pictures are found by this search; narrow it"
            )
        return found
