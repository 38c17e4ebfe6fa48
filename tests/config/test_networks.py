"""Addresses of clients."""

from __future__ import annotations

import pytest

from progimage.config.networks import site_of


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
