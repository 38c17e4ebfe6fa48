"""The table of routes, and what holds for each of them."""

from __future__ import annotations

import pytest

from progimage.api.resources.links import reserved
from progimage.api.route import Route
from progimage.config import Settings
from progimage.config.sections.origins import OWN_PATHS
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.inline_pool import InlinePool

TABLE = app.create(Settings(store="memory://"), MemoryStore(), InlinePool()).routes
FILLED = {
    "{image_id}": "0" * 64,
    "{upload_id}": "0" * 32,
    "{job_id}": "0" * 32,
    "{key_id}": "0" * 32,
    "{session_id}": "0" * 32,
    "{extension}": "webp",
    "{version:int}": "3",
    "{path:path}": "blur",
}


def filled(route: Route) -> str:
    path = route.template
    for field, value in FILLED.items():
        path = path.replace(field, value)
    return path


def test_no_front_may_cover_a_path_of_the_service():
    served = {route.template.split("/")[1] for route in TABLE if route.template != "/"}
    # Depending on the settings, these have no route here.
    assert served | {"metrics", "origins"} == OWN_PATHS


def test_no_preset_may_have_the_name_of_a_path_below_a_picture():
    prefix = "/images/{image_id}/"
    words = {r.template.removeprefix(prefix) for r in TABLE if r.template.startswith(prefix)}
    words = {word for word in words if "{" not in word and word}
    assert words == set(reserved(dict.fromkeys(words, "thumbnail")))


def test_every_route_has_a_name_of_its_own():
    names = [route.name for route in TABLE]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("route", TABLE, ids=lambda route: route.template)
def test_head_is_answered_wherever_get_is_and_has_no_body(client, route):
    if "GET" not in route.responders():
        return
    got = client.simulate_get(filled(route))
    head = client.simulate_head(filled(route))
    assert head.status_code == got.status_code
    assert head.headers.get("content-type") == got.headers.get("content-type")
    assert head.content == b""


@pytest.mark.parametrize("route", TABLE, ids=lambda route: route.template)
def test_options_names_the_methods_of_every_route(client, route):
    result = client.simulate_options(filled(route))
    assert result.status_code in (200, 204)
    named = set(result.headers["allow"].split(", "))
    assert named | {"OPTIONS"} == set(route.responders()) | {"OPTIONS"}


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/images", "/images/"),
        ("/images/{image_id}.{extension}", "/images/{image_id}.{extension}"),
        ("/images/{image_id}/{path:path}", "/images/{image_id}/{path}"),
        ("/health/live", "/health/live"),
        ("/", "/"),
    ],
)
def test_the_documented_path_of_a_collection_ends_in_a_slash(template, path):
    assert Route(template, object(), "any").path == path
