"""thumbor's URLs, and imagor's, which are nearly the same."""
