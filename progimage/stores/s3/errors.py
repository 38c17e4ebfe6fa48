"""boto3's exceptions as errors of `progimage.errors`: a table of exceptions, one of S3's codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import urllib3.exceptions
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from progimage.errors import (
    BadKey,
    ConfigError,
    Conflict,
    KeyMissing,
    ProgImageError,
    StoreFull,
    StoreUnavailable,
)
from progimage.stores.key_rules import shown

_LOGIN = "the S3 credentials could not be fetched or renewed"
NOT_S3 = "what answered is no S3 server, or a proxy before it"

EXCEPTIONS: dict[type[Exception], str] = {
    boto.ConnectTimeoutError: "the S3 server did not accept a connection in time",
    boto.ReadTimeoutError: "the S3 server did not answer in time",
    boto.EndpointConnectionError: "the S3 server cannot be reached",
    boto.ConnectionClosedError: "the S3 server closed the connection without an answer",
    boto.SSLError: "the S3 server's TLS certificate or protocol was not accepted",
    boto.ProxyConnectionError: "the proxy before the S3 server cannot be reached",
    boto.ConnectionError: "the connection to the S3 server failed",
    boto.ResponseStreamingError: "the S3 server broke off in the middle of an object",
    boto.IncompleteReadError: "the S3 server broke off in the middle of an object",
    boto.HTTPClientError: "the request to the S3 server failed on the way",
    boto.ChecksumError: "an object arrived damaged from the S3 server",
    boto.FlexibleChecksumError: "an object arrived damaged from the S3 server",
    boto.AwsChunkedWrapperError: "an object could not be sent to the S3 server",
    boto.UnseekableStreamError: "an object could not be sent to the S3 server again",
    boto.CapacityNotAvailableError: "the S3 client's retries are used up for now",
    boto.NoCredentialsError: (
        "no S3 credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
        "a profile, or the machine's role"
    ),
    boto.PartialCredentialsError: "the S3 credentials are incomplete",
    boto.CredentialRetrievalError: _LOGIN,
    boto.MetadataRetrievalError: _LOGIN,
    boto.NoAuthTokenError: _LOGIN,
    boto.TokenRetrievalError: _LOGIN,
    boto.SSOError: _LOGIN,
    boto.LoginError: _LOGIN,
    boto.RefreshWithMFAUnsupportedError: _LOGIN,
    boto.UnknownCredentialError: _LOGIN,
    boto.UnknownTokenProviderError: _LOGIN,
    boto.InvalidIMDSEndpointError: _LOGIN,
    boto.InvalidIMDSEndpointModeError: _LOGIN,
    ResponseParserError: NOT_S3,
    # Both escape from botocore where a body breaks off.
    urllib3.exceptions.HTTPError: "the S3 server broke off in the middle of an object",
    OSError: "the connection to the S3 server failed",
    # Those of configurations that cannot work, and of uses that no store has.
    boto.BotoCoreError: "the S3 client's configuration cannot work",
}
"""The message for each exception; a subclass has the message of its nearest base class."""

_ABSENT = (KeyMissing, "no object {key}")
_REFUSED = (Conflict, "{key} is not at the expected version")
_DENIED = "the S3 server denies access; check the credentials and the bucket's policy"
_BUSY = "the S3 server asks to slow down"

_CODES: dict[str, tuple[type[ProgImageError], str]] = {
    "NoSuchKey": _ABSENT,
    "PreconditionFailed": _REFUSED,
    "ConditionalRequestConflict": _REFUSED,
    "OperationAborted": _REFUSED,
    "KeyTooLongError": (BadKey, "key {key}: too long for the S3 server"),
    "NoSuchBucket": (StoreUnavailable, "the S3 bucket does not exist"),
    "AllAccessDisabled": (StoreUnavailable, _DENIED),
    "ExpiredToken": (StoreUnavailable, "the S3 credentials have expired"),
    "InvalidAccessKeyId": (StoreUnavailable, "the S3 server does not know the access key"),
    "SignatureDoesNotMatch": (StoreUnavailable, "the S3 server rejects the secret key"),
    "RequestTimeTooSkewed": (StoreUnavailable, "this machine's clock differs from the S3 server's"),
    "BadDigest": (StoreUnavailable, "an object was damaged on its way to the S3 server"),
    "InvalidDigest": (StoreUnavailable, "an object was damaged on its way to the S3 server"),
    "QuotaExceeded": (StoreFull, "the S3 quota is used up"),
    "XMinioStorageFull": (StoreFull, "the S3 server's disks are full"),
    "EntityTooLarge": (StoreUnavailable, "the object is larger than the S3 server takes"),
    "RequestTimeout": (StoreUnavailable, "the S3 server waited too long for the object's bytes"),
    "InvalidObjectState": (StoreUnavailable, "the object is archived; restore it in S3 first"),
    "SlowDown": (StoreUnavailable, _BUSY),
    "TooManyRequests": (StoreUnavailable, _BUSY),
    "ServiceUnavailable": (StoreUnavailable, "the S3 server is unavailable"),
}

# HEAD has no body, so S3 cannot send a code there; only the status is left.
_STATUSES: dict[int, tuple[type[ProgImageError], str]] = {
    301: (StoreUnavailable, "the S3 bucket is in another region; set the parameter region"),
    307: (StoreUnavailable, "the S3 bucket is in another region; set the parameter region"),
    401: (StoreUnavailable, _DENIED),
    403: (StoreUnavailable, _DENIED),
    404: _ABSENT,
    409: _REFUSED,
    412: _REFUSED,
    429: (StoreUnavailable, _BUSY),
    501: (ConfigError, "store: this S3 server lacks a feature that is needed"),
    503: (StoreUnavailable, "the S3 server is unavailable"),
    507: (StoreFull, "the S3 server's disks are full"),
}


@contextmanager
def s3_faults(key: str = "") -> Iterator[None]:
    """Turn an exception of boto3 into an error of `progimage.errors`, without its secrets.

    That is a `StoreError`, or `ConfigError` for a server without a needed feature.
    """
    try:
        yield
    except boto.ClientError as error:
        kind, sentence = _answered(error)
        raise kind(sentence.format(key=shown(key))) from error
    except (
        boto.BotoCoreError,
        ResponseParserError,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        raise StoreUnavailable(sentence_of(type(error))) from error


def sentence_of(kind: type[Exception]) -> str:
    """Return the sentence of the nearest class in `EXCEPTIONS`."""
    return next(EXCEPTIONS[base] for base in kind.__mro__ if base in EXCEPTIONS)


def status_of(error: boto.ClientError) -> int:
    """Return the HTTP status of S3's answer, 0 if there is none."""
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def was_internal_error(error: StoreUnavailable) -> bool:
    """True if the server answered 500; False if it gave another answer, or none."""
    cause = error.__cause__
    return isinstance(cause, boto.ClientError) and status_of(cause) == 500


def _answered(error: boto.ClientError) -> tuple[type[ProgImageError], str]:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = status_of(error)
    known = _CODES.get(code) or _STATUSES.get(status)
    if known:
        return known
    name = f" {code}" if code.isalpha() and len(code) <= 64 else ""
    return StoreUnavailable, f"the S3 server answered {status}{name}"
