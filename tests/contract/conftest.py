"""One served workspace for all clients of a test module."""

import pytest
from running import CLIENTS
from served import make


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A running server with a source for each client."""
    found = make(tmp_path_factory.mktemp("served") / "workspace", CLIENTS).start()
    yield found
    found.stop()
