"""Publishing pictures at other services."""
