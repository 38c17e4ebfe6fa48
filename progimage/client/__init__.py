"""The Python client, blocking and asynchronous.

    from progimage.client import Client

    with Client("https://img.example.com", token="…") as client:
        image = client.upload("photo.jpg", title="Harbour", tags=["sea"])
        image.resize(w=400).grayscale().webp().save("small.webp")
        for image in client.search(tag="sea"):
            print(image.title, image.url)

`AsyncClient` has the same methods, to be awaited. Nothing of the server is imported.
"""

from progimage.client.asynchronous.client import AsyncClient
from progimage.client.asynchronous.images import AsyncImage, AsyncRendition
from progimage.client.asynchronous.jobs import AsyncJob
from progimage.client.asynchronous.pages import AsyncPage
from progimage.client.asynchronous.uploads import AsyncUploaded
from progimage.client.blocking.client import Client
from progimage.client.blocking.images import Image, Rendition
from progimage.client.blocking.jobs import Job
from progimage.client.blocking.pages import Page
from progimage.client.blocking.uploads import Uploaded
from progimage.client.criteria import Tag
from progimage.client.errors import (
    Changed,
    ClientError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    InvalidCall,
    JobCancelled,
    NotAPicture,
    NotFound,
    Problem,
    RateLimited,
    ServerError,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnexpectedAnswer,
    Unreachable,
)
from progimage.client.pipelines import Pipeline
from progimage.client.results import Account, Album, BulkResult, Link, Quota, Responsive, Saved
from progimage.client.retries import Retries
from progimage.client.tokens import Tokens

__all__ = [
    "Account",
    "Album",
    "AsyncClient",
    "AsyncImage",
    "AsyncJob",
    "AsyncPage",
    "AsyncRendition",
    "AsyncUploaded",
    "BulkResult",
    "Changed",
    "Client",
    "ClientError",
    "Conflict",
    "Forbidden",
    "Gone",
    "Image",
    "Invalid",
    "InvalidCall",
    "Job",
    "JobCancelled",
    "Link",
    "NotAPicture",
    "NotFound",
    "Page",
    "Pipeline",
    "Problem",
    "Quota",
    "RateLimited",
    "Rendition",
    "Responsive",
    "Retries",
    "Saved",
    "ServerError",
    "Tag",
    "TimedOut",
    "Tokens",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "UnexpectedAnswer",
    "Unreachable",
    "Uploaded",
]
