"""A machine that knows link names only gets from the root to any rendition."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest

from tests.api.conftest import opened, upload
from tests.api.signing import WITH_KEY, get, signed


def expand(link: dict, **values: str) -> str:
    """Expand the parts of RFC 6570 that our templates use: {x}, {+x}, {.x} and {?x,y}."""
    if not link.get("templated"):
        return link["href"]

    def fill(match) -> str:
        kind, names = match[1], match[2].split(",")
        if kind == "?":
            pairs = [f"{name}={quote(values[name], safe='')}" for name in names if name in values]
            return f"?{'&'.join(pairs)}" if pairs else ""
        if kind == ".":
            return f".{values[names[0]]}" if names[0] in values else ""
        return quote(values[names[0]], safe="/:,=" if kind == "+" else "")

    return re.sub(r"\{([?+.]?)([\w,]+)\}", fill, link["href"])


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


PRESETS = {"card": "resize:w=24", "icon": "thumbnail:16x16.png"}


def test_presets_are_linked_to_with_a_format_or_without(make_client, jpeg):
    client = make_client(presets=PRESETS)
    links = client.simulate_get(upload(client, jpeg) + "metadata/").json["_links"]
    assert opened(client.simulate_get(expand(links["preset"], preset="icon"))).format == "PNG"
    href = expand(links["preset"], preset="card", format="webp")
    assert opened(client.simulate_get(href)).format == "WEBP"


@pytest.mark.parametrize("policy", ["presets", "signed"])
def test_no_link_leads_to_what_the_policy_refuses(make_client, jpeg, policy):
    client = make_client(**WITH_KEY, transforms={"policy": policy}, presets=PRESETS)
    path = upload(client, jpeg)
    root = client.simulate_get("/").json
    assert root["transforms"] == {"policy": policy, "presets": ["card", "icon"]}
    assert client.simulate_get("/transforms/").json["policy"] == policy
    listed = client.simulate_get("/images/").json["data"][0]
    lines = client.simulate_get("/images/", headers={"Accept": "application/x-ndjson"})
    assert listed["_links"] == client.simulate_get(path + "metadata/").json["_links"]
    assert listed["_links"] == json.loads(lines.text)["_links"]
    image_id = path.split("/")[2]
    tried = 0
    for links in (listed["_links"], root["_links"]):
        for name in {"convert", "thumbnail", "rendition", "preset"} & links.keys():
            values = {"width": "8", "height": "8", "format": "webp", "pipeline": "sepia"}
            href = expand(links[name], id=image_id, preset="card", **values)
            if "{?sig}" in links[name]["href"]:
                canonical = href.replace("8x8", "height=8,width=8")
                href = signed(canonical)
            assert opened(get(client, href)).format == "WEBP"
            tried += 1
    assert tried == {"presets": 2, "signed": 6}[policy]
    href = expand(root["_links"]["on_demand"], preset="card", pipeline="card", format="webp")
    sent = client.simulate_post(href, body=jpeg, headers={"Content-Type": "image/jpeg"})
    assert opened(sent).format == "WEBP"


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
