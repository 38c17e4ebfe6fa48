"""Calls of the service over S3, each with the S3 calls that it comes to."""

from __future__ import annotations

import io
import json
import re
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch
from urllib.parse import unquote

from bench import libraries, load, servers, workers
from bench.bench import Bench
from bench.ceph import Bucket
from bench.load import Load, LoadFailed
from bench.raw_s3 import NEW, Call, Request, client
from bench.servers import Server
from progimage import keys
from progimage.library.index import keys as index_keys
from progimage.library.index.index import Index
from progimage.library.index.rebuild import rebuild
from progimage.model import Record
from progimage.stores import create_store, open_store

PICTURES = 20
_TAGS = ("sea", "sky", "sun", "boats", "harbour")
# As many as the cost tables are held to, by tests/library/search/test_cost.py.
_LIBRARY = 1_500
_SETTINGS = {
    "PROGIMAGE_CREATE_STORE": "true",
    # Calls of background threads would be counted too.
    "PROGIMAGE_JOBS_RUNNER": "none",
    "PROGIMAGE_LOG_LEVEL": "warning",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A call of the service, and the S3 calls that it comes to.

    Attributes:
        run: makes the call for so many seconds; its second argument is different each time.
        requests: what boto3 does alone; any of them, over and over.
        is_folded: the node makes more calls in the background, to fold what was changed.
    """

    name: str
    server: Server
    run: Callable[[float, int], Load]
    requests: Sequence[Request]
    is_folded: bool = False


@contextmanager
def cases(bench: Bench, bucket: Bucket) -> Iterator[list[Case]]:
    """Run two nodes, one that redirects, over a library with pictures; give all cases."""
    settings = {**_SETTINGS, "PROGIMAGE_STORE": bucket.url, **bucket.environment}
    with ExitStack() as stack:
        _fill(bucket, library_size(bench))
        node = stack.enter_context(_node(settings))
        redirecting = stack.enter_context(
            _node({**settings, "PROGIMAGE_DELIVERY_MODE": "redirect"})
        )
        folder = workers.pictures(bench.work, PICTURES)
        pictures = [_Picture.uploaded(node, folder / f"{n}.jpg", bucket) for n in range(PICTURES)]
        tagged = f"/images/?tags={','.join(_TAGS)}"
        _posted(node, folder / "0.jpg", tagged, tail=b"tagged")
        yield [
            *_renditions(bench, node, redirecting, pictures),
            *_uploads(bench, node, folder / "0.jpg", tagged),
            *_reading(bench, node, pictures),
        ]


def _renditions(
    bench: Bench, node: Server, redirecting: Server, pictures: Sequence[_Picture]
) -> list[Case]:
    """Cached ones, sent by the node or by S3, and those that have to be made."""
    hits = [f"{picture.path}resize:w=400/quality:80.jpg" for picture in pictures]
    size = round(statistics.median(len(_fetched(node, hit)) for hit in hits))
    cached = [
        [[Call("get", f"{picture.renditions}{_canonical(node, hit)}")]]
        for picture, hit in zip(pictures, hits, strict=True)
    ]
    colds = load.shuffled(
        [
            f"{picture.path}resize:w={width}/quality:{quality}.jpg"
            for picture in pictures
            for width in range(300, 500)
            for quality in range(70, 90)
            if (width, quality) != (400, 80)
        ]
    )
    share = len(colds) // (bench.rounds + 1)
    make = [
        [
            # Not in the cache; the record; still not there; the original; cached; still the record.
            [Call("get", f"{picture.renditions}{NEW}")],
            [Call("get", picture.record)],
            [Call("get", f"{picture.renditions}{NEW}")],
            [Call("get", picture.original)],
            [Call("put", f"{picture.renditions}{NEW}", size)],
            [Call("get", picture.record)],
        ]
        for picture in pictures
    ]

    def cold(seconds: float, turn: int) -> Load:
        some = colds[turn * share : (turn + 1) * share]
        return _measured(bench, node, some, seconds, once=True)

    return [
        Case(
            "cached rendition, sent by the node",
            node,
            lambda seconds, _: _measured(bench, node, hits, seconds),
            cached,
        ),
        Case(
            "cached rendition, redirected to S3",
            redirecting,
            lambda seconds, _: _measured(bench, redirecting, hits, seconds),
            cached,
        ),
        Case("rendition that has to be made", node, cold, make),
    ]


def _uploads(bench: Bench, node: Server, picture: Path, tagged: str) -> list[Case]:
    """Uploads without metadata, and with five tags."""
    size = picture.stat().st_size
    folder = f"{keys.IMAGES}00/{NEW}/"

    def case(name: str, path: str, at: int) -> Case:
        request = [
            [Call("get", f"{folder}record.json")],
            [Call("put", f"{folder}original", size), Call("put", f"raw/live/{NEW}")],
            [Call("put-new", f"{folder}record.json", 600)],
        ]

        def run(seconds: float, turn: int) -> Load:
            return load.post(
                node,
                picture,
                seconds=seconds,
                connections=bench.connections,
                path=path,
                start=at + turn * 10**9,
            )

        return Case(name, node, run, [request], is_folded=True)

    return [
        case("upload without metadata", "/images/", 10**13),
        case("upload with five tags", tagged, 10**14),
    ]


def _reading(bench: Bench, node: Server, pictures: Sequence[_Picture]) -> list[Case]:
    """A record, and pages of searches."""
    paths = [f"{picture.path}metadata/" for picture in pictures]

    def search(name: str, condition: str) -> Case:
        path = f"/images/?{condition}"
        return Case(
            name,
            node,
            lambda seconds, _: _measured(bench, node, [path], seconds),
            [[[Call("list", index_keys.LIVE)]]],
        )

    return [
        Case(
            "record of a picture",
            node,
            lambda seconds, _: _measured(bench, node, paths, seconds),
            [[[Call("get", picture.record)]] for picture in pictures],
        ),
        search("page of 50 by a tag", "tag=every"),
        search("page of 50 by two tags", "tags_all=every&tags_all=half"),
    ]


def _measured(
    bench: Bench, server: Server, paths: Sequence[str], seconds: float, *, once: bool = False
) -> Load:
    return load.run(server, paths, seconds=seconds, connections=bench.connections, once=once)


@contextmanager
def _node(settings: dict[str, str]) -> Iterator[Server]:
    store = Path(settings["PROGIMAGE_STORE"])
    with servers.progimage([], store, settings) as server:
        yield server


def _fetched(server: Server, path: str) -> bytes:
    answer = server.fetch(path)
    if answer.status != 200:
        raise LoadFailed(f"{path}: {answer.status} {answer.body[:200]!r}")
    return answer.body


def _posted(server: Server, file: Path, path: str, *, tail: bytes = b"") -> str:
    """Upload a JPEG with something behind its end; return its id."""
    answer = server.fetch(path, "POST", file.read_bytes() + tail, **{"Content-Type": "image/jpeg"})
    if answer.status not in {200, 201}:
        raise LoadFailed(f"upload: {answer.status} {answer.body[:200]!r}")
    return str(json.loads(answer.body)["id"])


def _canonical(server: Server, path: str) -> str:
    """Return the name of a rendition, from the end of its canonical URL."""
    found = re.search(r"/images/[0-9a-f]{64}/([^>]+)", server.fetch(path).headers["link"])
    if not found:
        raise LoadFailed(f"{path} has no canonical URL")
    return unquote(found[1])


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture in the library: the path of its calls, and where S3 keeps it."""

    path: str
    record: str
    original: str
    renditions: str

    @classmethod
    def uploaded(cls, server: Server, file: Path, bucket: Bucket) -> _Picture:
        """Upload a JPEG and find its objects."""
        image_id = _posted(server, file, "/images/")
        s3 = client(bucket, 1)
        [original] = s3.list_objects_v2(
            Bucket=bucket.name, Prefix=f"{keys.picture(image_id)}original-"
        )["Contents"]
        renditions = f"{keys.renditions(image_id, public=True)}{keys.ENGINE_VERSION}/"
        return cls(f"/images/{image_id}/", keys.record(image_id), original["Key"], renditions)


def library_size(bench: Bench) -> int:
    """Return how many pictures are searched."""
    return 60 if bench.smoke else next(iter(bench.pictures), _LIBRARY)


def _fill(bucket: Bucket, number: int) -> None:
    """Write the records of a library and their index: all have a tag, half another."""
    with patch.dict("os.environ", bucket.environment), ThreadPoolExecutor(16) as threads:
        create_store(bucket.url)
        store = open_store(bucket.url, threads=16)

        def write(n: int, made: Record) -> None:
            record = made.model_copy(
                update={
                    "tags": ("every", "half") if n % 2 else ("every",),
                    "title": "",
                    "description": "",
                    "file_name": "",
                    "visibility": "public",
                }
            )
            data = io.BytesIO(record.to_json())
            store.put(keys.record(record.id), data, media_type="application/json")

        records = libraries.records(number, timedelta(days=30))
        for _ in threads.map(write, range(number), records):
            pass
        rebuild(Index(store, threads))
