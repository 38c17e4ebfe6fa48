"""A pipeline over the picture in the request: nothing is stored."""

from __future__ import annotations

import base64

import pytest

from tests.api.conftest import assert_problem, form, opened

RAW = {"Content-Type": "image/jpeg"}


@pytest.mark.parametrize("shape", ["form", "raw", "json"])
def test_the_picture_comes_back_transformed_and_nothing_is_stored(client, store, jpeg, shape):
    sent = {
        "form": form(("image", jpeg, "a.jpg")),
        "raw": {"body": jpeg, "headers": RAW},
        "json": {"json": {"data": base64.b64encode(jpeg).decode()}},
    }[shape]
    result = client.simulate_post("/on_demand/resize:w=24/rotate:90.webp", **sent)
    assert opened(result).size == (16, 24)
    assert result.headers["content-type"] == "image/webp"
    assert result.headers["cache-control"] == "private, no-store"
    assert list(store.list("")) == []


def test_arguments_may_stand_in_the_query(client, jpeg):
    result = client.simulate_post(
        "/on_demand/thumbnail/", query_string="w=12&h=12", body=jpeg, headers=RAW
    )
    assert opened(result).size == (12, 8)


def test_without_an_extension_the_sources_own_format(client, png):
    result = client.simulate_post("/on_demand/thumbnail/", body=png, headers=RAW)
    assert opened(result).format == "PNG"


def test_auto_negotiates_here_too(client, jpeg):
    headers = {**RAW, "Accept": "image/webp"}
    result = client.simulate_post("/on_demand/thumbnail.auto", body=jpeg, headers=headers)
    assert opened(result).format == "WEBP"


def test_a_wrong_pipeline_is_an_error_before_the_picture_is_read(client):
    assert_problem(client.simulate_post("/on_demand/thumbnial", body=b"", headers=RAW), 400)


def test_no_picture_or_two_are_refused(client, jpeg):
    two = form(("image", jpeg, "a.jpg"), ("image", jpeg, "b.jpg"))
    assert_problem(client.simulate_post("/on_demand/thumbnail", **two), 400, "exactly one")
    assert_problem(client.simulate_post("/on_demand/thumbnail", **form(("title", "x"))), 400)


def test_a_file_that_is_no_picture_is_415(client):
    assert_problem(client.simulate_post("/on_demand/thumbnail", body=b"text", headers=RAW), 415)
