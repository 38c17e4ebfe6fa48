"""Every path of the HTTP interface and the resource behind it, in one table.

The app, `/openapi.json`, the root document and the test of the documentation read it.
"""

from __future__ import annotations

import re

from progimage.api.auth.origins import OriginAuthorization
from progimage.api.components import Components
from progimage.api.console.console import Console
from progimage.api.fronts.mount import ROUTE as FRONTS
from progimage.api.requests.pipelines import pipeline_parser
from progimage.api.resources import images
from progimage.api.resources.albums.pictures import AlbumPictures
from progimage.api.resources.albums.reading import AlbumReader
from progimage.api.resources.albums.resource import AlbumResource
from progimage.api.resources.bulk import BulkResource
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
from progimage.api.resources.origins import OriginResource, Purges
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
from progimage.api.responses.origin import OriginResponder
from progimage.api.responses.origin_sizes import OriginSizes
from progimage.api.responses.original import OriginalResponder
from progimage.api.responses.rendition import RenditionResponder
from progimage.api.responses.signed_link import LinkWriter
from progimage.api.responses.viewers import ViewerResponder
from progimage.api.route import Route
from progimage.library.albums import Albums

VIEWER_PATHS = re.compile("/(iiif|deepzoom)/")
"""The starts of the paths for viewers, which are pages of other sites."""

PICTURE_PATHS = re.compile("/(iiif/2|iiif/3|iiif/manifest|deepzoom)/[0-9a-f]{64}")
"""Those of pictures that are named by their id, which only those know who have the picture."""


def routes(parts: Components) -> list[Route]:
    """Return the table of routes for a service made of `parts`."""
    settings, policy, urls = parts.settings, parts.policy, parts.urls
    table: list[Route] = []
    console, description = (
        Console(parts.delivery.other_origin(), urls.prefix),
        Description(table, settings),
    )
    uploads = images.Uploads(parts)
    originals = OriginalResponder(parts.library, parts.delivery, parts.authorization)
    responder = RenditionResponder(
        parts.library,
        parts.renditions,
        parts.delivery,
        parts.authorization,
        parts.render_rate_limit,
        parts.urls,
    )
    parse = pipeline_parser(settings.presets, parts.limits)
    renditions = RenditionResource(responder, parts.library, parse)
    resumable, jobs = ResumableUploadResource(parts), JobResource(parts)
    account = Account(
        parts.administration,
        parts.users,
        parts.authenticator,
        settings,
        urls,
        parts.library.quotas,
    )
    tokens = Tokens(parts.sign_in, parts.users, parts.authenticator, settings)
    bulk = BulkResource(parts.library, settings)
    writer = LinkWriter(parts.signer, urls)
    links = Links(parts.library, policy, writer, settings, parts.limits)
    srcset = SrcsetResource(parts.library, policy, writer, settings, parts.limits, urls)

    quota = AccountQuota(parts.users, parts.library.quotas, settings)
    external = ExternalResource(parts.library.external_ids, originals, responder, parse, urls)

    stored_albums = Albums(parts.store)
    reader = AlbumReader(
        stored_albums, parts.library, parts.signer, urls, has_manifests=settings.iiif.enabled
    )
    albums = AlbumResource(stored_albums, reader, settings, urls)
    album_pictures = AlbumPictures(stored_albums, reader, policy, writer, settings, urls)
    trash = TrashResource(parts.library, settings, urls)

    table += [
        Route(
            "/", Root(table, uploads, console, settings.auth, policy, urls), "self", in_root=True
        ),
        Route("/console/{path:path}", console, "console_file"),
        Route(
            "/images",
            Listing(parts.library, parts.catalogue, uploads, bulk, urls),
            "images",
            in_root=True,
        ),
        Route("/tags", Tags(parts.catalogue, urls), "tags", in_root=True),
        Route(
            "/images/{image_id}",
            images.PictureResource(parts.library, originals, settings),
            "image",
            in_root=True,
        ),
        Route("/images/{image_id}.{extension}", renditions, "convert", suffix="converted"),
        Route(
            "/images/{image_id}/metadata",
            MetadataResource(parts.library, settings, urls),
            "metadata",
            in_root=True,
        ),
        Route(
            "/images/{image_id}/renders", images.RenditionCacheResource(parts.library), "renders"
        ),
        Route("/images/{image_id}/links", links, "links"),
        Route("/images/{image_id}/srcset", srcset, "srcset"),
        Route("/images/{image_id}/{path:path}", renditions, "rendition"),
        Route("/external/{owner}/{path:path}", external, "external"),
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
        Route("/transforms", Transforms(settings.presets, policy), "transforms", in_root=True),
        Route("/users", Registration(parts.administration, settings, urls), "users", in_root=True),
        Route("/users/me", account, "me", in_root=True),
        Route("/users/{name}/quota", quota, "quota"),
        Route("/users/me/password", account, "password", suffix="password"),
        Route("/users/me/keys", account, "keys", suffix="keys"),
        Route("/users/me/keys/{key_id}", account, "key", suffix="key"),
        Route("/tokens", tokens, "tokens", in_root=True),
        Route("/tokens/{session_id}", tokens, "session", suffix="one"),
        Route("/openapi.json", OpenApi(description), "openapi", in_root=True),
        Route("/docs", Docs(description), "docs", in_root=True),
        Route("/docs/style.css", Docs(description), "docs_style", suffix="style"),
        Route("/health/live", Live(), "live", in_root=True),
        Route(
            "/health/ready",
            Ready(parts.readiness, parts.is_draining, parts.settings.metrics.allow),
            "ready",
            in_root=True,
        ),
    ]
    foreign: OriginResponder | None = None
    authorization = OriginAuthorization(parts.signer)
    if parts.origins:
        foreign = OriginResponder(
            parts.copies,
            parts.foreign_renditions,
            parts.delivery,
            policy,
            parts.render_rate_limit,
            parts.library,
            parts.renditions,
        )
        origins = OriginResource(
            parts.origins,
            foreign,
            authorization,
            parse,
            Purges(parts.jobs, settings.jobs.max_waiting, parts.announce_job, urls),
        )
        signing = OriginLinks(parts.origins, authorization, policy, writer, settings, parts.limits)
        table.append(Route("/origins/{name}/links/-/{key:path}", signing, "origin_links"))
        table.append(Route("/origins/{name}/{path:path}", origins, "origin"))
        if parts.fronts:
            sizes = OriginSizes(
                parts.foreign_renditions, parts.renditions, policy, parts.render_rate_limit
            )
            table.append(Route(FRONTS, FrontResource(parts.origins, foreign, sizes), "front"))
    if settings.iiif.enabled:
        viewers = ViewerResponder(
            parts.library,
            parts.authorization,
            policy,
            responder,
            parts.origins,
            authorization,
            foreign,
        )
        iiif = IiifImages(viewers, parts.limits, urls)
        manifests = Manifests(viewers, parts.catalogue, parts.limits, urls)
        table.append(
            Route("/iiif/manifest", manifests, "search_manifest", suffix="search", in_root=True)
        )
        table.append(
            Route(
                "/iiif/manifest/album/{album}",
                AlbumManifests(reader, parts.limits, urls),
                "album_manifest",
            )
        )
        table.append(Route("/iiif/manifest/{path:path}", manifests, "manifest"))
        table.append(Route("/deepzoom/{path:path}", DeepZoom(viewers), "deep_zoom", in_root=True))
        table.append(Route("/iiif/{version:int}/{path:path}", iiif, "iiif_image"))
    if settings.metrics.enabled:
        counted = MetricsResource(settings.metrics.allow, parts.metrics_folder)
        table.append(Route("/metrics", counted, "metrics", in_root=True))
    return table
