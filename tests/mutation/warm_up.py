"""Makes the test database and starts Paywright, once for all mutants of a process."""

import pytest

from paywright.testing import Paywright
from tests.conformance.said import Said

SAID = pytest.StashKey[Said]()


@pytest.mark.django_db
def test_ready(request: pytest.FixtureRequest, stripe: Paywright, said: Said) -> None:
    request.config.stash[SAID] = said
