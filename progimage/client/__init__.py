"""The service's client for Python, blocking and asynchronous.

    from progimage.client import Client

    with Client("https://img.example.com", token="…") as client:
        image = client.upload("photo.jpg", title="Harbour", tags=["sea"])
        image.resize(w=400).grayscale().webp().save("small.webp")
        for image in client.search(tag="sea"):
            print(image.title, image.url)

`AsyncClient` has the same methods, to be awaited. It imports nothing of the server.
"""

from progimage.client.client import AsyncClient, Client
from progimage.client.drivers import Async, Sync
from progimage.client.endpoints import Link
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
from progimage.client.images import Image, Rendition
from progimage.client.jobs import Job
from progimage.client.pipelines import Pipeline
from progimage.client.search import Page, Tag
from progimage.client.session import Retries, Tokens
from progimage.client.uploads import Uploaded

__all__ = [
    "Async",
    "AsyncClient",
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
    "RateLimited",
    "Rendition",
    "Retries",
    "ServerError",
    "Sync",
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
