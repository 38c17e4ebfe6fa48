"""How pictures come in: in one request, in several, or from a URL."""
