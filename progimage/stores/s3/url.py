"""The URL of an S3 store: `s3://bucket/prefix?endpoint_url=…&region=…&addressing=path`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from progimage.errors import ConfigError

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")


def s3_arguments(url: SplitResult) -> dict[str, Any]:
    """Return the arguments of `S3Store` that `url` gives, or raise `ConfigError`."""
    if not _BUCKET.fullmatch(url.netloc):
        raise ConfigError("store: expected s3://bucket/prefix with a bucket of 3 to 63 characters")
    arguments: dict[str, Any] = {"bucket": url.netloc, "prefix": unquote(url.path).strip("/")}
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        if name not in _PARAMETERS:
            known = ", ".join(_PARAMETERS)
            raise ConfigError(f"store: s3:// has no parameter {name!r}; it has {known}")
        if name in arguments:
            raise ConfigError(f"store: {name}: expected it only once")
        read, expected = _PARAMETERS[name]
        try:
            arguments[name] = read(value)
        except ValueError:
            raise ConfigError(f"store: {name}: expected {expected}") from None
    return arguments


def _endpoint(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError
    return value


def _region(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,63}", value):
        raise ValueError
    return value


def _addressing(value: str) -> str:
    if value not in ("path", "virtual"):
        raise ValueError
    return value


def _seconds(value: str) -> float:
    seconds = float(value)
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError
    return seconds


_PARAMETERS: dict[str, tuple[Callable[[str], object], str]] = {
    "endpoint_url": (_endpoint, "http://host:port or https://host, without a password"),
    "region": (_region, "a name such as eu-west-1"),
    "addressing": (_addressing, "path or virtual"),
    "connect_timeout_s": (_seconds, "a number of seconds above 0"),
    "read_timeout_s": (_seconds, "a number of seconds above 0"),
}
