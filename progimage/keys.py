"""Builds the keys of pictures and accounts; below are all keys of the store.

    store.json                             identity and format; see progimage/stores/marker.py
    images/ab/<id>/original-<generation>   the bytes as uploaded; immutable
    images/ab/<id>/record.json             the sidecar; its existence is the commit
    copies/ab/<id>/<generation>-<kind>-<width>x<height>    working copies; disposable, not served
    copies/ab/<id>/<generation>-<kind>-tiles    the pyramid of a large picture; disposable
    renders/public/ab/<id>/<engine>/<canonical pipeline>.<ext>     disposable
    renders/private/ab/<id>/<engine>/<canonical pipeline>.<ext>    disposable
    removals/<id>                          a removal in progress; empty
    users/<name>.json                      an account with its sessions and API keys
    development-key                        signs tokens if auth.secret is "development"
    asks/<token>.json                      the result of a render by another process
    origins/<name>/ab/<sha256>.json        facts about a picture of an origin; disposable
    adopted/<name>/ab/<sha256>.json        the same of one that was imported at its first request
    foreign/…                              copies of origins' pictures, in images/ and renders/
    probe/<token>                          written and removed by health checks and start-up
    albums/…, album-lists/…, trash/…       see progimage/library/owner_keys.py
    external/…, usage/…                    see progimage/library/owner_keys.py
    quarantine/<token>/…                   see progimage/library/quarantine.py
    uploads/<id>/…                         see progimage/ingest/resumable/keys.py
    index/…                                see progimage/library/index/keys.py
    jobs/…, job-lists/…, job-queue/…       see progimage/jobs/keys.py
    webhooks/…                             see progimage/webhooks/keys.py

`ab` is the first two digits of the id. `<generation>` is a new random name for every upload
attempt, so that the removal of an old original can never remove a new one. The engine
version comes after the id, so all renditions of a picture share two prefixes, and a purge
removes both. `<kind>` of a working copy is the version of the code that made it and its
target size; that of a pyramid is a version alone.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from functools import partial

ENGINE_VERSION = "5"
"""Part of every rendition's key and ETag; raised whenever output bytes change."""

COPY_VERSION = "2"
"""Part of every working copy's key; raised with the engine's whenever their bytes change."""

PYRAMID_VERSION = "1"
"""Part of every pyramid's key; raised with the engine's whenever their bytes change."""

PYRAMID_KIND = f"pyramid-{PYRAMID_VERSION}"
"""The part of a pyramid's key with the version."""

IMAGES = "images/"
COPIES = "copies/"
RENDERS = "renders/"
PUBLIC_RENDERS = "renders/public/"
PRIVATE_RENDERS = "renders/private/"
REMOVALS = "removals/"
USERS = "users/"
REMOTE_RENDERS = "asks/"
PROBES = "probe/"
ORIGINS = "origins/"
ADOPTED = "adopted/"
FOREIGN = "foreign/"
DEVELOPMENT_KEY = "development-key"
STORE_MARKER = "store.json"

_ID = re.compile(r"[0-9a-f]{64}")
_ORIGINAL_KEY = re.compile(r"images/[0-9a-f]{2}/([0-9a-f]{64})/original-([0-9a-z]+)")
_COPY_KEY = re.compile(
    r"copies/[0-9a-f]{2}/([0-9a-f]{64})/([0-9a-z]+)"
    r"(?:-([^/]+)-(?:[0-9]+x[0-9]+|tiles)|/[^/]+/(?:[0-9]+x[0-9]+|pyramid))"
)
_RENDITION_KEY = re.compile(r"renders/(?:public|private)/[0-9a-f]{2}/([0-9a-f]{64})/([^/]+)/.+")
_SHOWN = re.compile(r"(?<=[/=])[0-9a-f]{64}(?![0-9a-f])")
_TOKEN = re.compile(r"[0-9a-f]{32}")

# The longest names that every file system (255 bytes per segment) and S3 (1,024 bytes per
# key) accept, less the part of the key before them.
_MAX_SEGMENT = 240

_MAX_PIPELINE = 800


def remote_render(token: str) -> str:
    """Return the key of the result of a render by another process."""
    return f"{REMOTE_RENDERS}{token}.json"


def new_token() -> str:
    """Return an unguessable name for an upload, a job or a remote render: 128 random bits."""
    return secrets.token_hex(16)


def is_token(text: str) -> bool:
    """Return True for 32 lowercase hex digits."""
    return _TOKEN.fullmatch(text) is not None


def part_of(key: str, pattern: re.Pattern[str]) -> str | None:
    """Return the pattern's first group, or None unless the pattern matches the whole key."""
    match = pattern.fullmatch(key)
    return match[1] if match else None


def reader(pattern: str) -> Callable[[str], str | None]:
    """Return the function that returns the pattern's first group in a key, or None."""
    return partial(part_of, pattern=re.compile(pattern))


def is_image_id(text: str) -> bool:
    """Return True for 64 lowercase hex digits."""
    return _ID.fullmatch(text) is not None


def id_hash(owner: str = "") -> hashlib._Hash:
    """Return a hash object; after `update` with a picture's bytes, its hex digest is the id.

    For the default owner the id is the SHA-256 of the bytes. For other owners their name and
    a zero byte, which no name contains, come before the bytes. So equal bytes of two owners
    are two independent pictures.
    """
    return hashlib.sha256(owner.encode() + b"\0" if owner else b"")


def new_generation() -> str:
    """Return a unique name for the original of one upload attempt."""
    return secrets.token_hex(8)


def picture(image_id: str) -> str:
    """Return the prefix of the record and the original of one picture."""
    return f"{IMAGES}{image_id[:2]}/{image_id}/"


def record(image_id: str) -> str:
    """Return the key of the sidecar."""
    return f"{picture(image_id)}record.json"


def original(image_id: str, generation: str) -> str:
    """Return the key of the bytes as uploaded."""
    return f"{picture(image_id)}original-{generation}"


def is_disposable(key: str) -> bool:
    """Return True for what is made again if it is lost.

    These are renditions, working copies, and all that is stored of the pictures of origins.
    """
    return key.startswith((RENDERS, COPIES, FOREIGN, ORIGINS))


def working_copies(image_id: str, generation: str = "") -> str:
    """Return the prefix of the working copies of one picture, or of one `generation` of it."""
    prefix = f"{COPIES}{image_id[:2]}/{image_id}/"
    return f"{prefix}{generation}-" if generation else prefix


def working_copy(image_id: str, generation: str, px: int, size: tuple[int, int]) -> str:
    """Return the key of a working copy of `size`; `px` is the setting for the largest copy."""
    kind = copy_kind(px)
    return f"{working_copies(image_id, generation)}{kind}-{size[0]}x{size[1]}"


def copy_kind(px: int) -> str:
    """Return the part of a working copy's key with the version and the setting."""
    return f"{COPY_VERSION}-{px}"


def pyramid(image_id: str, generation: str) -> str:
    """Return the key of a picture's pyramid."""
    return f"{working_copies(image_id, generation)}{PYRAMID_KIND}-tiles"


def renditions(image_id: str, *, public: bool) -> str:
    """Return the prefix of one picture's cached renditions."""
    return f"{PUBLIC_RENDERS if public else PRIVATE_RENDERS}{image_id[:2]}/{image_id}/"


def rendition_name(canonical: str, extension: str) -> str:
    """Return the last part of a rendition's key and of its canonical URL.

    Args:
        canonical: a pipeline's canonical form, "" for a conversion without steps. If it is
            too long for a file name, its digest is used instead.
    """
    path = canonical or "original"
    if len(path) > _MAX_PIPELINE or any(len(part) > _MAX_SEGMENT for part in path.split("/")):
        path = f"sha256-{hashlib.sha256(path.encode()).hexdigest()}"
    return f"{path}.{extension}"


def rendition(image_id: str, canonical: str, extension: str, *, public: bool) -> str:
    """Return the key of one cached rendition."""
    name = rendition_name(canonical, extension)
    return f"{renditions(image_id, public=public)}{ENGINE_VERSION}/{name}"


def removal(image_id: str) -> str:
    """Return the key of the marker that a picture is being removed."""
    return f"{REMOVALS}{image_id}"


id_of_removal = reader(r"removals/([0-9a-f]{64})")
"""Return the id of the picture if `key` is the marker of its removal."""


def user(name: str) -> str:
    """Return the key of an account; `name` must be valid by `accounts.names`."""
    return f"{USERS}{name}.json"


name_of_user = reader(r"users/([a-z0-9][a-z0-9._-]*)\.json")
"""Return the name if `key` is an account's."""


id_of_record = reader(r"images/[0-9a-f]{2}/([0-9a-f]{64})/record\.json")
"""Return the picture's id if `key` is a sidecar's."""


def id_and_generation_of_original(key: str) -> tuple[str, str] | None:
    """Return id and generation if `key` is an original's."""
    match = _ORIGINAL_KEY.fullmatch(key)
    return (match[1], match[2]) if match else None


def id_generation_and_kind_of_copy(key: str) -> tuple[str, str, str] | None:
    """Return the picture's id, its original's generation and the kind of a copy or pyramid.

    The kind is "" for those that version 0.2 named, which nothing reads any more.
    """
    match = _COPY_KEY.fullmatch(key)
    return (match[1], match[2], match[3] or "") if match else None


def name_of_public_rendition(key: str) -> str | None:
    """Return the name (see `rendition_name`) if `key` is a rendition in the public cache."""
    if not key.startswith(PUBLIC_RENDERS) or not _RENDITION_KEY.fullmatch(key):
        return None
    return key.removeprefix(PUBLIC_RENDERS).split("/", 3)[3]


def ids_shown_in(key: str) -> set[str]:
    """Return the ids of the pictures in a rendition's key: its own, and others it uses.

    If the name is a digest (see `rendition_name`), only its own id can be found.
    """
    return set(_SHOWN.findall(key))


def id_and_engine_of_rendition(key: str) -> tuple[str, str] | None:
    """Return id and engine version if `key` is a cached rendition's."""
    match = _RENDITION_KEY.fullmatch(key)
    return (match[1], match[2]) if match else None
