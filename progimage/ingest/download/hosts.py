"""Host names and addresses, read in one strict way, and lists of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna

from progimage.errors import ConfigError, DownloadNotAllowed
from progimage.ingest.download.addresses import Address

Host = str | IPv4Address | IPv6Address

_MAX_NAME = 253
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")

# The URL standard reads names with such an end as IPv4 addresses in old spellings
# (https://url.spec.whatwg.org/#ends-in-a-number-checker); resolvers do too.
_ENDS_IN_A_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")


def parse_host(text: str) -> Host:
    """Return the address, or the host name in lower case and ASCII, that `text` means.

    An IPv6 address has brackets around it. An IPv4 address has four decimal numbers; its
    other spellings (octal, hexadecimal, fewer or no dots) are errors, as are zone ids,
    percent-encoding and a dot at the end.

    Raises:
        DownloadNotAllowed: it is not a host.
    """
    if text.startswith("["):
        if not text.endswith("]") or "%" in text:
            raise DownloadNotAllowed("url: an IPv6 address needs brackets around it, and no zone")
        try:
            return IPv6Address(text[1:-1])
        except AddressValueError:
            raise DownloadNotAllowed("url: the text in brackets is not an IPv6 address") from None
    name = _to_ascii(text)
    if _ENDS_IN_A_NUMBER.fullmatch(name):
        try:
            return IPv4Address(name)
        except AddressValueError:
            raise DownloadNotAllowed(
                "url: an IPv4 address has four decimal numbers without leading zeros"
            ) from None
    if len(name) > _MAX_NAME or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise DownloadNotAllowed(
            "url: the host is not a name such as img.example.com or an address; it has no "
            "percent-encoding and no dot at its end"
        )
    return name


def _to_ascii(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except idna.IDNAError:
        raise DownloadNotAllowed("url: the host is not a valid international name") from None


class HostList:
    """Hosts as an operator lists them: names, `*.` before names, addresses.

    Raises:
        ConfigError: an entry is not a host.
    """

    def __init__(self, entries: Iterable[str], setting: str) -> None:
        self._hosts: set[Host] = set()
        self._parents: set[str] = set()
        for entry in entries:
            is_pattern = entry.startswith("*.")
            is_bare_ipv6 = ":" in entry and not entry.startswith("[")
            try:
                host = parse_host(f"[{entry}]" if is_bare_ipv6 else entry.removeprefix("*."))
            except DownloadNotAllowed:
                host = ""
            if not host or (is_pattern and not isinstance(host, str)):
                raise ConfigError(
                    f"{setting}: {entry!r} is not a host; use names such as 'img.example.com' or "
                    "'*.example.com', or addresses, without scheme, port or path"
                )
            if is_pattern:
                self._parents.add(str(host))
            else:
                self._hosts.add(host)

    def __bool__(self) -> bool:
        return bool(self._hosts or self._parents)

    def has(self, host: Host | Address) -> bool:
        """Return True if an entry is this host; `*.example.com` is all below example.com."""
        if host in self._hosts:
            return True
        if not isinstance(host, str):
            return False
        parts = host.split(".")
        return any(".".join(parts[n:]) in self._parents for n in range(1, len(parts)))
