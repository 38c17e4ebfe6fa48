"""Show images that look alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from progimage.cli.connection import AsJson, uses_server
from progimage.cli.search import SHORT_ID, Tags
from progimage.cli.terminal import Table, message, print_json
from progimage.client import Client, Image

app = typer.Typer()

_HASH_BITS = 64


@app.command(
    epilog="""Examples:

    progimage duplicates --tag holiday

    progimage duplicates --distance 0 --json | jq -r '.[1:][].id'"""
)
@uses_server
def duplicates(
    client: Client,
    tag: Tags = None,
    distance: Annotated[
        int, typer.Option(min=0, max=16, help="in how many of 64 bits their hashes may differ")
    ] = 8,
    owner: Annotated[str, typer.Option(help="of this owner; `me` for your own")] = "",
    as_json: AsJson = False,
) -> None:
    """List groups of images that look alike, the largest image of each group first.

    Copies of other sizes, formats and qualities are found; those that were turned, mirrored or
    cut to a part are not. Nothing is changed.
    """
    options: dict[str, Any] = {"tags_all": tag, "owner": owner, "page_size": 1000}
    criteria: Any = {key: value for key, value in options.items() if value}
    found = groups(client.search(**criteria), distance)
    for number, group in enumerate(found):
        if as_json:
            print_json([image.facts() for image in group])
            continue
        if number:
            print()
        table = Table(SHORT_ID, 11, 9, 5, 0)
        for image in group:
            table.add(
                image.id[:SHORT_ID] if table.fits_terminal else image.id,
                f"{image.width}x{image.height}",
                str(image.size_bytes),
                image.media_type.removeprefix("image/"),
                image.title or image.file_name,
            )
    copies = sum(len(group) - 1 for group in found)
    message(f"{len(found):,} groups, {copies:,} images beside the largest of each")


def groups(images: Iterable[Image], distance: int) -> list[list[Image]]:
    """Return groups of at least two images that look alike, in the order of their first images.

    Images belong together if their hashes differ in at most `distance` bits, or if both belong
    together with a third. An image of a single colour looks like no other.
    """
    every = [image for image in images if int(image.perceptual_hash or "0", 16)]
    looks = [int(image.perceptual_hash, 16) for image in every]
    leader = list(range(len(every)))

    def leader_of(at: int) -> int:
        while leader[at] != at:
            leader[at] = at = leader[leader[at]]
        return at

    for one, other in _pairs(looks, distance):
        first, second = sorted((leader_of(one), leader_of(other)))
        leader[second] = first
    found: dict[int, list[Image]] = defaultdict(list)
    for at, image in enumerate(every):
        found[leader_of(at)].append(image)
    return [
        sorted(group, key=lambda image: (-image.width * image.height, -image.size_bytes, image.id))
        for group in found.values()
        if len(group) > 1
    ]


def _pairs(looks: list[int], distance: int) -> Iterator[tuple[int, int]]:
    """Yield the numbers of hashes that differ in at most `distance` bits.

    The hashes are cut into `distance` + 1 parts, of which such a pair has at least one in common.
    So only hashes with an equal part are compared.
    """
    parts = distance + 1
    for part in range(parts):
        low, high = _HASH_BITS * part // parts, _HASH_BITS * (part + 1) // parts
        mask = (1 << high) - (1 << low)
        with_equal_part: dict[int, list[int]] = defaultdict(list)
        for at, look in enumerate(looks):
            there = with_equal_part[look & mask]
            for other in there:
                if (look ^ looks[other]).bit_count() <= distance:
                    yield other, at
            there.append(at)
