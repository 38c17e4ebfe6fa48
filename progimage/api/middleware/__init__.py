"""What wraps every request: CORS, trusted proxies, the request log, tracing, the store deadline."""
