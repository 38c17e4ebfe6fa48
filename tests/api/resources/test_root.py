"""The root document."""

from __future__ import annotations


def test_the_root_links_to_every_resource(client):
    links = client.simulate_get("/").json["_links"]
    for link in links.values():
        if not link.get("templated"):
            assert client.simulate_get(link["href"]).status_code in (200, 403, 405)


def test_links_to_collections_name_their_query_parameters(client):
    links = client.simulate_get("/").json["_links"]
    assert links["tags"] == {"href": "/tags/{?prefix,limit,cursor}", "templated": True}
    assert links["job"]["href"] == "/jobs/{id}/{?limit,cursor,state}"
    assert links["image"]["href"] == "/images/{id}/"


def test_metrics_are_linked_only_where_they_are_served(make_client):
    def links(*, enabled: bool) -> dict:
        return make_client(metrics={"enabled": enabled}).simulate_get("/").json["_links"]

    assert "metrics" in links(enabled=True)
    assert "metrics" not in links(enabled=False)


def test_the_root_says_whether_there_are_accounts(make_client):
    assert make_client().simulate_get("/").json["auth"]["mode"] == "off"
    auth = {"mode": "optional", "secret": "development", "registration": "open"}
    shown = make_client(auth=auth).simulate_get("/").json["auth"]
    assert shown == {"mode": "optional", "registration": "open"}
