"""URLs: read in one way, or refused."""

from __future__ import annotations

import contextlib
import socket
from ipaddress import IPv4Address, ip_address
from urllib.parse import urlsplit

import httpx
import pytest
import urllib3.util
from hypothesis import example, given
from hypothesis import strategies as st

from progimage.errors import ConfigError, DownloadNotAllowed
from progimage.ingest.download.hosts import HostList, parse_host
from progimage.ingest.download.urls import parse_url


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://EXAMPLE.com:443/A/b.jpg?x=1#top", "https://example.com/A/b.jpg?x=1"),
        ("http://example.com:8080?x", "http://example.com:8080/?x"),
        ("http://example.com:/", "http://example.com/"),
        ("http://8.8.8.8/a", "http://8.8.8.8/a"),
        ("http://[2606:4700:0:0::1111]:8000/a", "http://[2606:4700::1111]:8000/a"),
        ("http://bücher.example/katze.jpg", "http://xn--bcher-kva.example/katze.jpg"),
        ("http://example.com/chaton-été.jpg", "http://example.com/chaton-%C3%A9t%C3%A9.jpg"),
        ("http://example.com/a%20b%2f", "http://example.com/a%20b%2f"),
        ('http://example.com/<"|^`{}[]>', "http://example.com/%3C%22%7C%5E%60%7B%7D%5B%5D%3E"),
    ],
)
def test_a_url_has_one_canonical_form(text, canonical):
    assert str(parse_url(text)) == canonical
    assert str(parse_url(canonical)) == canonical


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://example.com/a/cat.jpg?size=2/3", "cat.jpg"),
        ("http://example.com/a/c%C3%A4t%20.jpg", "cät .jpg"),
        ("http://example.com/a/", ""),
        ("http://example.com", ""),
    ],
)
def test_the_file_name_is_the_last_part_of_the_path(url, name):
    assert parse_url(url).file_name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/cat.jpg",
        "//example.com/cat.jpg",
        "/etc/passwd",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "gopher://example.com/a",
        "data:image/png;base64,AAAA",
        "http:/example.com",
        "http:example.com",
        "http://",
        "http:///cat.jpg",
        "http://user@example.com/",
        "http://user:pass@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http://example.com\\.evil.com/",
        "http://exa mple.com/",
        " http://example.com/",
        "http://example.com/\n",
        "http://exam\tple.com/",
        "http://example.com/a b",
        "http://example.com/\x00",
        "http://example.com\u200b/",
        "http://example.com./",
        "http://.example.com/",
        "http://a..b.com/",
        "http://-a.com/",
        "http://%31%32%37.0.0.1/",
        "http://exa%6dple.com/",
        "http://example.com%00.evil.com/",
        "http://example.com:80:80/",
        "http://example.com:+80/",
        "http://example.com:٨٠/",
        "http://example.com:0/",
        "http://example.com:22/",
        "http://example.com:25/",
        "http://example.com:6667/",
        "http://example.com:65536/",
        "http://example.com:100000/",
        "http://[::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1/",
        "http://::1/",
        "http://[127.0.0.1]/",
        "http://[v1.x]/",
        "http://[]/",
        "http://" + "a" * 64 + ".com/",
        "http://" + "a." * 127 + "com/",
        "http://example.com/" + "a" * 8192,
    ],
)
def test_ambiguous_requests_are_refused(text):
    with pytest.raises(DownloadNotAllowed):
        parse_url(text)


@pytest.mark.parametrize(
    "host",
    [
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.1",
        "127.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        "127.0.0.256",
        "127.0.0.0.1",
        "a.1",
        "a.0x",
        "1.2.3.0X4",
        "１２７.１",
        "127。0。1",
    ],
)
def test_odd_spellings_of_addresses_are_refused(host):
    with pytest.raises(DownloadNotAllowed):
        parse_url(f"http://{host}/")


@pytest.mark.parametrize("host", ["１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1"])
def test_wide_digits_and_dots_are_read_before_the_address_is_checked(host):
    assert parse_url(f"http://{host}/").host == IPv4Address("127.0.0.1")


def test_a_refusal_never_repeats_the_url():
    for text in ("http://user:hunter2@example.com/", "http://127.0.0.1\\hunter2/", "hunter2://x"):
        with pytest.raises(DownloadNotAllowed) as caught:
            parse_url(text)
        assert "hunter2" not in str(caught.value)


HOSTS = st.one_of(
    st.text("aZ0189.-_xX:[]%@ü。①", max_size=20),
    st.integers(0, 2**32 - 1).map(lambda n: str(IPv4Address(n))),
    st.integers(0, 2**40).flatmap(lambda n: st.sampled_from([str(n), hex(n), f"0{n:o}"])),
    st.integers(0, 2**128 - 1).map(lambda n: f"[{ip_address(n if n >= 2**32 else n + 2**32)}]"),
    st.lists(st.sampled_from(["0x7f", "0177", "127", "1", "0", "com"]), max_size=5).map(".".join),
)
URLS = st.one_of(
    st.builds(
        "{}://{}{}{}{}".format,
        st.sampled_from(["http", "https", "HTTP", "ftp", "http:"]),
        HOSTS,
        st.sampled_from(["", ":", ":80", ":443", ":8080", ":0", ":99999", ":1:2"]),
        st.sampled_from(["", "/", "?", "#", "\\", "/a", "/../a", "//b"]),
        st.text(max_size=10),
    ),
    st.text(max_size=40),
)


@given(URLS)
@example("http://[::1]:8080/\\@example.com")
@example("http://a@b@c/")
def test_accepted_requests_are_read_the_same_by_other_parsers(text):
    try:
        ours = parse_url(text)
    except DownloadNotAllowed:
        return
    for parse in (_by_urllib, _by_httpx, _by_urllib3):
        assert parse(str(ours)) == (ours.scheme, str(ours.host), ours.port)
    assert parse_url(str(ours)) == ours
    # The text as it came is no other host either, in whatever spelling.
    with contextlib.suppress(ValueError):
        assert parse_host(_bracketed(urlsplit(text).hostname or "")) == ours.host


@given(HOSTS)
def test_the_resolver_reads_an_accepted_host_as_we_do(text):
    """What inet_aton takes for an address is one to us too, and the same."""
    try:
        host = parse_host(text)
    except DownloadNotAllowed:
        return
    try:
        packed = socket.inet_aton(str(host))
    except OSError:
        assert not isinstance(host, IPv4Address)
    else:
        assert host == IPv4Address(packed)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _by_urllib(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _usual(parts.scheme)


def _by_httpx(url: str) -> tuple[str, str, int]:
    parts = httpx.URL(url)
    return parts.scheme, parts.raw_host.decode(), parts.port or _usual(parts.scheme)


def _by_urllib3(url: str) -> tuple[str | None, str, int]:
    parts = urllib3.util.parse_url(url)
    return parts.scheme, (parts.host or "").strip("[]"), parts.port or _usual(parts.scheme)


def _usual(scheme: str | None) -> int:
    return 443 if scheme == "https" else 80


def test_a_list_of_hosts_compares_hosts_and_not_texts():
    listed = HostList(["Example.COM", "*.bücher.example", "8.8.8.8", "2606:4700:0::1"], "x")
    for text in ("example.com", "a.xn--bcher-kva.example", "8.8.8.8", "[2606:4700::1]"):
        assert listed.has(parse_host(text)), text
    for text in ("a.example.com", "bücher.example", "evilexample.com", "example.com.evil.org"):
        assert not listed.has(parse_host(text)), text


@pytest.mark.parametrize(
    "entry", ["", "*", "*.", "http://a.com", "a.com:80", "a.com/", "*.1.2.3.4"]
)
def test_an_entry_that_is_no_host_is_a_wrong_setting(entry):
    with pytest.raises(ConfigError, match=r"download\.allowed_hosts"):
        HostList([entry], "download.allowed_hosts")
