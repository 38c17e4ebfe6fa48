"""Addresses of clients."""

from __future__ import annotations

import pytest

from progimage.config.networks import is_public_host, site_of


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("not an address", "not an address"),
        ("x" * 100, "x" * 64),
        ("", ""),
    ],
)
def test_a_client_is_an_ipv4_address_or_64_bits_of_ipv6(address, site):
    assert site_of(address) == site


def test_clients_behind_a_dual_stack_socket_are_distinguished():
    """Such a socket reports IPv4 clients as ::ffff:192.0.2.7, all within one /64."""
    assert site_of("::ffff:192.0.2.7") == site_of("192.0.2.7")
    assert site_of("::ffff:192.0.2.7") != site_of("::ffff:192.0.2.8")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://img.example.com", True),
        ("https://img.example.com:8443/pictures", True),
        ("http://93.184.216.34", True),
        ("http://[2606:2800:220:1:248:1893:25c8:1946]", True),
        ("", False),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]", False),
        ("http://192.168.1.2", False),
        ("http://pictures", False),
        ("http://pictures.lan", False),
        ("http://pictures.local.", False),
        ("http://a.internal", False),
    ],
)
def test_public_hosts(url, expected):
    assert is_public_host(url) is expected
