"""Find a rendition in the cache, or render it."""
