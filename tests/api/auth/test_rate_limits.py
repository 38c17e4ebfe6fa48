"""Cold renders are counted by client; what is cached costs nothing."""

from __future__ import annotations

import pytest

from tests.api.conftest import assert_problem, upload


@pytest.fixture
def client(make_client):
    return make_client(transforms={"cold_per_minute": 1, "cold_burst": 2})


def requested(client, path: str, address: str = "192.0.2.1", **kwargs) -> int:
    result = client.simulate_get(path, remote_addr=address, **kwargs)
    return result.status_code


def test_a_burst_is_made_and_the_next_waits(client, uploaded):
    assert [requested(client, f"{uploaded}blur:{n}.png") for n in (1, 2, 3)] == [200, 200, 429]
    result = client.simulate_get(f"{uploaded}blur:4.png", remote_addr="192.0.2.1")
    assert_problem(result, 429, "more renders")
    assert 1 <= int(result.headers["retry-after"]) <= 60
    assert result.headers["cache-control"] == "no-store"


def test_cached_renditions_are_never_limited(client, uploaded):
    for n in (1, 2, 3):
        requested(client, f"{uploaded}blur:{n}.png")
    for _ in range(20):
        assert requested(client, f"{uploaded}blur:1.png") == 200
    etag = client.simulate_get(f"{uploaded}blur:1.png").headers["etag"]
    assert requested(client, f"{uploaded}blur:1.png", headers={"If-None-Match": etag}) == 304
    assert requested(client, uploaded) == 200


def test_impossible_renditions_cost_nothing(client, uploaded):
    for path in ("nonsense", "resize:w=0", "thumbnail.auto"):
        for _ in range(3):
            headers = {"Accept": "image/x-unknown"}
            assert requested(client, uploaded + path, headers=headers) in (400, 406)
    assert requested(client, f"/images/{'0' * 64}/blur.png") == 404
    assert [requested(client, f"{uploaded}blur:{n}.png") for n in (1, 2, 3)] == [200, 200, 429]


def test_on_demand_counts_too(client, png):
    headers = {"Content-Type": "image/png"}
    made = [
        client.simulate_post(
            "/on_demand/flip.png", body=png, headers=headers, remote_addr="192.0.2.1"
        ).status_code
        for _ in range(3)
    ]
    assert made == [200, 200, 429]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:0:ffff::", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_a_client_is_an_address_or_a_network_of_ipv6(client, uploaded, one, other, is_same):
    assert [requested(client, f"{uploaded}blur:{n}.png", one) for n in (1, 2)] == [200, 200]
    assert requested(client, f"{uploaded}blur:3.png", other) == (429 if is_same else 200)


def test_a_header_of_the_clients_own_makes_no_new_client(client, uploaded):
    for n in (1, 2, 3, 4):
        headers = {"X-Forwarded-For": f"198.51.100.{n}", "Forwarded": f"for=198.51.100.{n}"}
        status = requested(client, f"{uploaded}blur:{n}.png", headers=headers)
        assert status == (200 if n < 3 else 429)


def test_behind_a_trusted_proxy_the_client_counts(make_client, jpeg):
    client = make_client(
        transforms={"cold_per_minute": 1, "cold_burst": 1},
        server={"trusted_proxies": ["192.0.2.0/24"]},
    )
    path = upload(client, jpeg)
    for n in (1, 2, 3):
        headers = {"X-Forwarded-For": f"203.0.113.9, 198.51.100.{n}"}
        assert requested(client, f"{path}blur:{n}.png", headers=headers) == 200
    assert requested(client, f"{path}blur:4.png", headers=headers) == 429


def test_without_a_limit_no_client_is_counted(make_client, jpeg):
    client = make_client()
    path = upload(client, jpeg)
    assert {requested(client, f"{path}blur:{n}.png") for n in range(1, 9)} == {200}
