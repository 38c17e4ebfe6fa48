"""How to connect: the address, certificates and proxies."""

from __future__ import annotations

import os
import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from progimage import __version__
from progimage.client.errors import InvalidCall


def http_arguments(
    base_url: str,
    timeout_s: float,
    max_connections: int,
    ca_file: str | os.PathLike[str] | None,
) -> dict[str, Any]:
    """Return the arguments for `httpx.Client`.

    Raises:
        InvalidCall: `base_url` or `ca_file` cannot be used.
    """
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise InvalidCall(f"base_url: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidCall(
            f"base_url: expected an address such as https://img.example.com, got {base_url!r}"
        )
    limits = httpx.Limits(
        max_connections=max_connections, max_keepalive_connections=max_connections
    )
    arguments = {
        "base_url": url,
        "timeout": timeout_s,
        "follow_redirects": True,
        "limits": limits,
        "headers": {"User-Agent": f"progimage-client/{__version__}"},
    }
    if ca_file is not None:
        try:
            arguments["verify"] = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            is_missing = isinstance(error, FileNotFoundError)
            reason = "there is no such file" if is_missing else "expected certificates in PEM"
            raise InvalidCall(f"ca_file {os.fspath(ca_file)}: {reason}") from None
    return arguments


def proxy_of(base_url: str) -> str:
    """Return the proxy that the environment sets for an address, without its password.

    httpx takes the same variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.
    """
    parts = urlsplit(base_url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(parts.hostname or ""):
        return ""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
