"""Segments of a running server: an event that arrives by HTTP moves a person within seconds; kill -9 tells every move once."""

import json
import random
import time
import urllib.request
from collections import Counter
from contextlib import suppress

import live_storm
import sqlalchemy as sa

from geleit.ledger import inbox
from geleit.ledger.segment_tables import segment_move, segment_standing
from geleit.workspace import open_workspace
from geleit.workspace.segments import Segments

SEGMENTS = {
    "buyers": "who: {did: order_completed}\n",
    "unanswered": "who: {sequence: [{did: question_asked}], not_followed_by: {did: order_completed}}\n",
    "known": "who: {trait: email, exists: true}\n",
    "silent": "who: {not: {did: [product_viewed, order_completed], at_least: 1}}\n",
    "looked_and_bought": "who: {sequence: [{did: product_viewed}, {did: order_completed}], within: 30 days}\n",
}
BATCHES, SIZE = 60, 8
PATIENCE = 600  # looks at a server that has all the time it needs


def prepared(folder):
    (folder / "segments").mkdir()
    for name, text in SEGMENTS.items():
        (folder / "segments" / f"{name}.yaml").write_text(text)


def asked(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=30) as answer:
        return json.load(answer)


def waited_for(look):
    for _ in range(PATIENCE):
        with suppress(OSError):  # it is not there yet
            if found := look():
                return found
        time.sleep(0.5)
    raise AssertionError("it did not happen")


def test_an_event_by_http_moves_a_person_who_is_told_of_while_the_server_runs(tmp_path):
    key = live_storm.make(tmp_path / "acme", prepared)
    with live_storm.server_of(tmp_path / "acme") as server:
        server.start()
        waited_for(lambda: all(one["live"] for one in asked(server, "/api/segments")["segments"]))
        client = live_storm.Client(server, key, range(12), SIZE)
        client.start()
        client.join()
        waited_for(lambda: asked(server, "/api/segments/buyers")["people"])
        (member, *_) = asked(server, "/api/segments/buyers")["members"]

        def told():
            events = asked(server, f"/api/people/{member['customer']}")["events"]
            return [one for one in events if one["event"]["kind"] == "segment_entered"]

        named = {one["event"]["properties"]["segment"] for one in waited_for(told)}
        assert named & SEGMENTS.keys()
        assert all(one["touchpoint"]["step"] is False for one in told())
        server.stop()


def test_kills_at_any_moment_tell_every_move_exactly_once(kills, tmp_path):
    chance = random.Random(5)
    key = live_storm.make(tmp_path / "acme", prepared)
    with live_storm.server_of(tmp_path / "acme") as server:
        clients = [live_storm.Client(server, key, range(place, BATCHES, 3), SIZE) for place in range(3)]
        server.start()
        for client in clients:
            client.start()
        for _ in range(min(kills, 4)):
            time.sleep(chance.uniform(0.5, 3))
            server.kill()
            server.start()
        for client in clients:
            client.join()
    with open_workspace(tmp_path / "acme") as space:
        space.sync()
        space.sync()  # what the first one told may have moved others
        with space.ledger.read() as connection:
            assert not inbox.waiting(connection, 1)[2]
            moves = connection.execute(sa.select(segment_move).order_by(segment_move.c.id)).all()
            query = sa.select(segment_standing.c.segment, segment_standing.c.customer_id)
            standing = {tuple(row) for row in connection.execute(query.where(segment_standing.c.member))}
        with space.history.open_view() as duck:
            query = "SELECT event_id FROM events WHERE source = 'geleit'"
            events = Counter(row[0] for row in duck.execute(query).fetchall())
        assert events == Counter(row.event_id for row in moves)
        assert set(events.values()) == {1}
        bulk = {(name, who) for name in SEGMENTS for who in Segments(space).members(name)}
        assert standing == bulk
        assert space.check().ok
