"""Middleware: CORS, trusted proxies, the request log, tracing, the store deadline."""
