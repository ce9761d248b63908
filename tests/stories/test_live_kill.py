"""kill -9 of the server at any moment, under load, archiving and building: what was acknowledged is there, once, in its customer."""

import random
import time

import live_storm

from geleit.sources.segment_spec import Delivery
from geleit.workspace import open_workspace
from postgres_ledgers import move

SIZE, CLIENTS = 8, 4


def taken_quietly(folder, numbers):
    """The same calls, taken in one after another by nobody who is disturbed."""
    live_storm.make(folder)
    with open_workspace(folder) as workspace:
        reader = workspace.readers()["website"]
        for number in numbers:
            for call in live_storm.batch(number, SIZE):
                raw = live_storm.json.dumps(call).encode()
                workspace.intake.accept(*reader.call(raw, "", Delivery(1_790_000_000_000_000)))
        workspace.sync()


def wait(seconds, clients, share):
    """So long, but no longer than until this share of all batches is acknowledged: so the clients send at every kill."""
    until, batches = time.monotonic() + seconds, sum(len(client.numbers) for client in clients)
    while time.monotonic() < until and sum(len(client.acknowledged) for client in clients) < share * batches:
        time.sleep(0.005)


def storm(server, clients, kills, chance):
    """Kill at random moments of a start or of the work."""
    for number in range(1, kills + 1):
        server.start()
        wait(chance.choice([chance.uniform(0.3, 1.5), chance.uniform(1.5, 4)]), clients, number / (kills + 1))
        server.kill()
    server.start()


def storm_of_two(servers, clients, kills, chance):
    """Kill one of two servers at random moments; the other takes over what only one of them does."""
    for server in servers:
        server.start()
    for number in range(1, kills + 1):
        wait(chance.uniform(0.3, 3), clients, number / (kills + 1))
        server = chance.choice(servers)
        server.kill()
        server.start()


def sending(servers, key, batches):
    """Clients that send to all servers, each to one of them."""
    clients = [
        live_storm.Client(servers[place % len(servers)], key, range(place, batches, CLIENTS), SIZE)
        for place in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    return clients


def require_everything(dump, root, clients, batches):
    """Everything is acknowledged, there once, and in the customer in which an undisturbed run has it."""
    assert sorted(number for client in clients for number in client.acknowledged) == list(range(batches))
    taken_quietly(root / "quiet", range(batches))
    with open_workspace(root / "quiet") as expected, open_workspace(root / "disturbed") as found:
        found.sync()
        assert dump(found) == dump(expected)
        report = found.check()
        assert report.ok, report.text()
        assert found.counts().events == expected.counts().events > batches * SIZE * 0.9


def test_a_storm_of_kills_under_load_loses_and_doubles_nothing(dump, kills, tmp_path):
    batches = 40 * kills
    key = live_storm.make(tmp_path / "disturbed")
    with live_storm.server_of(tmp_path / "disturbed") as server:
        clients = sending([server], key, batches)
        storm(server, clients, kills, random.Random(7))
        for client in clients:
            client.join()
        server.stop()
    require_everything(dump, tmp_path, clients, batches)


def test_two_servers_on_one_postgres_lose_and_double_nothing(dump, kills, tmp_path, new_ledger, monkeypatch):
    batches = 40 * kills
    key = live_storm.make(tmp_path / "disturbed", lambda folder: move(folder, new_ledger(), monkeypatch))
    with live_storm.server_of(tmp_path / "disturbed") as one, live_storm.server_of(tmp_path / "disturbed") as other:
        clients = sending([one, other], key, batches)
        storm_of_two([one, other], clients, kills, random.Random(11))
        for client in clients:
            client.join()
        one.stop()
        other.stop()
    require_everything(dump, tmp_path, clients, batches)
