"""The HTTP API. Only this package and `server` import Falcon."""
