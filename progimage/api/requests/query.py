"""The query of a URL as pairs, in order, with nothing dropped."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl

import falcon

from progimage.errors import InvalidRequest

Pairs = tuple[tuple[str, str], ...]

SIGNATURE = "sig"
DOWNLOAD = "download"
VERSION = "v"

_MAX_FIELDS = 100

# Added to URLs by marketing tools, or by programs that want to get past a cache. They say
# nothing about the picture, so they are part of no key.
IGNORED = re.compile(r"v|ts|_|utm_\w+|fbclid|gclid|msclkid")


class PictureQuery(NamedTuple):
    """The query of a URL of an original or a rendition.

    Attributes:
        arguments: of the pipeline, without the parameters that are ignored everywhere.
        signature: of a signed link, None without one.
        download: the file name to save the picture under, "" for the usual one; None to
            show the picture.
        version: what `v` names; None without it. It says that the answer never changes.
    """

    arguments: Pairs
    signature: str | None
    download: str | None
    version: str | None = None


def picture_query(req: falcon.Request) -> PictureQuery:
    """Return the query of a URL of an original or a rendition.

    Raises:
        InvalidRequest: `sig` or `download` is given twice, or what `pairs` raises.
    """
    every = pairs(req)
    found = [pair for pair in every if not IGNORED.fullmatch(pair[0])]
    special: dict[str, str] = {}
    for name, value in found:
        if name in (SIGNATURE, DOWNLOAD):
            if name in special:
                raise InvalidRequest(f"{name}: given twice")
            special[name] = value
    arguments = tuple(pair for pair in found if pair[0] not in special)
    version = dict(every).get(VERSION)
    return PictureQuery(arguments, special.get(SIGNATURE), special.get(DOWNLOAD), version)


def pairs(req: falcon.Request) -> list[tuple[str, str]]:
    """Return every name and value of the query, with blank values.

    Raises:
        InvalidRequest: it has too many fields, or is not UTF-8.
    """
    if not req.query_string:
        return []
    try:
        return parse_qsl(
            req.query_string, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except UnicodeDecodeError:
        raise InvalidRequest("the query is not percent-encoded UTF-8") from None
    except ValueError:
        raise InvalidRequest(f"the query has more than {_MAX_FIELDS} fields") from None
