"""Settings, and how they are read from files and the environment."""

from progimage.config.reading import environment, header_values, load, metrics_folder
from progimage.config.sections.auth import DEVELOPMENT, SIGN_INS, Auth
from progimage.config.sections.http import Delivery, Server
from progimage.config.sections.jobs import Publish
from progimage.config.sections.origins import Origin
from progimage.config.sections.pictures import Download, Quota, Transforms, Upload
from progimage.config.sections.telemetry import Log
from progimage.config.sections.webhooks import Webhook
from progimage.config.settings import Settings, names, variable

__all__ = [
    "DEVELOPMENT",
    "SIGN_INS",
    "Auth",
    "Delivery",
    "Download",
    "Log",
    "Origin",
    "Publish",
    "Quota",
    "Server",
    "Settings",
    "Transforms",
    "Upload",
    "Webhook",
    "environment",
    "header_values",
    "load",
    "metrics_folder",
    "names",
    "variable",
]
