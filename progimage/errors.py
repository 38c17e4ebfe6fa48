"""Every error that ProgImage raises itself, independent of HTTP.

ProgImageError
├── ConfigError
├── InvalidRequest
│   └── InvalidArgument, InvalidField, DownloadNotAllowed
├── NotFound
│   └── Expired, OriginMissing
├── Unauthenticated
│   └── BadCredentials
├── Forbidden
│   ├── InvalidLink
│   │   └── LinkExpired
│   └── QuotaExceeded, TransformNotAllowed, ForeignOrigin
├── ForeignHost, NameTaken, ExternalIdTaken, NoLinkKey, NotAcceptable, RequestTimeout,
│   RequestTooLarge
├── UploadConflict, ChecksumMismatch, PreconditionFailed, PreconditionRequired
├── PictureError
│   ├── EmptyPicture, UnsupportedMedia, MismatchedMedia, CorruptPicture
│   └── PictureTooLarge, PictureTooComplex
├── OutputTooLarge, RenderFailed, RenderTimeout
├── RemoteFailed
│   ├── DownloadFailed
│   │   └── DownloadTimeout
│   ├── OriginFailed
│   │   └── OriginTimeout
│   └── PublishFailed
├── Postponed
│   └── TooManyAttempts, RateLimited, Overloaded
└── StoreError
    ├── BadKey, KeyMissing, Conflict, DamagedRecord, DamagedOriginal
    └── StoreUnavailable
        └── StoreFull, IndexMissing
"""

from __future__ import annotations


class ProgImageError(Exception):
    """Base of all errors. The text is safe to show: what is wrong, where, and what would work."""


class ConfigError(ProgImageError):
    """Settings that cannot work; the message lists every problem."""


class InvalidRequest(ProgImageError):
    """The request is malformed."""


class InvalidArgument(InvalidRequest):
    """An operation or one of its arguments is unknown, repeated or out of range."""


class InvalidField(InvalidRequest):
    """A field of an upload or an edit is unknown, repeated or out of range."""


class DownloadNotAllowed(InvalidRequest):
    """A URL that may not be fetched: its form, its host or its address forbids it."""


class NotFound(ProgImageError):
    """No such picture, or one that the viewer may not see; deliberately the same error."""


class Expired(NotFound):
    """The upload was not finished in time."""


class OriginMissing(NotFound):
    """The origin has no such picture, or one that may not be served."""


class Unauthenticated(ProgImageError):
    """An account is required, and the request has no credentials."""


class BadCredentials(Unauthenticated):
    """A token, key or password that is unknown, wrong, expired or revoked."""


class NameTaken(ProgImageError):
    """There is an account with this name already."""


class ExternalIdTaken(ProgImageError):
    """Another picture of the owner has this external id."""


class Postponed(ProgImageError):
    """The request may succeed later.

    Attributes:
        retry_after_s: the seconds to wait before the next try.
    """

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyAttempts(Postponed):
    """Too many attempts to sign in or up, from one address or for one account."""


class Forbidden(ProgImageError):
    """The viewer may see it, but may not change it."""


class QuotaExceeded(Forbidden):
    """The account may not have so many pictures or bytes."""


class InvalidLink(Forbidden):
    """The signature is not valid for this address."""


class LinkExpired(InvalidLink):
    """The signature was valid, and has expired."""


class TransformNotAllowed(Forbidden):
    """The transform policy does not allow this pipeline, or not without a signature."""


class ForeignOrigin(Forbidden):
    """A page of another site sent a request for a change."""


class ForeignHost(ProgImageError):
    """The request names a host that is not known to be this service."""


class NoLinkKey(ProgImageError):
    """The service has no key that links could be signed with."""


class RateLimited(Postponed):
    """This client has reached its limit of requests."""


class NotAcceptable(ProgImageError):
    """The client accepts no format that this picture can be converted to."""


class RequestTooLarge(ProgImageError):
    """The body of a request is longer than it may be, whatever is in it."""


class RequestTimeout(ProgImageError):
    """The body of the request came too slowly."""


class UploadConflict(ProgImageError):
    """The piece does not continue the bytes that the upload has so far."""


class ChecksumMismatch(ProgImageError):
    """The received bytes do not match the checksum."""


class PreconditionFailed(ProgImageError):
    """The edit was based on a revision that is no longer the current one."""


class PreconditionRequired(ProgImageError):
    """The edit did not name the revision it is based on."""


class PictureError(ProgImageError):
    """The bytes are not a picture that can be stored or transformed."""


class EmptyPicture(PictureError):
    """The body has no bytes."""


class UnsupportedMedia(PictureError):
    """Not one of the supported formats."""


class MismatchedMedia(PictureError):
    """libmagic and Pillow see different formats: a polyglot or a disguise."""


class CorruptPicture(PictureError):
    """Truncated, or cannot be decoded."""


class PictureTooLarge(PictureError):
    """More bytes than a picture may have."""


class PictureTooComplex(PictureError):
    """More pixels or frames, or a longer side, than the limits allow."""


class OutputTooLarge(ProgImageError):
    """The result of the pipeline, or of a step, would exceed the output limits."""


class RenderFailed(ProgImageError):
    """The render worker crashed or ran out of memory on this picture."""


class RenderTimeout(ProgImageError):
    """The render took more processor time than is allowed and its process was killed."""


class RemoteFailed(ProgImageError):
    """Another server failed.

    Attributes:
        retryable: True if the request may succeed later.
        retry_after_s: when to try again, if the server sent a Retry-After.
    """

    def __init__(
        self, message: str, *, retryable: bool = False, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class DownloadFailed(RemoteFailed):
    """The server of a URL did not send a picture."""


class DownloadTimeout(DownloadFailed):
    """The server of a URL did not send the picture in time."""


class OriginFailed(RemoteFailed):
    """An origin did not give a picture."""


class OriginTimeout(OriginFailed):
    """An origin did not answer in time."""


class PublishFailed(RemoteFailed):
    """Another service did not accept a picture."""


class Overloaded(Postponed):
    """Too much work is waiting already."""


class StoreError(ProgImageError):
    """Base of the errors of an object store."""


class BadKey(StoreError):
    """A key that no store accepts: traversal, control characters, too long."""


class KeyMissing(StoreError):
    """No object under this key."""


class Conflict(StoreError):
    """The object does not have the expected etag, or exists although it should not."""


class DamagedRecord(StoreError):
    """A record that cannot be read; the bytes of the picture may be intact."""


class DamagedOriginal(StoreError):
    """The stored bytes of a picture are missing, or do not match its record."""


class StoreUnavailable(StoreError):
    """The store did not answer in time, or answered with an error."""


class StoreFull(StoreUnavailable):
    """The disk, the quota or the file system of the store has no room left."""


class IndexMissing(StoreUnavailable):
    """The store has pictures, but no index that this version can read."""

    def __init__(
        self,
        message: str = "the store has no index that this version can read; its operator builds "
        "one with 'progimage reindex'",
    ) -> None:
        super().__init__(message)
