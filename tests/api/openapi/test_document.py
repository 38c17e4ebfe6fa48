"""The API's description: valid, complete, true, and a page that needs no script."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from falcon import testing
from openapi_spec_validator import validate

from progimage.config import Settings
from progimage.imaging.registry import describe
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.inline_pool import InlinePool


@pytest.fixture(scope="module")
def document():
    client = testing.TestClient(app.create(Settings(), MemoryStore(), InlinePool()))
    return client.simulate_get("/openapi.json").json


def test_the_document_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_operation_has_its_own_id_and_prose(document):
    operations = [what for path in document["paths"].values() for what in path.values()]
    assert len({what["operationId"] for what in operations}) == len(operations)
    assert all(what["summary"] for what in operations)
    tags = {tag["name"] for tag in document["tags"]}
    assert all(set(what["tags"]) <= tags for what in operations)


def test_every_error_has_the_one_shape_with_an_example(document):
    for path, methods in document["paths"].items():
        for method, what in methods.items():
            for status, answer in what["responses"].items():
                if status < "400" or method == "head":
                    continue
                content = answer["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, path
                for example in content["examples"].values():
                    assert example["value"]["status"] == int(status)


@pytest.mark.parametrize("operation", describe(), ids=lambda operation: operation["name"])
def test_every_transform_is_there_with_the_schema_that_validates_it(document, operation):
    schema = document["components"]["schemas"][f"{operation['name']}-arguments"]
    assert schema["properties"].keys() == operation["arguments"]["properties"].keys()


def test_limits_are_those_in_force(make_client):
    client = make_client(upload={"max_pictures": 7})
    document = client.simulate_get("/openapi.json").json
    form = document["components"]["schemas"]["UploadForm"]
    assert form["properties"]["image"]["maxItems"] == 7


def test_the_document_is_not_sent_again_to_who_has_it(client):
    etag = client.simulate_get("/openapi.json").headers["etag"]
    again = client.simulate_get("/openapi.json", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


class Page(HTMLParser):
    """Gathers what a page loads and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.add(tag)
        self.attributes |= set(found)
        self.ids |= {found["id"]} if "id" in found else set()
        self.targets |= {found["href"]} if "href" in found else set()


def test_the_page_shows_every_operation_and_schema_under_a_strict_policy(client, document):
    result = client.simulate_get("/docs/")
    assert "default-src 'none'" in result.headers["content-security-policy"]
    assert "unsafe" not in result.headers["content-security-policy"]
    page = Page()
    page.feed(result.text)
    assert not page.tags & {"script", "style", "img", "iframe"}
    assert not {name for name in page.attributes if name == "style" or name.startswith("on")}
    for methods in document["paths"].values():
        for method, what in methods.items():
            assert method == "head" or what["operationId"] in page.ids
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= page.ids
    for target in page.targets:
        if target.startswith("#"):
            assert target[1:] in page.ids
        else:
            assert client.simulate_get(target).status_code == 200


def test_the_page_escapes_what_it_shows(make_client):
    client = make_client(server={"public_url": "http://h'<b>"})
    assert not re.search(r"<b>(?!\w)", client.simulate_get("/docs/").text)


def test_calls_that_need_an_account_say_so(make_client):
    def security(mode: str, path: str, method: str) -> list:
        client = make_client(auth={"mode": mode, "secret": "x" * 32})
        return client.simulate_get("/openapi.json").json["paths"][path][method]["security"]

    bearer = {"bearer": []}
    assert security("optional", "/images/", "post") == [{}, bearer]
    assert security("required", "/images/", "post") == [bearer]
    assert security("required", "/images/", "get") == [{}, bearer]
    assert security("optional", "/users/me/", "get") == [bearer]
    assert security("optional", "/jobs/", "get") == [{}, bearer]
    assert security("required", "/jobs/", "get") == [bearer]
    assert security("required", "/health/live", "get") == [{}]


def test_no_call_describes_both_a_form_and_json(document):
    """A client made by openapi-generator sends JSON then, even if it was given files."""
    for path, methods in document["paths"].items():
        for what in methods.values():
            kinds = what.get("requestBody", {}).get("content", {})
            assert not {"multipart/form-data", "application/json"} <= set(kinds), path


def test_every_request_body_in_json_is_a_named_schema(document):
    for path, methods in document["paths"].items():
        for what in methods.values():
            content = what.get("requestBody", {}).get("content", {}).get("application/json")
            assert content is None or "$ref" in content["schema"], path


def test_limits_of_the_settings_are_in_the_bodies(make_client):
    client = make_client(links={"max_expires_s": 7}, jobs={"max_items": 9})
    schemas = client.simulate_get("/openapi.json").json["components"]["schemas"]
    assert schemas["LinkRequest"]["properties"]["expires_in"]["maximum"] == 7
    assert schemas["ImportRequest"]["properties"]["urls"]["maxItems"] == 9
