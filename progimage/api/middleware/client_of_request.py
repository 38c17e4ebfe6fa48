"""Records the client of each request, so that limits can be shared among clients."""

from __future__ import annotations

import falcon

from progimage.access.admission import current_client
from progimage.api.auth.rate_limits import client_of


class ClientOfRequest:
    """Falcon middleware; must come after the authentication."""

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set the account or address that the request comes from."""
        current_client.set(client_of(req))
