"""Pictures of an owner, and links to them signed as a back end would."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from falcon import testing

from progimage.access.signed_links import LinkSigner, link_key
from progimage.library import Library
from progimage.model import Metadata
from tests.candidates import FACTS as OF_PNG
from tests.candidates import candidate
from tests.imaging.drawing import quadrants, saved

SECRET = "x" * 32
WITH_KEY: dict[str, Any] = {"auth": {"secret": SECRET}}
FACTS = SimpleNamespace(**{**vars(OF_PNG), "media_type": "image/jpeg", "width": 48, "height": 32})
MAX_EXPIRES_S = 604_800


def signer(secret: str = SECRET, kid: str = "default") -> LinkSigner:
    """Return a back end that has a link key."""
    return LinkSigner({kid: link_key(secret.encode())}, kid, MAX_EXPIRES_S)


def signed(path: str, expires_in_s: int = 600, scope: Any = "this", covers: str = "") -> str:
    """Return the path with its signature, or with that of what it `covers`."""
    token, _ = signer().sign(covers or path, expires_in_s, scope)
    return f"{path}?sig={token}"


def get(client: testing.TestClient, link: str, method: str = "GET", **headers: str) -> Any:
    """Follow a link with a query; underscores in names of headers stand for dashes."""
    path, _, query = link.partition("?")
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.simulate_request(method, path, query_string=query, headers=given)


def keep(store: Any, *, visibility: str = "private", owner: str = "ann", variant: int = 0) -> str:
    """Put a JPEG of 48 x 32 into the store with an owner, and return its path."""
    data = saved(quadrants(), "JPEG", quality=90 - variant)
    fields = replace(candidate(data, "a.jpg", owner), facts=FACTS)
    record, _ = Library(store).add(fields, Metadata(visibility=visibility))
    return f"/images/{record.id}/"


# %id stands for the id, %dir for the folder of the picture; the rest is as it is sent.
TRICKS = [
    # Dot segments, plain and encoded, once and twice.
    "%dir/./%pipe",
    "%dir/%2e/%pipe",
    "%dir/x/../%pipe",
    "%dir/x/%2e%2e/%pipe",
    "%dir/x/%252e%252e/%pipe",
    "/images/x/../%id/%pipe",
    "/x/..%2fimages/%id/%pipe",
    "%dir/%2e%2e/%id/%pipe",
    "%dir/..;/%id/%pipe",
    "%dir/%pipe/..",
    "%dir/%pipe/.",
    "%dir/%pipe/%2e",
    # Slashes: doubled, backward, encoded twice.
    "%dir//%pipe",
    "%dir/%2f%pipe",
    "//images/%id/%pipe",
    "/images//%id/%pipe",
    "%dir\\%pipe",
    "%dir%5c%pipe",
    "%dir%252f%pipe",
    "%dir/%pipe//",
    "%dir/%pipe%2f%2f",
    # NUL, line ends and other control characters.
    "%dir/%pipe%00",
    "%dir/%00%pipe",
    "%dir%00/%pipe",
    "%dir/%pipe%00.png",
    "%dir/%pipe%0a",
    "%dir/%pipe%0d%0aX-Injected:1",
    "%dir/%pipe%7f",
    # Invalid and overlong UTF-8, halves of surrogate pairs.
    "%dir/%pipe%ff",
    "%dir/%c0%ae%c0%ae/%pipe",
    "%dir%c0%af%pipe",
    "%dir/%e0%80%af%pipe",
    "%dir/%ed%a0%80%pipe",
    "%dir/%f8%88%80%80%80%pipe",
    # Trailing dots, spaces, parameters.
    "%dir/%pipe.",
    "%dir/%pipe%20",
    "%dir/%20%pipe",
    "%dir/%pipe+",
    "%dir/%pipe;v=1",
    "%dir;v=1/%pipe",
    "%dir/%pipe%3bv=1",
    "%dir/%pipe%23",
    "%dir/%pipe%3fwidth=9",
    "%dir/%pipe%26width=9",
    # Percent signs that encode nothing, or twice.
    "%dir/%pipe%",
    "%dir/%pipe%2",
    "%dir/%pipe%zz",
    "%dir/%pipe%2570ng",
    # Letter case.
    "/IMAGES/%id/%pipe",
    "/Images/%id/%pipe",
    "/images/%ID/%pipe",
    "%dir/THUMBNAIL:height=16,width=16.png",
    "%dir/thumbnail:HEIGHT=16,WIDTH=16.png",
    # Other arguments and formats.
    "%dir/thumbnail:height=16,width=17.png",
    "%dir/thumbnail:height=16,width=16.webp",
    "%dir/thumbnail:height=16,width=16",
    "%dir/%pipe/%pipe",
    "%dir/%pipe.png",
    "%dir/thumbnail:height=16,width=16.png.webp",
    "%dir",
    "%dir/",
    "%dir/original",
    "%dir/original.png",
    "%dir.png",
    "%dir.jpg",
    "%dir/*",
    "%dir/-",
    "%dir/sha256-0000.png",
    "%dir/metadata/",
    "%dir/links/",
]


def spelt(trick: str, path: str, pipeline: str) -> str:
    """Return the path that one of `TRICKS` makes of a picture's path and a pipeline."""
    image_id = path.split("/")[2]
    for word, meant in (
        ("%dir", path[:-1]),
        ("%id", image_id),
        ("%ID", image_id.upper()),
        ("%pipe", pipeline),
    ):
        trick = trick.replace(word, meant)
    return trick
