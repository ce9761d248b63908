"""kill -9 of the server at any moment, under load, archiving and building: what was acknowledged is there, once, in its customer."""

import random
import time

import live_storm

from geleit.sources.segment_spec import Delivery
from geleit.workspace import open_workspace

SIZE, CLIENTS = 8, 4


def taken_quietly(folder, numbers):
    """The same calls, taken in one after another by nobody who is disturbed."""
    live_storm.make(folder)
    with open_workspace(folder) as workspace:
        spec = workspace.readers()["website"].spec
        for number in numbers:
            for call in live_storm.batch(number, SIZE):
                raw = live_storm.json.dumps(call).encode()
                read = spec.read(raw, "", Delivery(1_790_000_000_000_000))
                events, rejected = ([read], []) if hasattr(read, "kind") else ([], [read])
                workspace.intake.accept(events, rejected)
        workspace.sync()


def storm(server, clients, kills, chance):
    """Kill at random moments of a start or of the work, as long as the clients send."""
    killed = 0
    while killed < kills and any(client.is_alive() for client in clients):
        server.start()
        time.sleep(chance.choice([chance.uniform(0.3, 1.5), chance.uniform(1.5, 4)]))
        server.kill()
        killed += 1
    server.start()
    return killed


def test_a_storm_of_kills_under_load_loses_and_doubles_nothing(dump, kills, tmp_path):
    batches = 40 * kills
    key = live_storm.make(tmp_path / "disturbed")
    server = live_storm.Server(tmp_path / "disturbed")
    clients = [live_storm.Client(server, key, range(place, batches, CLIENTS), SIZE) for place in range(CLIENTS)]
    for client in clients:
        client.start()
    killed = storm(server, clients, kills, random.Random(7))
    for client in clients:
        client.join()
    server.stop()
    assert killed >= min(kills, 3)
    assert sorted(number for client in clients for number in client.acknowledged) == list(range(batches))
    taken_quietly(tmp_path / "quiet", range(batches))
    with open_workspace(tmp_path / "quiet") as expected, open_workspace(tmp_path / "disturbed") as found:
        found.sync()
        assert dump(found) == dump(expected)
        report = found.check()
        assert report.ok, report.text()
        assert found.counts().events == expected.counts().events > batches * SIZE * 0.9
