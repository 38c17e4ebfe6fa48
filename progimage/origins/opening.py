"""From the settings of an origin to its source."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from progimage.config import Origin as OriginSettings
from progimage.config import header_values
from progimage.errors import ConfigError
from progimage.ingest.download.hosts import HostList
from progimage.ingest.download.network import Network
from progimage.origins.sources.bucket import BucketSource
from progimage.origins.sources.folder import FolderSource
from progimage.origins.sources.source import OriginSource
from progimage.origins.sources.web import WebSource
from progimage.stores.s3.objects import ForeignBucket
from progimage.stores.s3.url import s3_arguments

_CONNECT_S = 5.0


def open_source(name: str, settings: OriginSettings) -> OriginSource:
    """Return the source of an origin.

    Raises:
        ConfigError: `from` cannot be used, naming the setting.
    """
    parts = urlsplit(settings.from_)
    try:
        if parts.scheme == "file":
            if parts.netloc or parts.query:
                raise ConfigError("expected file:///folder")
            return FolderSource(unquote(parts.path))
        if parts.scheme == "s3":
            return _bucket(settings.from_)
        return WebSource(
            settings.from_,
            header_values(name, settings.headers),
            Network(
                allow_private=settings.allow_private_addresses,
                allowed=HostList((), "origins"),
                denied=HostList((), "origins"),
                connect_timeout_s=min(_CONNECT_S, settings.timeout_s),
            ),
            settings.timeout_s,
            queries=settings.queries,
        )
    except ConfigError as error:
        text = str(error).removeprefix("store: ")
        raise ConfigError(
            text if text.startswith("origins.") else f"origins.{name}.from: {text}"
        ) from None


def _bucket(url: str) -> BucketSource:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    profile = "".join(value for key, value in pairs if key == "profile")
    rest = "&".join(text for text in parts.query.split("&") if not text.startswith("profile="))
    arguments: dict[str, Any] = s3_arguments(parts._replace(query=rest))
    return BucketSource(ForeignBucket(profile=profile, **arguments))
