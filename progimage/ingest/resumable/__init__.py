"""Resumable uploads: their state and their chunks in the store."""
