"""The sections of the settings, a class each."""

from progimage.config.sections.auth import DEVELOPMENT, SIGN_INS, Auth, AuthKey
from progimage.config.sections.base import Section
from progimage.config.sections.deep import Deep
from progimage.config.sections.http import Cors, Delivery, Iiif, Links, Server
from progimage.config.sections.jobs import Jobs, Publish
from progimage.config.sections.origins import Fronts, Imgproxy, Origin, OriginCache, Thumbor
from progimage.config.sections.pictures import (
    Download,
    LimitSettings,
    Quota,
    Render,
    Transforms,
    Trash,
    Upload,
)
from progimage.config.sections.storage import S3, Cache, DiskCache, Index
from progimage.config.sections.telemetry import Log, Metrics, Tracing
from progimage.config.sections.webhooks import Webhook

__all__ = [
    "DEVELOPMENT",
    "S3",
    "SIGN_INS",
    "Auth",
    "AuthKey",
    "Cache",
    "Cors",
    "Deep",
    "Delivery",
    "DiskCache",
    "Download",
    "Fronts",
    "Iiif",
    "Imgproxy",
    "Index",
    "Jobs",
    "LimitSettings",
    "Links",
    "Log",
    "Metrics",
    "Origin",
    "OriginCache",
    "Publish",
    "Quota",
    "Render",
    "Section",
    "Server",
    "Thumbor",
    "Tracing",
    "Transforms",
    "Trash",
    "Upload",
    "Webhook",
]
