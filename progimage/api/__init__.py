"""The HTTP API. Only this package and `server` know Falcon."""
