"""One client has so many connections and no more; others are not concerned."""

from __future__ import annotations

from ipaddress import ip_network

from progimage.server.client_limits import ClientLimits


def test_a_client_has_so_many_connections_and_others_have_theirs():
    limits = ClientLimits(2, [])
    assert [limits.admit("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert limits.admit("192.0.2.2")
    limits.leave("192.0.2.1")
    assert limits.admit("192.0.2.1")
    assert limits.count("192.0.2.1") == 2


def test_all_addresses_of_one_ipv6_site_are_one_client():
    limits = ClientLimits(1, [])
    assert limits.admit("2001:db8::1%eth0")
    assert not limits.admit("2001:db8::2")
    assert limits.admit("2001:db8:0:1::1")


def test_an_ipv4_address_mapped_into_ipv6_is_the_same_client():
    limits = ClientLimits(1, [])
    assert limits.admit("::ffff:192.0.2.1")
    assert not limits.admit("192.0.2.1")


def test_proxies_and_unix_sockets_have_no_limit():
    limits = ClientLimits(1, [ip_network("10.0.0.0/8")])
    assert all(limits.admit("10.1.2.3") for _ in range(9))
    assert all(limits.admit("") for _ in range(9))
    assert limits.count("10.1.2.3") == 9


def test_clients_that_left_are_forgotten():
    limits = ClientLimits(1, [])
    for number in range(9):
        limits.admit(f"192.0.2.{number}")
        limits.leave(f"192.0.2.{number}")
    assert len(limits) == 0
