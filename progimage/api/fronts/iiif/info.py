"""`info.json`: what the image service offers for one picture.

Sources: IIIF Image API 3.0, section 5, with compliance.html; 2.1.1, section 5, likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from progimage.api.fronts.iiif.geometry import SizeLimits
from progimage.api.fronts.iiif.grammar import FORMATS, QUALITIES, Version
from progimage.imaging.operation import Size
from progimage.imaging.tiles import TILE_PX, level_size, scale_factors

LEVEL = "level2"
PROTOCOL = "http://iiif.io/api/image"
CONTEXTS: dict[Version, str] = {
    2: "http://iiif.io/api/image/2/context.json",
    3: "http://iiif.io/api/image/3/context.json",
}
PROFILES: dict[Version, str] = {
    2: "http://iiif.io/api/image/2/level2.json",
    3: "http://iiif.io/api/image/3/level2.json",
}
"""The compliance level, as the profile link of each answer names it."""

# Version 3 lists what level 2 does not include, version 2.1 what there is.
_EXTRA_FEATURES = [
    "canonicalLinkHeader",
    "mirroring",
    "profileLinkHeader",
    "rotationArbitrary",
    "sizeUpscaling",
]
_FEATURES_OF_2 = [
    "baseUriRedirect",
    "canonicalLinkHeader",
    "cors",
    "jsonldMediaType",
    "mirroring",
    "profileLinkHeader",
    "regionByPct",
    "regionByPx",
    "regionSquare",
    "rotationArbitrary",
    "rotationBy90s",
    "sizeAboveFull",
    "sizeByConfinedWh",
    "sizeByDistortedWh",
    "sizeByH",
    "sizeByPct",
    "sizeByW",
    "sizeByWh",
]
_LEVEL_2_FORMATS = ("jpg", "png")
_PREFERRED_FORMATS = ["webp", "jpg"]


def info(
    version: Version,
    base: str,
    picture: Size,
    limits: SizeLimits,
    *,
    rights: str = "",
    manifest: str = "",
) -> dict[str, Any]:
    """Return the document.

    Args:
        base: the base URI of the picture's image service.
        rights: the URI of a licence or rights statement, "" for none.
        manifest: the address of the picture's manifest, "" for none.
    """
    common = {
        "protocol": PROTOCOL,
        "width": picture[0],
        "height": picture[1],
        "sizes": _sizes(picture, limits),
        "tiles": [{"width": TILE_PX, "scaleFactors": list(scale_factors(picture))}],
    }
    bounds = {"maxWidth": limits.side, "maxHeight": limits.side, "maxArea": limits.area}
    if version == 2:
        profile = {
            "formats": list(FORMATS),
            "qualities": list(QUALITIES),
            "supports": _FEATURES_OF_2,
            **bounds,
        }
        return {
            "@context": CONTEXTS[2],
            "@id": base,
            **common,
            "profile": [PROFILES[2], profile],
            **({"license": rights} if rights else {}),
        }
    return {
        "@context": CONTEXTS[3],
        "id": base,
        "type": "ImageService3",
        "profile": LEVEL,
        **common,
        **bounds,
        "preferredFormats": _PREFERRED_FORMATS,
        "extraFormats": [name for name in FORMATS if name not in _LEVEL_2_FORMATS],
        "extraQualities": ["bitonal"],
        "extraFeatures": _EXTRA_FEATURES,
        **({"rights": rights} if rights else {}),
        **({"partOf": [{"id": manifest, "type": "Manifest"}]} if manifest else {}),
    }


def _sizes(picture: Size, limits: SizeLimits) -> Sequence[dict[str, int]]:
    """Return the whole levels that may be requested, the smallest first.

    OpenSeadragon uses them if there is one for each scale factor; it computes the same sizes.
    """
    levels = [level_size(picture, factor) for factor in reversed(scale_factors(picture))]
    return [
        {"width": width, "height": height}
        for width, height in levels
        if limits.allow((width, height))
    ]
