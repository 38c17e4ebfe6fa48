import pytest
from falcon.testing import helpers
from hypothesis import settings

from progimage.api.middleware import own_site
from tests.clock import Clock

# A machine that is busy with other tests says nothing about ours.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# The name that Falcon's test client asks for.
own_site.ALWAYS_OWN.add(helpers.DEFAULT_HOST)


@pytest.fixture
def clock() -> Clock:
    return Clock()
