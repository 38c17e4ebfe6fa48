"""Forwarded headers count only from configured proxies."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from progimage.api.middleware.proxies import TrustedProxies

NETWORKS = [ip_network("10.0.0.0/8"), ip_network("::1/128")]


def seen(networks=NETWORKS, **env) -> dict[str, str]:
    """Return the environment as the app behind the middleware gets it."""
    captured = {}

    def app(env, _):
        captured.update(env)
        return []

    base = {"REMOTE_ADDR": "10.0.0.1", "HTTP_HOST": "inner:8000", "wsgi.url_scheme": "http"}
    TrustedProxies(app, networks)({**base, **env}, lambda *_: None)
    return captured


FORWARDED = {
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "img.example.com",
    "HTTP_X_FORWARDED_FOR": "203.0.113.9",
}


def test_a_trusted_proxy_is_believed():
    env = seen(**FORWARDED)
    assert env["wsgi.url_scheme"] == "https"
    assert env["HTTP_HOST"] == "img.example.com"
    assert env["REMOTE_ADDR"] == "203.0.113.9"


@pytest.mark.parametrize("peer", ["192.0.2.1", "::2", "nonsense"])
def test_a_stranger_is_not_believed(peer):
    env = seen(**FORWARDED, REMOTE_ADDR=peer)
    assert env["wsgi.url_scheme"] == "http"
    assert env["HTTP_HOST"] == "inner:8000"
    assert env["REMOTE_ADDR"] == peer


def test_without_configured_proxies_forwarded_headers_are_ignored():
    assert seen([], **FORWARDED)["HTTP_HOST"] == "inner:8000"
    assert seen([], **FORWARDED, REMOTE_ADDR="")["HTTP_HOST"] == "inner:8000"


def test_a_proxy_on_a_unix_socket_is_believed_where_proxies_are_configured():
    assert seen(**FORWARDED, REMOTE_ADDR="")["REMOTE_ADDR"] == "203.0.113.9"


def test_an_ipv4_proxy_seen_over_ipv6_is_the_same_proxy():
    assert seen(**FORWARDED, REMOTE_ADDR="::ffff:10.0.0.1")["REMOTE_ADDR"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("evil, 10.1.1.1", "10.1.1.1"),
        ("", "10.0.0.1"),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9"),
        ("203.0.113.9:5123, 10.1.1.1:80", "203.0.113.9"),
        ("[2001:db8::9]:5123, [::1]", "2001:db8::9"),
        ("2001:db8::9", "2001:db8::9"),
        ("203.0.113.9:port", "10.0.0.1"),
    ],
)
def test_the_client_is_the_first_untrusted_address_from_the_right(chain, client):
    assert seen(HTTP_X_FORWARDED_FOR=chain)["REMOTE_ADDR"] == client


@pytest.mark.parametrize("host", ["a b", "evil.com/x", "a\r\nb", "[::1", "user@host", ""])
def test_a_host_that_is_none_is_ignored(host):
    assert seen(HTTP_X_FORWARDED_HOST=host)["HTTP_HOST"] == "inner:8000"


def test_an_unknown_scheme_is_ignored():
    assert seen(HTTP_X_FORWARDED_PROTO="ftp")["wsgi.url_scheme"] == "http"


def test_nothing_further_in_sees_the_headers():
    for peer in ("10.0.0.1", "192.0.2.1"):
        env = seen(**FORWARDED, HTTP_FORWARDED="for=1.2.3.4", REMOTE_ADDR=peer)
        assert not [name for name in env if "FORWARDED" in name]


def test_absolute_urls_are_those_the_client_used(make_client, jpeg):
    client = make_client(server={"trusted_proxies": ["127.0.0.1/32"], "hosts": ["*"]})
    headers = {
        "Content-Type": "image/jpeg",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "img.example.com",
    }
    result = client.simulate_post("/images/", body=jpeg, headers=headers)
    assert result.headers["location"].startswith("https://img.example.com/images/")


def test_the_configured_public_address_wins(make_client, jpeg):
    client = make_client(server={"public_url": "https://cdn.example.com", "hosts": ["*"]})
    headers = {"Content-Type": "image/jpeg", "Host": "evil.example"}
    result = client.simulate_post("/images/", body=jpeg, headers=headers)
    assert result.headers["location"].startswith("https://cdn.example.com/images/")
