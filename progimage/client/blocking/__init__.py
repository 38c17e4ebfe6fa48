"""The blocking client, generated from `progimage.client.asynchronous` by `make client`."""
