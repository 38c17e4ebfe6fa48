"""Notes for whom each request is worked on, so that clients share what is scarce."""

from __future__ import annotations

import falcon

from progimage.access.admission import current_client
from progimage.api.auth.rate_limits import client_of


class ClientOfRequest:
    """Falcon middleware, for after the authentication."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Note the account or address that the request comes from."""
        current_client.set(client_of(req))
