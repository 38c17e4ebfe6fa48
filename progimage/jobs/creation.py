"""New jobs: checks requests, and cleans up lists of entries.

Long lists come from spreadsheets and exports. A blank or malformed entry fails alone, with its
place in the list and the reason. A repeated entry is worked on once. Only an error in the
request as a whole rejects the request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from progimage import keys as picture_keys
from progimage.errors import DownloadNotAllowed, InvalidField, InvalidRequest
from progimage.imaging.limits import Limits
from progimage.imaging.pipeline import AUTO
from progimage.imaging.pipeline_parser import parse
from progimage.ingest.download.urls import parse_url
from progimage.jobs.model import Entry, Kind, Request
from progimage.model import Metadata, check_visibility
from progimage.origins.adoption import address_of
from progimage.origins.purging import PARTS, PurgePart

_MAX_SHOWN = 200

Intake = tuple[Request, list[Entry]]


def import_of(
    urls: Sequence[object],
    metadata: Metadata,
    *,
    owner: str,
    created: datetime,
    publish: str = "",
    album: str = "",
) -> Intake:
    """Return the import of `urls`, all with the same metadata.

    Args:
        publish: the name of the service that each picture is sent to.
        album: of that service.

    Raises:
        InvalidField: the pictures should be private but have no owner.
    """
    check_visibility(metadata, owner)
    entries = _distinct(urls, _url)
    return _job("import", entries, owner, created, metadata=metadata, publish=publish, album=album)


def adoption_of(
    origin: str,
    found: Sequence[str],
    metadata: Metadata,
    *,
    owner: str,
    created: datetime,
    more_after: str,
) -> Intake:
    """Return the import of pictures of an origin, all with the same metadata.

    Args:
        found: their keys at the origin.
        more_after: the key after which the next job continues; "" if there are no more.

    Raises:
        InvalidField: the pictures should be private but have no owner.
    """
    check_visibility(metadata, owner)
    entries = [
        Entry(value=address_of(origin, key), positions=(position,), error="")
        for position, key in enumerate(found)
    ]
    return _job("import", entries, owner, created, metadata=metadata, more_after=more_after)


def purge_of(origin: str, prefix: str, *, owner: str, created: datetime) -> Intake:
    """Return the purge of what is stored of an origin's pictures.

    Args:
        prefix: the start of their keys at the origin; "" means all.
    """
    entries = [
        Entry(value=str(PurgePart(origin, part, prefix)), positions=(position,))
        for position, part in enumerate(PARTS)
    ]
    return _job("purge", entries, owner, created)


def render_of(
    images: Sequence[object],
    transforms: Sequence[str],
    *,
    owner: str,
    created: datetime,
    max_items: int,
    presets: Mapping[str, str],
    limits: Limits,
) -> Intake:
    """Return the render job of every picture of `images` with every one of `transforms`.

    Raises:
        InvalidRequest: together they make too many items.
        InvalidArgument: a transform cannot be read, or leaves its format to a browser.
    """
    pipelines = _pipelines(transforms, presets, limits)
    if len(images) * len(pipelines) > max_items:
        raise InvalidRequest(
            f"images, transforms: {len(images):,} x {len(pipelines):,} are more than "
            f"{max_items:,} items; send several jobs"
        )
    entries = _distinct(images, _image)
    return _job("render", entries, owner, created, transforms=pipelines)


def _job(kind: Kind, entries: list[Entry], owner: str, created: datetime, **fields: Any) -> Intake:
    """Return a job with these entries; `fields` are those of the request."""
    repeated = {n: len(e.positions) for n, e in enumerate(entries) if len(e.positions) > 1}
    request = Request(
        id=picture_keys.new_token(),
        owner=owner,
        created=created,
        kind=kind,
        entries=len(entries),
        repeated=repeated,
        **fields,
    )
    return request, entries


def _distinct(sent: Sequence[object], read: Callable[[object], tuple[str, str]]) -> list[Entry]:
    positions: dict[tuple[str, str], list[int]] = {}
    for position, value in enumerate(sent):
        positions.setdefault(read(value), []).append(position)
    return [
        Entry(value=value, positions=tuple(places), error=error)
        for (value, error), places in positions.items()
    ]


def _url(sent: object) -> tuple[str, str]:
    """Return a URL, and its error or ""."""
    if not isinstance(sent, str):
        return _shown(sent), "expected a URL as a string"
    url = sent.strip()
    if not url:
        return "", "blank; expected a URL such as https://example.com/photo.jpg"
    try:
        parse_url(url)
    except DownloadNotAllowed as error:
        return _shortened(url), str(error).removeprefix("url: ")
    return url, ""


def _image(sent: object) -> tuple[str, str]:
    """Return a picture's id, and its error or ""."""
    if not isinstance(sent, str):
        return _shown(sent), "expected the id of a picture as a string"
    image_id = sent.strip()
    if not picture_keys.is_image_id(image_id):
        return _shortened(image_id), "expected the id of a picture: 64 digits from 0 to f"
    return image_id, ""


def _shown(value: object) -> str:
    try:
        return _shortened(json.dumps(value))
    except RecursionError:
        return "…"


def _shortened(text: str) -> str:
    # Half a surrogate pair has no UTF-8 form.
    text = text.encode(errors="replace").decode()
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _pipelines(sent: Sequence[str], presets: Mapping[str, str], limits: Limits) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for position, text in enumerate(sent):
        where = f"transforms[{position}]"
        if not text.strip():
            raise InvalidField(f"{where}: expected a pipeline such as thumbnail:200x200.webp")
        try:
            pipeline = parse(text.strip(), presets=presets, limits=limits)
        except InvalidRequest as error:
            raise type(error)(f"{where}: {error}") from None
        if pipeline.format == AUTO:
            raise InvalidField(f"{where}: a job has no Accept header; name the format")
        found[str(pipeline)] = None
    return tuple(found)
