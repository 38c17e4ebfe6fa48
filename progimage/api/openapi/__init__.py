"""The OpenAPI description: the decorator, the schemas, the document and its page."""
