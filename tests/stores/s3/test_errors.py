"""Every exception of botocore has a message of its own; a new one fails here first."""

from __future__ import annotations

import inspect

import botocore.exceptions
import pytest
import urllib3.exceptions
from botocore.exceptions import BotoCoreError, ClientError

from progimage.errors import BadKey, ConfigError, Conflict, KeyMissing, ProgImageError, StoreError
from progimage.stores.s3.errors import EXCEPTIONS, s3_faults, sentence_of

# Raised by what a store never uses: other services, paginators, waiters, stubs,
# the loading of API models, and mistakes in calls that no input can make.
NEVER_MET = {
    "ApiVersionNotFoundError",
    "EventStreamError",
    "InvalidEndpointDiscoveryConfigurationError",
    "InvalidExpressionError",
    "MD5UnavailableError",
    "MissingParametersError",
    "OperationNotPageableError",
    "PaginationError",
    "StubAssertionError",
    "StubResponseError",
    "UnStubbedResponseError",
    "UnknownClientMethodError",
    "UnknownServiceStyle",
    "UnsupportedOutpostResourceError",
    "UnsupportedS3ControlArnError",
    "UnsupportedS3ControlConfigurationError",
    "UnsupportedServiceProtocolsError",
    "WaiterConfigError",
    "WaiterError",
}


# Raised for configurations that cannot work; these have the sentence of their base class.
OF_THE_SETUP = {
    "AliasConflictParameterError",
    "BaseEndpointResolverError",
    "ConfigNotFound",
    "ConfigParseError",
    "DataNotFoundError",
    "EndpointProviderError",
    "EndpointResolutionError",
    "EndpointVariantError",
    "InfiniteLoopConfigError",
    "InvalidChecksumConfigError",
    "InvalidConfigError",
    "InvalidDNSNameError",
    "InvalidDefaultsMode",
    "InvalidEndpointConfigurationError",
    "InvalidHostLabelError",
    "InvalidMaxRetryAttemptsError",
    "InvalidProxiesConfigError",
    "InvalidRegionError",
    "InvalidRetryConfigurationError",
    "InvalidRetryModeError",
    "InvalidS3AddressingStyleError",
    "InvalidS3UsEast1RegionalEndpointConfigError",
    "InvalidSTSRegionalEndpointsConfigError",
    "MissingDependencyException",
    "NoRegionError",
    "ParamValidationError",
    "ProfileNotFound",
    "RangeError",
    "ServiceNotInRegionError",
    "UnknownEndpointError",
    "UnknownEndpointResolutionBuiltInName",
    "UnknownFIPSEndpointError",
    "UnknownKeyError",
    "UnknownParameterError",
    "UnknownRegionError",
    "UnknownServiceError",
    "UnknownSignatureVersionError",
    "UnsupportedS3AccesspointConfigurationError",
    "UnsupportedS3ArnError",
    "UnsupportedS3ConfigurationError",
    "UnsupportedSignatureVersionError",
    "ValidationError",
}


def boto_errors() -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(botocore.exceptions, inspect.isclass)
        if issubclass(kind, BotoCoreError) and kind is not BotoCoreError
    ]


@pytest.mark.parametrize("kind", boto_errors(), ids=lambda kind: kind.__name__)
def test_every_exception_of_botocore_has_a_sentence(kind):
    mapped = sentence_of(kind) != EXCEPTIONS[BotoCoreError]
    is_listed = kind.__name__ in NEVER_MET | OF_THE_SETUP
    assert mapped != is_listed, "map it, or list it as of the setup or never met"


@pytest.mark.parametrize(
    "error",
    [
        botocore.exceptions.EndpointConnectionError(endpoint_url="http://u:hush@host"),
        botocore.exceptions.WaiterError(name="hush", reason="hush", last_response={}),
        urllib3.exceptions.ProtocolError("hush"),
        ConnectionResetError("hush"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_sentence_repeats_nothing_of_the_exception(error):
    with pytest.raises(StoreError) as caught, s3_faults("key"):
        raise error
    assert "hush" not in str(caught.value)


def client_error(status: int, code: str) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutObject")


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_is_one_of_our_errors(status):
    """HEAD gives no code but the status itself."""
    with pytest.raises(ProgImageError) as caught, s3_faults("key"):
        raise client_error(status, str(status))
    assert str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", KeyMissing),
        (404, "404", KeyMissing),
        (412, "PreconditionFailed", Conflict),
        (412, "412", Conflict),
        (409, "ConditionalRequestConflict", Conflict),
        (400, "KeyTooLongError", BadKey),
        (501, "NotImplemented", ConfigError),
    ],
)
def test_errors_that_callers_distinguish_have_their_own_class(status, code, kind):
    with pytest.raises(kind), s3_faults("key"):
        raise client_error(status, code)


def test_an_answer_without_status_or_code_is_still_one_of_our_errors():
    with pytest.raises(StoreError), s3_faults():
        raise ClientError({}, "PutObject")


def test_errors_of_our_own_pass_unchanged():
    with pytest.raises(ValueError, match="a mistake"), s3_faults():
        raise ValueError("a mistake")
