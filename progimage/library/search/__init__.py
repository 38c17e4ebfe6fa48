"""Listings and search over the index."""
