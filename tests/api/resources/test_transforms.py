"""The list of transforms."""

from __future__ import annotations

from tests.api.conftest import upload
from tests.imaging.documents import document, filled


def test_transforms_lists_every_operation_with_a_working_example(client, uploaded):
    two_pages = upload(client, document(filled(1, 0, 0), filled(0, 1, 0)))
    listed = client.simulate_get("/transforms/").json
    assert len(listed["operations"]) >= 35
    for operation in listed["operations"]:
        assert operation["summary"]
        assert operation["arguments"]["type"] == "object"
        form = "" if operation["name"] == "format" else "/format:png"
        path = two_pages if operation["name"] == "page" else uploaded
        example = client.simulate_get(path + operation["example"] + form)
        assert example.status_code == 200, (operation["example"], example.text[:2000])
