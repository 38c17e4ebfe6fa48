"""Which addresses a picture may be fetched from.

The tables follow the IANA special-purpose address registries (RFC 6890 and its
updates), https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry. They are written out
since `ipaddress.is_global` accepts addresses that contain another address,
such as 64:ff9b::7f00:1, and differs between versions of Python.
"""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address


class Reach(Enum):
    """How far an address reaches."""

    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "never"


# Allowed if the operator trusts all uploaders with access to that network.
_PRIVATE_4 = [
    IPv4Network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
    )
]
_PRIVATE_6 = [IPv6Network("::1/128"), IPv6Network("fc00::/7")]

_NEVER_4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "100.100.100.200/32",  # metadata of Alibaba Cloud
        "168.63.129.16/32",  # Azure's own services inside each virtual machine
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "192.0.0.0/24",  # protocol assignments, metadata of Oracle Cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_NEVER_6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
        "fd00:ec2::/32",  # metadata of Amazon EC2
        "fd20:ce::/32",  # metadata of Google Cloud
    )
]
# All that IANA has assigned for use between networks. Addresses outside of it that are not private
# are mapped, compatible, NAT64, link-local, multicast or not assigned.
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")

# The upper half of the interface's part of an ISATAP address (RFC 5214, section 6.1);
# the lower half is an IPv4 address.
_ISATAP = {0x00005EFE, 0x02005EFE}


def reach(address: Address) -> Reach:
    """Return how far the address reaches.

    PUBLIC is global unicast that contains no other address. NEVER is for addresses that
    no public or private web server has: link-local, metadata services, multicast, unspecified,
    reserved, documentation, and every form that a router may translate to an IPv4 address.
    """
    if isinstance(address, IPv4Address):
        if any(address in network for network in _NEVER_4):
            return Reach.NEVER
        return Reach.PRIVATE if any(address in network for network in _PRIVATE_4) else Reach.PUBLIC
    if address.scope_id or any(address in network for network in _NEVER_6):
        return Reach.NEVER
    if any(address in network for network in _PRIVATE_6):
        return Reach.PRIVATE
    is_isatap = (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
    return Reach.PUBLIC if address in _GLOBAL_UNICAST_6 and not is_isatap else Reach.NEVER
