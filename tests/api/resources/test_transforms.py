"""The list of transforms."""

from __future__ import annotations


def test_transforms_lists_every_operation_with_a_working_example(client, uploaded):
    listed = client.simulate_get("/transforms/").json
    assert len(listed["operations"]) >= 35
    for operation in listed["operations"]:
        assert operation["summary"]
        assert operation["arguments"]["type"] == "object"
        form = "" if operation["name"] == "format" else "/format:png"
        example = client.simulate_get(uploaded + operation["example"] + form)
        assert example.status_code == 200, (operation["example"], example.text)
