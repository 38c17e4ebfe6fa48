"""The Falcon resources, one file per path."""
