"""The schemas and parameters of lists that are sent in pages."""

from __future__ import annotations

from progimage.api.openapi.documented import Named, Parameter, Schema, list_of, object_of


def collection(name: str, item: Schema, **others: Schema) -> Named:
    """Return the schema of a page of a list.

    Args:
        item: the schema of an entry.
        others: further properties of the page.
    """
    page = object_of(
        kind={"const": "Collection"},
        data=list_of(item),
        next={"type": ["string", "null"], "description": "The next page."},
        **others,
    )
    return Named(name, page)


def page_size(entries: str, most: int, default: int, least: int = 1) -> Parameter:
    """Return the parameter `limit` of a list."""
    schema = {"type": "integer", "minimum": least, "maximum": most, "default": default}
    return Parameter("limit", f"The number of {entries} on a page.", schema)
