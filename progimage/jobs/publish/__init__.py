"""Sending pictures on to other services."""
