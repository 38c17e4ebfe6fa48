"""JSON answers: pydantic models that are both serialised and documented."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict


class Link(TypedDict):
    """One link of a HAL document; an RFC 6570 template if `templated`."""

    href: str
    templated: NotRequired[bool]
    type: NotRequired[str]


Links = dict[str, Link]

LinksField = Annotated[Links, Field(serialization_alias="_links")]
"""The links of a document, under the name that HAL gives them."""


class JsonDocument(BaseModel):
    """Base of the models of answers."""

    model_config = ConfigDict(frozen=True, from_attributes=True, populate_by_name=True)

    def json_object(self) -> dict[str, Any]:
        """Return the document, ready for JSON."""
        return self.model_dump(mode="json", by_alias=True)


Item = TypeVar("Item", bound=JsonDocument)


class Collection(JsonDocument, Generic[Item]):
    """A list of documents."""

    kind: Literal["Collection"] = "Collection"
    data: tuple[Item, ...]
