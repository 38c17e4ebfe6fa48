"""Every path of the HTTP interface and the resource behind it, in one table.

The app, `/openapi.json`, the root document and the test of the documentation read it.
"""

from __future__ import annotations

import re

from progimage.api.console.console import Console
from progimage.api.fronts.mount import ROUTE as FRONTS
from progimage.api.parts import Parts
from progimage.api.resources import images
from progimage.api.resources.albums.pictures import AlbumPictures
from progimage.api.resources.albums.resource import AlbumResource
from progimage.api.resources.deep_zoom import DeepZoom
from progimage.api.resources.docs import Description, Docs, OpenApi
from progimage.api.resources.external import ExternalResource
from progimage.api.resources.fronts import FrontResource
from progimage.api.resources.health import Live, Ready
from progimage.api.resources.iiif import IiifImages
from progimage.api.resources.iiif_albums import AlbumManifests
from progimage.api.resources.iiif_manifests import Manifests
from progimage.api.resources.jobs.resource import JobResource
from progimage.api.resources.links import Links
from progimage.api.resources.listing import Listing
from progimage.api.resources.metadata import MetadataResource
from progimage.api.resources.metrics import MetricsResource
from progimage.api.resources.on_demand import OnDemand
from progimage.api.resources.origin_links import OriginLinks
from progimage.api.resources.origins import OriginResource
from progimage.api.resources.quotas import AccountQuota
from progimage.api.resources.renditions import RenditionResource
from progimage.api.resources.root import Root
from progimage.api.resources.srcset.resource import SrcsetResource
from progimage.api.resources.tags import Tags
from progimage.api.resources.tokens import Tokens
from progimage.api.resources.transforms import Transforms
from progimage.api.resources.trash import TrashResource
from progimage.api.resources.uploads.resource import ResumableUploadResource
from progimage.api.resources.users import Account, Registration
from progimage.api.route import Route

VIEWER_PATHS = re.compile("/(iiif|deepzoom)/")
"""The starts of the paths for viewers, which are pages of other sites."""

PICTURE_PATHS = re.compile("/(iiif/2|iiif/3|iiif/manifest|deepzoom)/[0-9a-f]{64}")
"""Those of pictures that are named by their id, which only those know who have the picture."""


def routes(parts: Parts) -> list[Route]:
    """Return the table of routes for a service made of `parts`."""
    settings = parts.settings
    table: list[Route] = []
    console = Console(parts.delivery.other_origin(), parts.urls.prefix)
    description = Description(table, settings)
    uploads, renditions = images.Uploads(parts), RenditionResource(parts)
    resumable, jobs, trash = (
        ResumableUploadResource(parts),
        JobResource(parts),
        TrashResource(parts),
    )
    account, tokens = Account(parts), Tokens(parts)
    albums, album_pictures = AlbumResource(parts), AlbumPictures(parts)

    table += [
        Route("/", Root(parts, table, uploads, console), "self", in_root=True),
        Route("/console/{path:path}", console, "console_file"),
        Route("/images", Listing(parts, uploads), "images", in_root=True),
        Route("/tags", Tags(parts), "tags", in_root=True),
        Route("/images/{image_id}", images.PictureResource(parts), "image", in_root=True),
        Route("/images/{image_id}.{extension}", renditions, "convert", suffix="converted"),
        Route("/images/{image_id}/metadata", MetadataResource(parts), "metadata", in_root=True),
        Route("/images/{image_id}/renders", images.RenditionCacheResource(parts), "renders"),
        Route("/images/{image_id}/links", Links(parts), "links"),
        Route("/images/{image_id}/srcset", SrcsetResource(parts), "srcset"),
        Route("/images/{image_id}/{path:path}", renditions, "rendition"),
        Route("/external/{owner}/{path:path}", ExternalResource(parts), "external"),
        Route("/on_demand/{path:path}", OnDemand(parts), "on_demand"),
        Route("/trash", trash, "trash", suffix="all", in_root=True),
        Route("/trash/{image_id}", trash, "trashed"),
        Route("/albums", albums, "albums", suffix="all", in_root=True),
        Route("/albums/{album_id}", albums, "album", in_root=True),
        Route("/albums/{album_id}/images", album_pictures, "album_images"),
        Route("/albums/{album_id}/links", album_pictures, "album_links", suffix="link"),
        Route("/uploads", resumable, "uploads", suffix="all", in_root=True),
        Route("/uploads/{upload_id}", resumable, "upload", in_root=True),
        Route("/jobs", jobs, "jobs", suffix="all", in_root=True),
        Route("/jobs/{job_id}", jobs, "job", in_root=True),
        Route(
            "/transforms", Transforms(settings.presets, parts.policy), "transforms", in_root=True
        ),
        Route("/users", Registration(parts), "users", in_root=True),
        Route("/users/me", account, "me", in_root=True),
        Route("/users/{name}/quota", AccountQuota(parts), "quota"),
        Route("/users/me/password", account, "password", suffix="password"),
        Route("/users/me/keys", account, "keys", suffix="keys"),
        Route("/users/me/keys/{key_id}", account, "key", suffix="key"),
        Route("/tokens", tokens, "tokens", in_root=True),
        Route("/tokens/{session_id}", tokens, "session", suffix="one"),
        Route("/openapi.json", OpenApi(description), "openapi", in_root=True),
        Route("/docs", Docs(description), "docs", in_root=True),
        Route("/docs/style.css", Docs(description), "docs_style", suffix="style"),
        Route("/health/live", Live(), "live", in_root=True),
        Route("/health/ready", Ready(parts), "ready", in_root=True),
    ]
    if parts.origins:
        table += [
            Route("/origins/{name}/links/-/{key:path}", OriginLinks(parts), "origin_links"),
            Route("/origins/{name}/{path:path}", OriginResource(parts), "origin"),
        ]
    if parts.fronts:
        table.append(Route(FRONTS, FrontResource(parts), "front"))
    if settings.iiif.enabled:
        manifests = Manifests(parts)
        table += [
            Route("/iiif/manifest", manifests, "search_manifest", suffix="search", in_root=True),
            Route("/iiif/manifest/album/{album}", AlbumManifests(parts), "album_manifest"),
            Route("/iiif/manifest/{path:path}", manifests, "manifest"),
            Route("/deepzoom/{path:path}", DeepZoom(parts), "deep_zoom", in_root=True),
            Route("/iiif/{version:int}/{path:path}", IiifImages(parts), "iiif_image"),
        ]
    if settings.metrics.enabled:
        table.append(Route("/metrics", MetricsResource(parts), "metrics", in_root=True))
    return table
