"""The asynchronous client; `progimage.client.blocking` is generated from it."""
