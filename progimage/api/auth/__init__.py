"""Who sends a request, what that viewer may do, and how often."""
