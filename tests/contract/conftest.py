"""One served workspace for all clients of a test module, and clients that end with their test."""

import pytest
import running
from served import serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A running server with a source for each client."""
    with serving(tmp_path_factory.mktemp("served") / "workspace", running.CLIENTS) as found:
        yield found


@pytest.fixture
def start(tmp_path):
    """A function that starts a client on a story, in a folder of the test."""
    started = []

    def go(client, name, *args, **options):
        started.append(running.start(client, tmp_path / name, *args, **options))
        return started[-1]

    yield go
    for process in started:
        process.kill()
