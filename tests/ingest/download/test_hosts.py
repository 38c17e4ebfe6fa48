"""Hosts in URLs, and hosts that an operator lists."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from progimage.errors import ConfigError, DownloadNotAllowed
from progimage.ingest.download.hosts import HostList, parse_host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Img.Example.COM", "img.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("10.0.0.1", IPv4Address("10.0.0.1")),
        ("[2001:DB8::1]", IPv6Address("2001:db8::1")),
        ("a_b.example", "a_b.example"),
    ],
)
def test_a_host_has_one_form(text, host):
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        *("", "a..b", "a.", "-a.example", "a b", "a%2eb", "a" * 64, "a." * 127 + "ab"),
        *("010.0.0.1", "0x7f.1", "127.1", "2130706433", "1.2.3.4.5", "example.0x"),
        *("[::1", "[fe80::1%25eth0]", "[1.2.3.4]", "\u2e80\u0378.example"),
    ],
)
def test_other_spellings_are_errors(text):
    with pytest.raises(DownloadNotAllowed, match=r"^url: "):
        parse_host(text)


def test_a_pattern_stands_for_everything_below_a_name():
    hosts = HostList(["*.example.com", "one.example", "10.0.0.1", "2001:db8::1"], "download.allow")
    for host in ("a.example.com", "a.b.example.com", "one.example", IPv4Address("10.0.0.1")):
        assert hosts.has(host)
    assert hosts.has(IPv6Address("2001:db8::1"))
    for host in ("example.com", "badexample.com", "a.one.example", IPv4Address("10.0.0.2")):
        assert not hosts.has(host)


@pytest.mark.parametrize("entry", ["", "https://a", "a:80", "a/b", "*", "*.10.0.0.1", "*.*.a"])
def test_entries_that_are_no_hosts_name_the_setting(entry):
    with pytest.raises(ConfigError, match=r"download.allow: "):
        HostList([entry], "download.allow")


def test_an_empty_list_is_false():
    assert not HostList([], "download.allow")
