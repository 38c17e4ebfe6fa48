"""The parts of the service that the HTTP resources are built from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from progimage.access.accounts.administration import Administration
from progimage.access.accounts.authenticate import Authenticator
from progimage.access.accounts.sign_in import SignIn
from progimage.access.accounts.users import Users
from progimage.access.admission import Admission
from progimage.access.signed_links import LinkSigner
from progimage.access.transform_policy import TransformPolicy
from progimage.api.auth.authorization import Authorization
from progimage.api.auth.rate_limits import RenderRateLimit
from progimage.api.fronts.mount import Front
from progimage.api.responses.delivery import Delivery
from progimage.api.responses.hal import Urls
from progimage.config import Settings
from progimage.imaging.limits import Limits
from progimage.ingest.ingest import Ingest
from progimage.ingest.resumable.uploads import ResumableUploads
from progimage.jobs.model import Request
from progimage.jobs.state import Jobs
from progimage.library import Library
from progimage.library.albums import Albums
from progimage.library.search.catalogue import Catalogue
from progimage.origins.copies import Copies
from progimage.origins.origins import Origins
from progimage.renditions.renditions import Renditions
from progimage.stores import ObjectStore
from progimage.stores.readiness import Readiness
from progimage.stores.temp_files import TempFolder


@dataclass(frozen=True, kw_only=True)
class Components:
    """What resources need; `server.components` builds it.

    Attributes:
        signer: None if there is no key to sign links with.
        uploading: the places for requests that send pictures.
        announce_job: informs the runners of jobs about a new job.
        is_stopping: returns True once background work must end.
        is_draining: returns True once the server is stopping.
        metrics_folder: the folder with the counts of all workers of this node.
        origins: places that have pictures already, by name.
        copies, foreign_renditions: stored copies and renditions of the pictures of origins.
        fronts: the foreign URL grammars that are served.
    """

    settings: Settings
    limits: Limits
    store: ObjectStore
    temp_folder: TempFolder
    library: Library
    catalogue: Catalogue
    ingest: Ingest
    resumable_uploads: ResumableUploads
    renditions: Renditions
    delivery: Delivery
    policy: TransformPolicy
    urls: Urls
    signer: LinkSigner | None
    authorization: Authorization
    render_rate_limit: RenderRateLimit
    uploading: Admission
    albums: Albums
    users: Users
    administration: Administration
    authenticator: Authenticator
    sign_in: SignIn
    jobs: Jobs
    announce_job: Callable[[Request], None]
    is_stopping: Callable[[], bool]
    is_draining: Callable[[], bool]
    readiness: Readiness
    metrics_folder: Path | None
    origins: Origins
    copies: Copies
    foreign_renditions: Renditions
    fronts: Sequence[Front]
