"""Networks that settings name, and who is of them."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """True if `address` is one, and of one of the networks."""
    parsed = parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def parse(address: str) -> IPv4Address | IPv6Address | None:
    """Return the address, of one mapped into IPv6 the IPv4 address; None if it is none."""
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
