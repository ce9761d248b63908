"""kill -9 of the server while all clients send: what they resend to the next one arrives once."""

import random
import time

import pytest
from browsing import browser
from running import BROWSERS, LIBRARIES, start
from served import make, until
from story import stream

EVERY = 0.1  # seconds between the calls of one client
PATIENCE = 120  # seconds until the last client has sent everything


@pytest.mark.browser
def test_clients_outlive_killed_servers(kills, tmp_path):
    """A third as many kills as storms elsewhere have: each costs clients a wait."""
    count = max(2, kills // 3)
    numbers = range(20 + 20 * count)
    told = {
        client.name: stream(client.name, len(numbers), EVERY, clouds=client.clouds) for client in LIBRARIES + BROWSERS
    }
    server = make(tmp_path / "workspace", told).start()
    with browser() as go:
        going = [
            start(client, tmp_path / client.name, told[client.name].calls, server.address, server.keys[client.name])
            for client in LIBRARIES
        ]
        pages = [
            go(client.snippet or client.name, told[client.name].calls, server.address, server.keys[client.name])
            for client in BROWSERS
        ]
        for page in pages:
            page.wait_for_function("window.BEGAN", timeout=60_000)
        chance = random.Random(4711)
        for _ in range(count):
            time.sleep(chance.uniform(0.5, 1.5))
            server.kill()
            server.start()
        for client, process in zip(LIBRARIES, going, strict=True):
            assert process.wait(PATIENCE) == 0, (tmp_path / client.name / "said.txt").read_text(encoding="utf-8")
        for page in pages:
            page.wait_for_function("window.DONE", timeout=PATIENCE * 1000)
        names = [client.name for client in BROWSERS]
        until(lambda: all(set(arrived(server.known(), name)) >= set(numbers) for name in names), seconds=PATIENCE)
    known = server.known()
    server.stop()
    assert {name: arrived(known, name) for name in told} == {name: list(numbers) for name in told}
    assert known.quarantined == []
    assert len({known.owners[f"{name}.{one.people[0]}"] for name, one in told.items()}) == len(told)


def arrived(known, name):
    """The numbers of a client's calls that arrived, in order, each as often as it is there."""
    return sorted(event.properties["n"] for event in known.of(f"{name}.user_id:u-{name}") if "n" in event.properties)
