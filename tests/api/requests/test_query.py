"""Query parameters that have nothing to do with a picture."""

from __future__ import annotations

import pytest

from progimage import keys
from progimage.api.requests import query
from progimage.imaging.registry import describe
from tests.api.conftest import assert_problem

TRACKING = [
    {"v": "3"},
    {"utm_source": "mail", "utm_campaign": "a b"},
    {"fbclid": "x"},
    {"_": "1700000000"},
    {"ts": "1"},
]


@pytest.mark.parametrize("params", TRACKING, ids=lambda params: next(iter(params)))
def test_tracking_parameters_change_neither_picture_nor_key(client, store, uploaded, params):
    for path in (uploaded, f"{uploaded}blur.png", f"{uploaded[:-1]}.webp"):
        plain = client.simulate_get(path)
        tracked = client.simulate_get(path, params=params)
        assert (tracked.status_code, tracked.content) == (200, plain.content)
        assert tracked.headers["etag"] == plain.headers["etag"]
    assert len(list(store.list(keys.RENDERS))) == 2


def test_other_unknown_parameters_of_a_rendition_are_errors(client, uploaded):
    assert_problem(client.simulate_get(f"{uploaded}blur.png", params={"vv": "3"}), 400, "vv")


def test_arguments_beside_tracking_parameters_count(client, uploaded):
    result = client.simulate_get(f"{uploaded}resize.png", params={"width": "10", "utm_id": "7"})
    assert result.status_code == 200
    assert "resize:" in result.headers["link"]


def test_no_argument_of_an_operation_has_the_name_of_an_ignored_parameter():
    for operation in describe():
        for name in operation["arguments"]["properties"]:
            assert not query.IGNORED.fullmatch(name), name


@pytest.mark.parametrize("name", ["sig", "download"])
def test_a_special_parameter_comes_once(client, uploaded, name):
    result = client.simulate_get(uploaded, query_string=f"{name}=a&{name}=b")
    assert_problem(result, 400, f"{name}: given twice")
