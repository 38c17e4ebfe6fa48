"""A machine that knows link names only gets from the root to any rendition."""

from __future__ import annotations

import re
from urllib.parse import quote

from tests.web.conftest import opened


def expand(link: dict, **values: str) -> str:
    """Expand the parts of RFC 6570 that our templates use: {x}, {+x} and {?x,y}."""
    if not link.get("templated"):
        return link["href"]

    def fill(match) -> str:
        kind, names = match[1], match[2].split(",")
        if kind == "?":
            pairs = [f"{name}={quote(values[name], safe='')}" for name in names if name in values]
            return f"?{'&'.join(pairs)}" if pairs else ""
        return quote(values[names[0]], safe="/:,=" if kind == "+" else "")

    return re.sub(r"\{([?+]?)([\w,]+)\}", fill, link["href"])


def test_from_the_root_to_a_rendition_by_links_only(client, jpeg):
    links = client.simulate_get("/").json["_links"]
    sent = client.simulate_post(
        expand(links["images"]), body=jpeg, headers={"Content-Type": "image/jpeg"}
    )
    client.simulate_patch(
        sent.json["_links"]["self"]["href"],
        json={"tags": ["sea"]},
        headers={
            "If-Match": client.simulate_get(sent.json["_links"]["self"]["href"]).headers["etag"]
        },
    )
    tags = client.simulate_get(expand(links["tags"], prefix="se")).json["data"]
    [record] = client.simulate_get(tags[0]["_links"]["images"]["href"]).json["data"]
    transforms = client.simulate_get(expand(links["transforms"])).json
    pipeline = next(o["example"] for o in transforms["operations"] if o["name"] == "sepia")
    extension = next(f["extension"] for f in transforms["formats"] if f["name"] == "png")
    href = expand(record["_links"]["rendition"], pipeline=pipeline, format=extension)
    assert opened(client.simulate_get(href)).format == "PNG"
    href = expand(record["_links"]["thumbnail"], width="10", height="10", format="webp")
    assert max(opened(client.simulate_get(href)).size) == 10
    href = expand(record["_links"]["convert"], format="gif")
    assert opened(client.simulate_get(href)).format == "GIF"
    assert client.simulate_get(record["_links"]["original"]["href"]).content == jpeg


def test_the_root_has_a_link_to_every_collection_of_the_description(client):
    links = client.simulate_get("/").json["_links"]
    led_to = {re.sub(r"\{[?].*\}", "", link["href"]) for link in links.values()}
    document = client.simulate_get(links["openapi"]["href"]).json
    for path in document["paths"]:
        first = path.split("/")[1].split("{")[0]
        if first == "console":
            continue  # for people, who begin at the same root
        assert any(href.split("/")[1].split("{")[0] == first for href in led_to), path


def test_the_link_to_pictures_offers_every_condition(client):
    links = client.simulate_get("/").json["_links"]
    document = client.simulate_get("/openapi.json").json
    offered = re.search(r"\{\?([\w,]+)\}", links["images"]["href"])[1].split(",")
    parameters = document["paths"]["/images/"]["get"]["parameters"]
    assert offered == [what["name"] for what in parameters]
