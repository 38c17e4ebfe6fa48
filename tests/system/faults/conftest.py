"""What tests of faults need."""

from tests.stores.conftest import aws_credentials

__all__ = ["aws_credentials"]
