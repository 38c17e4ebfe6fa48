"""The loaders of docs/ipx.md build addresses that this service answers; run by Node.js."""

from __future__ import annotations

import io
import json
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from progimage.stores.memory import MemoryStore
from tests.origin_client import OriginClient, picture

PAGE = Path(__file__).parents[3] / "docs" / "ipx.md"
# nuxt/image#435, #815, #1183 and #1378 are about names like these.
STRANGE = ("a+mber.png", "100%.png", "q?x=1&y=2.png", "a#b.png", "中文.png", "[1] (2).png")
BASE = "https://img.example.com/origins/shop/"


def block(name: str) -> str:
    """Return the code block that follows the name of its file, for the origin `shop`."""
    text = PAGE.read_text("utf-8").replace("/origins/site", "/origins/shop")
    found = re.search(rf"`{re.escape(name)}`:\n\n```js\n(.*?)```", text, re.DOTALL)
    assert found, f"docs/ipx.md has no code of {name}"
    return found[1]


def run(folder: Path, module: str, call: str) -> list[str]:
    """Return the list of addresses that JavaScript writes as JSON."""
    (folder / "loader.mjs").write_text(module, "utf-8")
    (folder / "main.mjs").write_text(
        f'import loader from "./loader.mjs";\nconsole.log(JSON.stringify({call}));\n', "utf-8"
    )
    command = ["node", str(folder / "main.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def shop(tmp_path) -> OriginClient:
    root = tmp_path / "shop"
    root.mkdir()
    client = OriginClient(root, MemoryStore(), {})
    for name in ("boat.png", "2024/boat trip+1.png", *STRANGE):
        client.put(name, picture(300, 200))
    return client


def sizes(shop: OriginClient, addresses: list[str]) -> list[tuple[tuple[int, int], str | None]]:
    """Return size and format of what is under each address."""
    found = []
    for address in addresses:
        assert address.startswith(BASE), unquote(address)
        answer = shop.get(address.removeprefix(BASE), {"Accept": "image/webp"})
        assert answer.status_code == 200, answer.text[:2000]
        image = Image.open(io.BytesIO(answer.content))
        found.append((image.size, image.format))
    return found


def test_the_loader_for_next_image(shop, tmp_path):
    call = """[
      loader({ src: "/boat.png", width: 30 }),
      loader({ src: "/2024/boat trip+1.png", width: 60, quality: 75 }),
    ]"""
    addresses = run(tmp_path, block("progimage-loader.js"), call)
    assert sizes(shop, addresses) == [((30, 20), "WEBP"), ((60, 40), "WEBP")]


def test_names_that_look_like_urls(shop, tmp_path):
    names = json.dumps([f"/{name}" for name in STRANGE])
    next_image = run(
        tmp_path, block("progimage-loader.js"), f"{names}.map(src => loader({{ src, width: 30 }}))"
    )
    assert sizes(shop, next_image) == [((30, 20), "WEBP")] * len(STRANGE)


def test_the_provider_for_nuxt_image(shop, tmp_path):
    # What @nuxt/image gives to providers is only a wrapper that calls once.
    module = block("providers/progimage.js")
    wrapped = 'import { defineProvider } from "@nuxt/image/runtime";'
    assert wrapped in module
    module = module.replace(wrapped, "const defineProvider = (provider) => () => provider;")
    call = """[
      [ "/boat.png", {} ],
      [ "/boat.png", { width: 30 } ],
      [ "/2024/boat trip+1.png", { width: 40, height: 40, quality: 75 } ],
      [ "/boat.png", { height: 20, format: "png" } ],
      [ "/boat.png", { width: 40, height: 40, fit: "inside" } ],
    ].map(([src, modifiers]) => loader().getImage(src, { modifiers }).url)"""
    assert sizes(shop, run(tmp_path, module, call)) == [
        ((300, 200), "WEBP"),
        ((30, 20), "WEBP"),
        ((40, 40), "WEBP"),
        ((30, 20), "PNG"),
        ((40, 27), "WEBP"),
    ]
