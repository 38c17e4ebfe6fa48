"""Settings: what can be set, and reading it from files and the environment."""

from progimage.config.auth import DEVELOPMENT, SIGN_INS, Auth, AuthKey
from progimage.config.reading import load, metrics_folder
from progimage.config.sections import (
    S3,
    Cache,
    Cors,
    Delivery,
    DiskCache,
    Download,
    Jobs,
    LimitSettings,
    Links,
    Log,
    Metrics,
    Publish,
    Render,
    Server,
    Tracing,
    Transforms,
    Upload,
)
from progimage.config.settings import Settings, names, variable

__all__ = [
    "DEVELOPMENT",
    "S3",
    "SIGN_INS",
    "Auth",
    "AuthKey",
    "Cache",
    "Cors",
    "Delivery",
    "DiskCache",
    "Download",
    "Jobs",
    "LimitSettings",
    "Links",
    "Log",
    "Metrics",
    "Publish",
    "Render",
    "Server",
    "Settings",
    "Tracing",
    "Transforms",
    "Upload",
    "load",
    "metrics_folder",
    "names",
    "variable",
]
