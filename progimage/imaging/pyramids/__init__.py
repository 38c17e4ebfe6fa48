"""Pyramids: all tiles of a large picture in one file."""
