"""The collector over a real socket: who may send, what is taken, what is refused and where that waits."""

import base64
import gzip
import json
import threading
import time
from datetime import UTC, datetime, timedelta

import hooked
import pytest

from geleit.access import write_keys
from geleit.errors import Retryable
from geleit.events.event import Event
from geleit.intake.collector import Collector
from geleit.intake.overload import OverloadedError
from geleit.intake.ready import plain
from geleit.sources import quarantine

NOW = datetime.now(UTC)
SOURCES = {
    "shop": "collect:\n  user_id: shop.customer_no\n  consent: {advertising: newsletter}\n",
    "app": "collect: {origins: ['https://shop.example.com']}\n",
    "orders": "hook: true\nevents:\n  - {kind: order_completed, key: id, time: at, identifiers: {email: mail},"
    " properties: {order_id: id}}\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with hooked.serving(tmp_path_factory.mktemp("collector"), SOURCES) as served:
        served.shop = write_keys.create(served.workspace.ledger, "shop")[1]
        served.app = write_keys.create(served.workspace.ledger, "app")[1]
        yield served


def send(site, path, body, key=None, **headers):
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    return site.client.post(path, content=data, headers={"X-Write-Key": key or site.shop} | headers)


def call(key, **fields):
    return {"type": "track", "event": "Product Viewed", "userId": "u1", "messageId": key} | fields


def events(site, identifier):
    return {read.event.key: read for read in site.workspace.read_events(site.workspace.customer(identifier))}


def basic(key):
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def test_every_way_to_show_a_key_opens_and_none_does_not(site):
    ways = [
        basic(site.shop),
        {"Authorization": f"Bearer {site.shop}"},
        {"X-Write-Key": site.shop},
    ]
    for number, headers in enumerate(ways):
        answer = site.client.post("/v1/track", json=call(f"way{number}"), headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert site.client.post("/v1/track", json=call("way-body", writeKey=site.shop)).status_code == 200
    assert site.client.post(f"/v1/track?writeKey={site.shop}", json=call("way-query")).status_code == 200
    for headers in ({}, {"X-Write-Key": "gl_guessed"}, basic("")):
        answer = site.client.post("/v1/track", json=call("no-way"), headers=headers)
        assert answer.status_code == 401
        assert "write key" in answer.json()["message"]
    assert {"way0", "way1", "way2", "way-body", "way-query"} <= events(site, "shop.customer_no:u1").keys()


def test_keys_are_rotated_with_grace_and_revoked_at_once(site):
    ledger = site.workspace.ledger
    old, text = write_keys.create(ledger, "shop", "till")
    new, fresh = write_keys.rotate(ledger, old.id, grace=3600)
    assert [send(site, "/v1/track", call(f"rotated{k[-4:]}"), k).status_code for k in (text, fresh)] == [200, 200]
    write_keys.revoke(ledger, old.id)
    write_keys.revoke(ledger, new.id)
    time.sleep(1.2)
    assert [send(site, "/v1/track", call("late"), k).status_code for k in (text, fresh)] == [401, 401]
    held = " ".join(str(row) for row in write_keys.by_hash(ledger).items())
    assert text not in held


def test_each_call_becomes_its_event(site):
    who = {"userId": "u-calls", "anonymousId": "a-calls"}
    calls = [
        {"type": "identify", "messageId": "i", "traits": {"email": "Ada@Example.org", "firstName": "Ada"}},
        {"type": "page", "messageId": "p", "name": "Home", "properties": {"url": "https://shop.example.com"}},
        {"type": "screen", "messageId": "s", "name": "Start"},
        {"type": "group", "messageId": "g", "groupId": "b2b-1", "traits": {"name": "Berg GmbH"}},
        {"type": "track", "messageId": "t", "event": "Order Completed", "properties": {"order_id": "o-1", "total": 9}},
    ]
    assert send(site, "/v1/batch", {"batch": [one | who for one in calls]}).json() == {"success": True}
    alias = {"type": "alias", "messageId": "al", "userId": "u-calls", "previousId": "a-before"}
    assert send(site, "/v1/a", alias).status_code == 200
    found = events(site, "email:ada@example.org")
    kinds = {key: read.event.kind for key, read in found.items()}
    assert kinds == {
        "i": "identified",
        "p": "page_viewed",
        "s": "screen_viewed",
        "g": "account_joined",
        "t": "order_completed",
        "al": "identified",
    }
    profile = site.workspace.profile(site.workspace.customer("shop.anonymous_id:a-before"))
    assert (profile.name, [order.order_id for order in profile.orders]) == ("Ada", ["o-1"])
    assert [membership.account_name for membership in profile.memberships] == ["Berg GmbH"]
    assert found["p"].event.properties["name"] == "Home"


def test_alias_never_merges_two_known_users(site):
    for user in ("left", "right"):
        send(site, "/v1/identify", {"userId": user, "messageId": f"known-{user}"})
    send(site, "/v1/alias", {"userId": "left", "previousId": "right", "messageId": "joined"})
    customer = site.workspace.customer
    assert customer("shop.customer_no:left") != customer("shop.customer_no:right")


def test_a_clock_that_is_wrong_is_put_right_by_sent_at(site):
    wrong = NOW - timedelta(hours=5)
    stamped = call("clock", userId="u-clock", timestamp=wrong.isoformat())
    send(site, "/v1/batch", {"batch": [stamped], "sentAt": (wrong + timedelta(seconds=30)).isoformat()})
    send(site, "/v1/track", call("plain", userId="u-clock", timestamp=wrong.isoformat()))
    found = events(site, "shop.customer_no:u-clock")
    late = found["clock"].event.received_at - found["clock"].event.t
    assert late == pytest.approx(30_000_000, abs=1000)
    assert found["clock"].event.original_at == pytest.approx(wrong.timestamp() * 1e6, abs=2)
    assert found["plain"].event.t == pytest.approx(wrong.timestamp() * 1e6, abs=2)


def test_the_same_message_twice_is_one_and_another_under_its_key_waits(site):
    first = call("twice", userId="u-twice", timestamp=NOW.isoformat())
    answers = [send(site, "/v1/track", first).json() for _ in range(3)]
    assert answers == [{"success": True}] * 3
    other = send(site, "/v1/track", first | {"event": "Other"}).json()
    assert other["rejected"][0]["reason"] == "changed_content"
    (read,) = events(site, "shop.customer_no:u-twice").values()
    assert read.event.kind == "product_viewed"


def test_one_bad_event_never_costs_the_good_ones(site):
    batch = [
        call("good1", userId="u-bad"),
        call("nobody", userId=None, anonymousId=None),
        "no object",
        call("bad-time", userId="u-bad", timestamp="yesterday"),
        call("x" * 101, userId="u-bad"),
        call("huge", userId="u-bad", properties={"text": "x" * 33_000}),
        call("2099", userId="u-bad", timestamp="2099-01-01T00:00:00Z"),
        call("good2", userId="u-bad"),
    ]
    answer = send(site, "/v1/batch", {"batch": batch})
    assert answer.status_code == 200
    told = {one["index"]: one["reason"] for one in answer.json()["rejected"]}
    assert told == {
        1: "no_identifier",
        2: "bad_json",
        3: "bad_time",
        4: "bad_value",
        5: "too_large",
        6: "time_out_of_range",
    }
    assert set(events(site, "shop.customer_no:u-bad")) == {"good1", "good2"}
    waiting = [entry.reason for entry in site.workspace.quarantine("shop")]
    assert set(told.values()) <= set(waiting)


def test_a_quarantined_call_is_repaired_and_replayed_with_what_its_batch_said(site):
    now = datetime.now(UTC)
    sent = now - timedelta(hours=3)
    bad = {"type": "track", "event": "", "userId": "u-repair", "messageId": "repair", "timestamp": sent.isoformat()}
    body = {"batch": [bad], "sentAt": sent.isoformat(), "context": {"page": {"path": "/p"}}}
    assert send(site, "/v1/batch", body).status_code == 400
    entry = next(e for e in site.workspace.quarantine("shop") if '"repair"' in e.record)
    ledger = site.workspace.ledger
    quarantine.repair(ledger, entry.id, {"event": "Product Viewed"}, ledger.clock())
    receipt, clean = site.workspace.replay_quarantine("shop", [entry.id])
    assert (receipt.new, clean) == (1, [entry.id])
    (read,) = events(site, "shop.customer_no:u-repair").values()
    assert read.event.properties["context"]["page"] == {"path": "/p"}
    assert abs(read.event.t - now.timestamp() * 1e6) < 600e6  # three hours were put right


def test_a_call_without_anybody_gets_its_user_by_repair(site):
    bad = {"type": "track", "event": "Product Viewed", "messageId": "nobody-yet"}
    assert send(site, "/v1/track", bad).status_code == 400
    entry = next(e for e in site.workspace.quarantine("shop") if '"nobody-yet"' in e.record)
    quarantine.repair(site.workspace.ledger, entry.id, {"userId": "u-found"}, site.workspace.ledger.clock())
    assert site.workspace.replay_quarantine("shop", [entry.id])[0].new == 1
    assert set(events(site, "shop.customer_no:u-found")) == {"nobody-yet"}


def test_bodies_are_read_whatever_they_say_they_are(site):
    body = json.dumps(call("packed", userId="u-form")).encode()
    assert send(site, "/v1/track", gzip.compress(body), **{"Content-Encoding": "gzip"}).status_code == 200
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert send(site, "/v1/t", gzip.compress(body.replace(b"packed", b"form")), **form).status_code == 200
    plain = {"Content-Type": "text/plain"}
    assert send(site, "/v1/t", body.replace(b"packed", b"text"), **plain).status_code == 200
    assert set(events(site, "shop.customer_no:u-form")) == {"packed", "form", "text"}


def test_sizes_are_bounded_packed_or_not(site):
    bomb = gzip.compress(b" " * 50_000_000)
    assert send(site, "/v1/batch", bomb, **{"Content-Encoding": "gzip"}).status_code == 413
    assert send(site, "/v1/batch", b"x" * 600_000).status_code == 413
    many = {"batch": [call(f"import{n}", userId="u-import", properties={"x": "y" * 900}) for n in range(1000)]}
    assert len(json.dumps(many)) > 600_000
    assert send(site, "/v1/import", many).json() == {"success": True}
    assert len(events(site, "shop.customer_no:u-import")) == 1000
    assert send(site, "/v1/import", b"x" * 5_000_000).status_code == 413
    assert send(site, "/v1/track", b"x", **{"Content-Encoding": "br"}).status_code == 415
    assert send(site, "/v1/track", gzip.compress(b"{}")[:-9], **{"Content-Encoding": "gzip"}).status_code == 400
    assert send(site, "/v1/track", b"{no json").status_code == 400


def test_browsers_may_ask_and_send_from_where_the_source_allows(site):
    asked = {"Origin": "https://shop.example.com", "Access-Control-Request-Headers": "authorization"}
    answer = site.client.options("/v1/t", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://shop.example.com"
    assert answer.headers["access-control-allow-headers"] == "authorization"
    elsewhere = {"Origin": "https://elsewhere.example.com"}
    assert send(site, "/v1/t", call("origin"), site.app, **elsewhere).status_code == 403
    assert send(site, "/v1/t", call("origin"), site.app, Origin="https://shop.example.com").status_code == 200
    assert send(site, "/v1/t", call("origin"), **elsewhere).status_code == 200


def test_short_paths_beacon_pixel_settings_and_jitsu(site):
    who = {"anonymousId": "a-paths"}
    for path in ("/v1/i", "/v1/p", "/v1/g"):
        assert send(site, path, who | {"messageId": path, "groupId": "1"}).status_code == 200
    beacon = {"batch": [{"type": "page", "messageId": "beacon"} | who]}
    answer = site.client.post(f"/beacon/v1/batch?writeKey={site.shop}", content=json.dumps(beacon))
    assert answer.status_code == 200
    pixel = site.client.get(
        "/pixel/v1/track", params=who | {"writeKey": site.shop, "event": "Seen", "messageId": "pix"}
    )
    assert (pixel.status_code, pixel.headers["content-type"], pixel.content[:4]) == (200, "image/gif", b"GIF8")
    packed = base64.b64encode(json.dumps(who | {"writeKey": site.shop, "event": "B", "messageId": "64"}).encode())
    assert site.client.get(f"/v1/pixel/track?data={packed.decode()}").status_code == 200
    jitsu = {"type": "page", "messageId": "jitsu"} | who
    assert send(site, "/api/s/page", jitsu, f"{site.shop}:secret").status_code == 200
    known = {"/v1/i", "/v1/p", "/v1/g", "beacon", "pix", "64", "jitsu"}
    assert set(events(site, "shop.anonymous_id:a-paths")) == known
    settings = site.client.get(f"/v1/projects/{site.shop}/settings").json()
    assert settings["integrations"]["Segment.io"]["apiKey"] == site.shop
    assert site.client.get("/v1/projects/guessed/settings").status_code == 401
    assert send(site, "/v1/nothing", {}).status_code == 404
    assert site.client.put("/v1/track").status_code == 405


def test_cloudevents_in_their_three_ways(site):
    def event(number):
        data = {"userId": "u-cloud", "order_id": f"c{number}", "total": 5}
        kind = "com.example.order.completed.v1"
        said = {"specversion": "1.0", "id": str(number), "source": "/shop", "type": kind, "data": data}
        return said | {"time": NOW.isoformat()}

    structured = {"Content-Type": "application/cloudevents+json"}
    assert send(site, "/cloudevents", event(1), **structured).status_code == 200
    assert send(site, "/cloudevents", event(1), **structured).status_code == 200  # twice is once
    batched = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}
    refused = {"specversion": "1.0", "id": "9", "source": "/shop", "type": "t", "data": {"nobody": 1}}
    answer = send(site, "/cloudevents", [event(2), refused, event(3)], **batched)
    assert [one["index"] for one in answer.json()["rejected"]] == [1]
    binary = {f"ce-{name}": value for name, value in event(4).items() if name != "data"}
    assert send(site, "/cloudevents", event(4)["data"], **binary).status_code == 200
    found = events(site, "shop.customer_no:u-cloud")
    assert sorted(found) == [f"/shop#{number}" for number in (1, 2, 3, 4)]
    assert {read.event.kind for read in found.values()} == {"order_completed"}


def test_consent_of_the_client_stands_in_the_profile(site):
    for key, allowed, minute in (("c1", True, 1), ("c2", False, 2)):
        consent = {"consent": {"categoryPreferences": {"advertising": allowed, "analytics": True}}}
        at = (NOW - timedelta(hours=1) + timedelta(minutes=minute)).isoformat()
        send(site, "/v1/page", {"anonymousId": "a-consent", "messageId": key, "timestamp": at, "context": consent})
    profile = site.workspace.profile(site.workspace.customer("shop.anonymous_id:a-consent"))
    assert {one.purpose: one.given for one in profile.consents} == {"newsletter": False, "analytics": True}
    assert not [trait for trait in profile.traits if trait.name.startswith("consent")]


def test_a_source_that_is_only_imported_or_hooked_takes_no_calls(site):
    key = write_keys.create(site.workspace.ledger, "orders")[1]
    assert send(site, "/v1/track", call("x"), key).status_code == 403


def test_overload_is_told_and_nothing_of_it_taken(site):
    collector = Collector(site.workspace.intake, limit=3)  # nobody commits: what comes waits
    two = [Event("shop", key, "page_viewed", 0) for key in ("a", "b")]
    collector.submit(two)
    with pytest.raises(OverloadedError) as refused:
        collector.submit(two)
    assert refused.value.seconds >= 1
    assert collector.room.waiting == 2


def test_an_event_that_cannot_be_stored_costs_only_itself(site, monkeypatch):
    intake = type(site.workspace.intake)
    store = intake._store

    def failing(self, connection, batch, *more):
        if any(plain(one).key == "poison" for one in batch):
            raise RuntimeError("cannot store this")
        store(self, connection, batch, *more)

    monkeypatch.setattr(intake, "_store", failing)
    batch = [call(key, userId="u-poison") for key in ("before", "poison", "after")]
    assert send(site, "/v1/batch", {"batch": batch}).status_code == 200
    assert set(events(site, "shop.customer_no:u-poison")) == {"before", "after"}
    assert any('"poison"' in entry.record for entry in site.workspace.quarantine("shop"))


def test_a_ledger_that_cannot_be_written_is_told_as_temporary(site, monkeypatch):
    def busy(*_):
        raise Retryable("the ledger is busy", hint="try again")

    monkeypatch.setattr(type(site.workspace.intake), "_store", busy)
    answer = send(site, "/v1/track", call("busy", userId="u-busy"))
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
    monkeypatch.undo()
    assert send(site, "/v1/track", call("busy", userId="u-busy")).status_code == 200


def test_many_at_once_are_each_answered_after_their_commit(site):
    def one(number):
        answer = send(site, "/v1/track", call(f"many{number}", userId="u-many"))
        answers.append((number, answer.status_code, f"many{number}" in events(site, "shop.customer_no:u-many")))

    answers = []
    threads = [threading.Thread(target=one, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(number, 200, True) for number in range(24)]


def test_a_fault_of_ours_is_told_so_that_clients_come_again(site, monkeypatch):
    def fails(*_, **__):
        raise ValueError("of ours")

    monkeypatch.setattr(type(site.workspace.readers()["shop"].spec), "read", fails)
    answer = send(site, "/v1/track", call("fault"))
    assert (answer.status_code, answer.json()["success"]) == (500, False)
    assert "of ours" not in answer.text
