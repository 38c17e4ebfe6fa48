"""The URL of a remote picture, parsed only once.

The connection uses the parts that were checked: no later code parses the text again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import quote, unquote, urljoin

from progimage.errors import DownloadNotAllowed
from progimage.ingest.download.hosts import Host, parse_host

_MAX_URL = 8192
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?")
# The characters of a path or a query that need no encoding (RFC 3986, sections 3.3 and 3.4).
_AS_IS = "/?:@!$&'()*+,;=-._~%"

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Ports above 1023 that belong to other protocols than the web's
# (https://fetch.spec.whatwg.org/#port-blocking).
_OTHER_PROTOCOLS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080}
    | set(range(6665, 6670))
)


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """An http or https URL in its parts; `target` is path and query, in ASCII."""

    scheme: str
    host: Host
    port: int
    target: str

    @property
    def authority(self) -> str:
        """The host as a Host header has it, with the port unless it is the usual one."""
        host = f"[{self.host}]" if isinstance(self.host, IPv6Address) else str(self.host)
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def file_name(self) -> str:
        """The last part of the path, decoded; empty if there is none."""
        return unquote(self.target.partition("?")[0].rsplit("/", 1)[-1], errors="replace")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    def join(self, reference: str) -> RemoteUrl:
        """Return the URL that a redirect from here leads to; spaces in it are encoded.

        Raises:
            DownloadNotAllowed: it may not be fetched.
        """
        reference = reference.strip(" ").replace(" ", "%20")
        _check_characters(reference)
        try:
            return parse_url(urljoin(str(self), reference))
        except ValueError:
            raise DownloadNotAllowed("url: it redirects to a text that is not a URL") from None


def parse_url(text: str) -> RemoteUrl:
    """Parse a URL.

    Raises:
        DownloadNotAllowed: it is not an http or https URL, or is written in a way that
            two programs may read differently.
    """
    _check_characters(text)
    match = _URL.fullmatch(text)
    if match is None:
        raise DownloadNotAllowed(
            "url: expected a complete URL that begins with http:// or https://"
        )
    scheme, authority, target = match[1].lower(), match[2], match[3]
    if "@" in authority:
        raise DownloadNotAllowed("url: user names and passwords in a URL are not accepted")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise DownloadNotAllowed("url: expected a host, or a host and a port")
    host = parse_host(parts[1])
    port = int(parts[2] or _DEFAULT_PORTS[scheme])
    if (port not in (80, 443) and not 1024 <= port <= 65535) or port in _OTHER_PROTOCOLS:
        raise DownloadNotAllowed(
            f"url: port {port} is not allowed; 80, 443 and most ports from 1024 are"
        )
    if not target.startswith("/"):
        target = f"/{target}"
    return RemoteUrl(scheme, host, port, quote(target, safe=_AS_IS))


def _check_characters(text: str) -> None:
    """Raise `DownloadNotAllowed` for characters that some parsers drop or read differently."""
    if len(text) > _MAX_URL:
        raise DownloadNotAllowed(f"url: longer than {_MAX_URL:,} characters")
    if "\\" in text or " " in text or not text.isprintable():
        raise DownloadNotAllowed(
            "url: spaces, backslashes and characters that cannot be printed must be percent-encoded"
        )
