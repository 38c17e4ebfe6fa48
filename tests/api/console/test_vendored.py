"""What others have written is served as they have published it, with its licence beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from progimage.api.console import console

VENDOR = Path(console.__file__).parent / "assets" / "vendor"

# `npm pack openseadragon@6.1.1`, build/openseadragon/openseadragon.min.js and LICENSE.txt.
SHA256 = {
    "openseadragon.min.js": "14d587cd3ee7c4861f1a41077ce642029364a21029956ba635bd8fb1202cf9ad",
    "openseadragon-LICENSE.txt": "17da96b26ac706d2cbd06d4555dedb43026782f4943faf0156fe7acf89454228",
}


def test_every_file_is_the_published_one():
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}
    assert found == SHA256


def test_the_page_loads_none_of_it_by_itself(client):
    page = client.simulate_get("/", headers={"Accept": "text/html"}).text
    assert "vendor" not in page
    assert client.simulate_get("/console/vendor/openseadragon.min.js").status_code == 200
