"""Teaches Schemathesis the media type of tus: bytes as they are."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
