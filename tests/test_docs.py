"""The README is held to the code."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from progimage import config
from progimage.api.openapi import document
from progimage.api.openapi.documented import of_responder
from progimage.config import Settings
from progimage.imaging.registry import describe
from progimage.server import app
from progimage.stores.memory import MemoryStore
from tests.inline_pool import InlinePool

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DEFAULTS = tomllib.loads((ROOT / "settings" / "default.toml").read_text("utf-8"))


@pytest.mark.parametrize("operation", describe(), ids=lambda operation: operation["name"])
def test_every_operation_is_in_the_readme_as_it_is(operation):
    [row] = [line for line in README.splitlines() if line.startswith(f"| `{operation['name']}` |")]
    assert operation["summary"] in row
    assert f"`{operation['example']}`" in row
    for argument in operation["arguments"]["properties"]:
        assert f"`{argument}`" in row


@pytest.mark.parametrize(
    "where", [where for where in config.names() if where != ("presets",)], ids=".".join
)
def test_every_setting_is_in_the_readme_with_its_default(where):
    default = DEFAULTS
    for part in where:
        default = default[part]
    assert f"| `{'.'.join(where)}` | `{json.dumps(default)}` |" in README


SERVICE = app.create(Settings(store="memory://"), MemoryStore(), InlinePool())


@pytest.mark.parametrize(
    "call",
    list(document.calls(SERVICE.routes)),
    ids=lambda call: f"{call.method.upper()} {call.path}",
)
def test_every_responder_says_what_it_takes_and_gives(call):
    """With `@documented` above it (api/openapi/documented.py), from which /openapi.json is made."""
    assert of_responder(call.responder), f"{call.responder} lacks @documented"


@pytest.mark.parametrize("template", [route.template for route in SERVICE.routes])
def test_every_route_is_in_the_readme(template):
    shown = {
        "{image_id}": "<id>",
        "{upload_id}": "<id>",
        "{job_id}": "<id>",
        "{key_id}": "<id>",
        "{session_id}": "<id>",
        "{extension}": "<ext>",
        "{path:path}": "<step>",
    }
    for field, word in shown.items():
        template = template.replace(field, word)
    template = template.replace("/console/<step>", "/console/<file>")
    assert re.search(rf"`(GET|POST|DELETE|PATCH|PUT) {re.escape(template)}", README), template


def test_no_upload_by_curl_ends_in_a_slash():
    # curl(1), -T: to a URL without a file part it appends the name of the local file.
    uploads = re.findall(r"curl .*?-T \S+ (\S+)", README)
    assert uploads
    assert not [address for address in uploads if address.endswith("/")]
