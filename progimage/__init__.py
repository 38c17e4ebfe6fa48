"""ProgImage: a self-hosted image service with no database."""

__version__ = "0.2.0"
