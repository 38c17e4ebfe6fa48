"""The wheel, installed elsewhere: `make test-package`. Needs PyPI."""
