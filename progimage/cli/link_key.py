"""The keys with which a back end signs links."""

from __future__ import annotations

import typer

from progimage.access.accounts.access_tokens import ring_secrets
from progimage.access.signed_links import link_key
from progimage.cli.configured import configured_store
from progimage.errors import NoLinkKey

app = typer.Typer()


@app.command("link-key")
def show() -> None:
    """Print the link key of each key in auth.secret and auth.keys, after its name.

    Use the first one. With a link key one can sign links to every image, and nothing else.
    """
    settings, store = configured_store()
    secrets = ring_secrets(settings.auth, store)
    if not secrets:
        raise NoLinkKey("there is no key to derive a link key from; set auth.secret or auth.keys")
    for kid, secret in secrets.items():
        print(f"{kid} {link_key(secret).hex()}")
