"""kill -9 of the server while all clients send: what they resend to the next one arrives once."""

import random
import time
from collections import Counter

import pytest
from browsing import browser
from running import BROWSERS, LIBRARIES
from served import serving, until
from story import stream

EVERY = 0.1  # seconds between the calls of one client
NOTHING = ((), ())
PATIENCE = 300  # seconds until the last client has sent everything


@pytest.mark.browser
def test_clients_outlive_killed_servers(kills, start, tmp_path):
    """A third as many kills as storms elsewhere have: each costs clients a wait."""
    count = max(2, kills // 3)
    numbers = range(40 * count)
    clients = LIBRARIES + BROWSERS
    told = {one.name: stream(one.name, len(numbers), EVERY, clouds=one.clouds) for one in clients}
    with serving(tmp_path / "workspace", told) as server, browser() as go:
        said = {name: (one.calls, server.address, server.keys[name]) for name, one in told.items()}
        going = [start(one, one.name, *said[one.name]) for one in LIBRARIES]
        pages = [go(one.snippet or one.name, *said[one.name]) for one in BROWSERS]
        for page in pages:
            page.wait_for_function("window.BEGAN")
        chance = random.Random(4711)
        down = 1.0
        for _ in range(count):  # clients give up in the end if it is down more than up
            time.sleep(down * chance.uniform(0.3, 3))
            server.kill()
            killed = time.monotonic()
            server.start()
            down = time.monotonic() - killed
        for started in going:
            started.done(PATIENCE)
        for page in pages:
            page.wait_for_function("window.DONE")
        names = [one.name for one in BROWSERS]
        until(
            lambda: all(set(arrived(server.known(), name)) >= set(numbers) for name in names),
            lambda: {name: arrived(server.known(), name) for name in names},
            PATIENCE,
            0.5,
        )
        known = server.known()
    assert {name: wrong(arrived(known, name), numbers) for name in told} == dict.fromkeys(told, NOTHING)
    assert known.quarantined == []
    assert len({known.owners[f"{name}.{one.people[0]}"] for name, one in told.items()}) == len(told)


def wrong(found, numbers):
    """The numbers that are missing, and those that are there more than once."""
    return tuple(sorted(set(numbers) - set(found))), tuple(
        sorted(n for n, count in Counter(found).items() if count > 1)
    )


def arrived(known, name):
    """The numbers of a client's calls that arrived, in order, each as often as it is there."""
    return sorted(event.properties["n"] for event in known.of(f"{name}.user_id:u-{name}") if "n" in event.properties)
