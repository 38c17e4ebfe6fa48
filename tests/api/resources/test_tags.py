"""`GET /tags/`: what there is to choose from, with counts."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.api.conftest import assert_problem
from tests.imaging.drawing import saved


@pytest.fixture
def client(ann):
    """A client with an account, whose pictures may be private."""
    return ann


@pytest.fixture
def tagged(client):
    for number, tags in enumerate(["Sea,sky", "sea,Übersee", "seal", "SEA,harbour", "Zoo"]):
        picture = saved(Image.new("RGB", (4, 4), (number * 40, 0, 0)), "PNG")
        result = client.simulate_post(
            "/images/",
            body=picture,
            headers={"Content-Type": "image/png"},
            params={"tags": tags, "visibility": "private" if number == 3 else "public"},
            params_csv=False,
        )
        assert result.status_code == 201


def counts(result) -> list[tuple[str, int]]:
    assert result.status_code == 200, result.text[:2000]
    assert all(entry["count_is_exact"] for entry in result.json["data"])
    return [(entry["tag"], entry["count"]) for entry in result.json["data"]]


def test_tags_come_in_order_with_counts_and_as_they_are_spelled_last(client, tagged):
    assert counts(client.simulate_get("/tags/")) == [
        ("harbour", 1),
        ("SEA", 3),
        ("seal", 1),
        ("sky", 1),
        ("Zoo", 1),
        ("Übersee", 1),
    ]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("s", ["SEA", "seal", "sky"]),
        ("SE", ["SEA", "seal"]),
        ("sea", ["SEA", "seal"]),
        ("seal", ["seal"]),
        ("sealion", []),
        ("ü", ["Übersee"]),
        ("ub", []),
    ],
)
def test_a_prefix_in_any_case_completes(client, tagged, prefix, expected):
    result = client.simulate_get("/tags/", params={"prefix": prefix})
    assert [tag for tag, _ in counts(result)] == expected


def test_pages_of_tags_follow_each_other(client, tagged):
    url, found = "/tags/?limit=2", []
    while url:
        result = client.simulate_get(url)
        assert len(result.json["data"]) <= 2
        found += counts(result)
        url = result.json["next"]
    assert found == counts(client.simulate_get("/tags/"))


def test_each_tag_links_to_its_pictures(client, tagged):
    for entry in client.simulate_get("/tags/").json["data"]:
        listing = client.simulate_get(entry["_links"]["images"]["href"]).json
        assert len(listing["data"]) == entry["count"]


def test_a_tag_goes_with_its_last_picture(client, tagged):
    [zoo] = client.simulate_get("/images/", params={"tag": "zoo"}).json["data"]
    client.simulate_delete(zoo["_links"]["original"]["href"])
    assert counts(client.simulate_get("/tags/", params={"prefix": "z"})) == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("prefx=a", ("'prefx'", "did you mean 'prefix'")),
        ("prefix=" + "x" * 101, ("prefix", "1 to 100")),
        ("limit=0", ("limit", "1 to 1,000")),
        ("cursor=%2F", ("cursor", "next")),
        ("cursor=Li4v", ("cursor", "next")),
        ("cursor=____", ("cursor", "next")),
    ],
)
def test_impossible_values_are_refused(client, query, words):
    assert_problem(client.simulate_get("/tags/", query_string=query), 400, *words)
