"""Albums over HTTP."""
