"""An S3 server of our own takes any credentials."""

from tests.stores.conftest import aws_credentials

__all__ = ["aws_credentials"]
