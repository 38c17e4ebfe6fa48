"""One reader a format: from a file's bytes to frames that Pillow holds."""
