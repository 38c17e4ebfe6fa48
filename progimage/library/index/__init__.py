"""The search index, stored as objects beside the records."""
