"""Networks in settings, and the addresses of clients."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network


_SITE_BITS = 64
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".home.arpa", ".test", ".lan")


def site_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the first 64 bits of an IPv6 one.

    A site gets at least the addresses that share 64 bits (RFC 6177), so a client with one of
    these addresses has all of them. An IPv4 address mapped into IPv6, as a dual-stack socket
    reports it (RFC 4291, section 2.5.5.2), is that IPv4 address. Text that is not an
    address is returned as it is, up to 64 characters.
    """
    parsed = parse(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        host_bits = 128 - _SITE_BITS
        return str(IPv6Address(int(parsed) >> host_bits << host_bits))
    return str(parsed) if parsed else address[:64]


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """True if `address` is an IP address in one of the networks."""
    parsed = parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def is_public_host(url: str) -> bool:
    """True if the host of a URL is a name, or an address, of the internet."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    address = parse(host)
    if address is not None:
        return address.is_global
    # Names without a dot, and those that are reserved for private hosts and networks
    # (RFC 6761, 6762 and 8375; ICANN resolution 2024.07.29.06 for `internal`).
    return "." in host and not host.endswith(_PRIVATE_NAMES)


def parse(address: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address, or None if the text is not one.

    For an IPv4 address mapped into IPv6 that is the IPv4 address.
    """
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
