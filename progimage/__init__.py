"""ProgImage: a self-hosted image service with no database."""

__version__ = "0.1.0"
