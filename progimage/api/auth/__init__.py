"""Authentication, authorization and rate limits of requests."""
