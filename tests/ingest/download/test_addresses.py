"""The rule of addresses: global unicast that carries no other address inside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progimage.ingest.download.addresses import Reach, reach

V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(IPv6Address)
# Most of IPv6 is not given out, so an even choice would miss what is.
V6_GIVEN_OUT = st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(IPv6Address)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "93.184.215.14", "172.15.255.255", "2606:4700::1111", "2a00:1450:4001::8a"]
)
def test_public_addresses_are_public(text):
    assert reach(ip_address(text)) is Reach.PUBLIC


@pytest.mark.parametrize(
    "text",
    ["10.0.0.1", "127.8.9.10", "172.31.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12:3456::1"],
)
def test_private_addresses_are_private(text):
    assert reach(ip_address(text)) is Reach.PRIVATE


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "192.88.99.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2001:10::1",
        "2a00:1450::5efe:7f00:1",
        "2a00:1450::200:5efe:a00:1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100::1",
        "5f00::1",
        "3fff::1",
        "4000::1",
    ],
)
def test_paths_that_no_web_server_serves_are_never_requested(text):
    assert reach(ip_address(text)) is Reach.NEVER


@given(V4 | V6 | V6_GIVEN_OUT)
def test_no_address_is_public_that_python_knows_to_be_special(address):
    if reach(address) is Reach.PUBLIC:
        assert address.is_global
        assert not any((address.is_multicast, address.is_private, address.is_reserved))


@given(V4)
def test_an_ipv4_address_in_disguise_is_never_reached(address):
    number = int(address)
    disguises = [
        number,  # IPv4-compatible
        0xFFFF << 32 | number,  # IPv4-mapped
        0x64FF9B << 96 | number,  # NAT64
        0x64FF9B0001 << 80 | number,  # NAT64, of a network's own
        0x2002 << 112 | number << 80,  # 6to4
        0x20010000 << 96 | number ^ 0xFFFFFFFF,  # Teredo
        0x2A001450 << 96 | 0x5EFE << 32 | number,  # ISATAP
    ]
    for disguise in disguises:
        # ::1 is the one address that is what it looks like.
        assert reach(IPv6Address(disguise)) is Reach.NEVER or disguise == 1
