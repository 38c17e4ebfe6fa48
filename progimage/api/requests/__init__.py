"""Reading requests: bodies, queries, conditional headers, content negotiation."""
