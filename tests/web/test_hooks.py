"""Webhooks at a running server: who may send, what a body may be, what is answered, what the mapping sees."""

import gzip
import json
import logging
import threading
import time

import hooked
import pytest
from listening import SECONDS

from geleit.sources import quarantine
from geleit.sources.collected import Reader
from geleit.web.collector import line

SURVEY = """
label: {{en: Survey, de: Umfrage}}
system: survey
hook: {hook}
events:
  - kind_from: coalesce(_hook->>'topic', kind)
    key: id
    time: coalesce(at, _hook->>'received_at')
    identifiers: {{email: mail}}
    properties: {{text: text, shop: "_hook->'headers'->>'x-shopify-shop-domain'", campaign: "_hook->'query'->>'campaign'"}}
"""
OPEN, SIGNED = SURVEY.format(hook="true"), SURVEY.format(hook="{signature: shopify, secret: {secret: SURVEY_SECRET}}")
SLACK = SURVEY.format(hook="{signature: slack, secret: {secret: SURVEY_SECRET}}")
WOO = SURVEY.format(hook="{signature: woocommerce, secret: {secret: SURVEY_SECRET}}")
HUBSPOT = SURVEY.format(hook="{signature: hubspot, secret: {secret: SURVEY_SECRET}}")
ONLY_COLLECTS = "label: {en: Web, de: Web}\nsystem: web\ncollect: true\n"


def record(number, **fields):
    said = {"id": str(number), "kind": "feedback_given", "at": "2026-11-20T10:00:00Z", "mail": "ada@example.org"}
    return said | {"text": "Thank you"} | fields


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SURVEY_SECRET", hooked.SECRET)
        sources = {"open": OPEN, "signed": SIGNED, "slack": SLACK, "woo": WOO, "crm": HUBSPOT, "web": ONLY_COLLECTS}
        with hooked.serving(tmp_path_factory.mktemp("hooks"), sources) as found:
            yield found


@pytest.fixture
def key(site):
    return {"X-Write-Key": site.key("open")}


def events(site):
    """Kind and properties of everything that is in, by key."""
    site.workspace.sync()
    customer = site.workspace.customer("email:ada@example.org")
    return {one.event.key: (one.event.kind, one.event.properties) for one in site.workspace.read_events(customer)}


# --- who may send


def test_nobody_without_a_key(site):
    answer = site.post("open", record("nobody"))
    assert (answer.status_code, answer.json()["success"]) == (401, False)
    for wrong in ("gl_wrong", site.key("web")):
        assert site.post("open", record("nobody"), {"X-Write-Key": wrong}).status_code == 401
    assert not [entry for entry in site.waiting("open") if "nobody" in entry.record]


def test_a_key_however_it_is_shown(site, key):
    text = key["X-Write-Key"]
    before = len(site.stored())
    ways = [
        site.client.post("/hooks/open", json=record("way-1"), headers=key),
        site.client.post("/hooks/open", json=record("way-2"), auth=(text, "")),
        site.client.post("/hooks/open", json=record("way-3"), headers={"Authorization": f"Bearer {text}"}),
        site.client.post(f"/hooks/open?key={text}", json=record("way-4")),
    ]
    assert [(answer.status_code, answer.json()) for answer in ways] == [(200, {"success": True})] * 4
    assert len(site.stored()) == before + 4


def test_a_signed_source_wants_the_signature(site):
    body = json.dumps(record("signed-1", text="Grüße"), ensure_ascii=False)
    assert site.post("signed", body, hooked.shopify(body, "feedback_given")).json() == {"success": True}
    forged = hooked.shopify(body + " ")
    answer = site.post("signed", body, forged)
    assert (answer.status_code, "does not fit" in answer.json()["message"]) == (401, True)
    assert site.post("signed", body, {"X-Write-Key": site.key("signed")}).status_code == 401


def test_the_bytes_that_came_are_what_is_signed(site):
    body = json.dumps(record("packed"), indent=3).encode()
    packed = gzip.compress(body)
    for signed in (packed, body):
        headers = hooked.shopify(signed, "feedback_given") | {"Content-Encoding": "gzip"}
        assert site.post("signed", packed, headers).json() == {"success": True}


@pytest.mark.parametrize("proxy", [{}, {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "geleit.example.com, inner"}])
def test_hubspot_signs_the_address_under_which_it_knows_us(site, proxy):
    outside = "https://geleit.example.com" if proxy else str(site.client.base_url).rstrip("/")
    body, at = json.dumps(record(f"crm-{len(proxy)}")), str(int(time.time() * 1000))
    for address in ("/hooks/crm?x=a%3Ab&y=%20", "/hooks/crm?z"):
        said = f"POST{outside}{address.replace('%3A', ':')}{body}{at}"
        headers = {"X-HubSpot-Signature-v3": hooked.packed(said), "X-HubSpot-Request-Timestamp": at} | proxy
        assert site.client.post(address, content=body, headers=headers).json() == {"success": True}
        assert site.client.post(f"{address}&a=1", content=body, headers=headers).status_code == 401
        forged = headers | {"X-Forwarded-Host": "elsewhere.example.com"}
        if proxy:
            assert site.client.post(address, content=body, headers=forged).status_code == 401


def test_without_its_secret_a_source_takes_nothing_and_says_why_to_us_only(site, monkeypatch, caplog):
    monkeypatch.delenv("SURVEY_SECRET")
    body = json.dumps(record("no-secret"))
    with caplog.at_level(logging.ERROR, "geleit.hooks"):
        answer = site.post("signed", body, hooked.shopify(body))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
    assert "SURVEY_SECRET" not in answer.text
    assert "the secret SURVEY_SECRET is not set" in caplog.text
    assert hooked.SECRET not in caplog.text


def test_there_is_no_address_for_other_sources(site):
    for name in ("nobody", "web", "open/more", ""):
        assert site.post(name, record("lost")).status_code == 404
        assert site.client.get(f"/hooks/{name}").status_code == 404


# --- questions that systems ask before they send


def test_who_asks_hears_that_somebody_is_there(site):
    assert site.client.get("/hooks/open").status_code == 200
    head = site.client.head("/hooks/signed")
    assert (head.status_code, head.content) == (200, b"")
    assert site.client.put("/hooks/open", json={}).status_code == 405


def test_slack_hears_its_challenge_again_if_it_signed_it(site):
    body = json.dumps({"type": "url_verification", "token": "t", "challenge": "3eZbrw1aB"})
    at = str(int(time.time()))
    signature = "v0=" + hooked.digest(f"v0:{at}:{body}").hex()
    headers = {"X-Slack-Signature": signature, "X-Slack-Request-Timestamp": at}
    assert site.post("slack", body, headers).json() == {"challenge": "3eZbrw1aB"}
    assert site.post("slack", body, headers | {"X-Slack-Signature": "v0=00"}).status_code == 401


def test_woocommerce_pings_unsigned(site):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert site.post("woo", "webhook_id=12", form).status_code == 200
    assert site.post("woo", "webhook_id=12&total=9", form).status_code == 401
    assert site.post("open", "webhook_id=12", form).status_code == 401


# --- what a body may be


def test_bodies_of_every_form(site, key):
    before = len(site.stored())
    form = key | {"Content-Type": "application/x-www-form-urlencoded"}
    lines = "\n".join(json.dumps(record(f"line-{number}")) for number in range(3)) + "\n\n"
    event = {"specversion": "1.0", "id": "e1", "source": "/s", "type": "t", "data": record("cloud")}
    sent = [
        (json.dumps([record("list-1"), record("list-2")]), key),
        ("\ufeff" + json.dumps(record("marked"), indent=2), key),
        (lines, key),
        (lines.replace("line", "nd"), key | {"Content-Type": "application/x-ndjson"}),
        (
            "data=%7B%22id%22%3A%22form%22%2C%22kind%22%3A%22k%22%2C%22at%22%3A1795168800%2C%22mail%22%3A%22a%40b.de%22%7D",
            form,
        ),
        ("id=fields&kind=k&at=2026-11-20&mail=a%40b.de&text=gr%C3%BC%C3%9Fe", form),
        (json.dumps(event), key | {"Content-Type": "application/cloudevents+json"}),
        (
            json.dumps([event | {"data": record("cloud-2")}]),
            key | {"Content-Type": "application/cloudevents-batch+json"},
        ),
    ]
    for body, headers in sent:
        answer = site.post("open", body, headers)
        assert (answer.status_code, answer.json()) == (200, {"success": True}), body
    assert len(site.stored()) == before + 2 + 1 + 3 + 3 + 1 + 1 + 1 + 1


def test_one_bad_record_costs_no_other_and_waits_with_its_reason(site, key):
    before = len(site.stored())
    sent = [record("good-1"), record("bad-time", at="yesterday"), 7, record("bad-mail", mail=None), record("good-2")]
    answer = site.post("open", sent, key)
    said = answer.json()
    assert (answer.status_code, said["success"], said["accepted"]) == (200, True, 2)
    assert {one["index"]: one["reason"] for one in said["rejected"]} == {
        1: "bad_time",
        2: "not_an_object",
        3: "no_identifier",
    }
    assert len(site.stored()) == before + 2
    entry = next(one for one in site.waiting("open") if "bad-time" in one.record)
    assert json.loads(entry.record)["_hook"].keys() == {"received_at"}


def test_what_is_no_json_is_kept_and_answered_200(site, key):
    for body in ("{", '{"id": 1}}', "[1, 2", "plain text", b"\xff\xfe\x00", '{"id": "\\ud800"}', "[" * 5000):
        answer = site.post("open", body, key)
        assert answer.status_code == 200, body
        assert [one["index"] for one in answer.json()["rejected"]] == [0]
    kept = [json.loads(entry.record).get("_unread") for entry in site.waiting("open")]
    assert {"{", "[1, 2", "plain text"} <= set(kept)


def test_nothing_is_answered_400_and_too_much_413(site, key):
    assert site.post("open", " \n", key).status_code == 400
    assert site.post("open", "[]", key).json() == {"success": True}
    assert site.post("open", b"{" + b" " * (4 * 1024 * 1024) + b"}", key).status_code == 413
    before = len(site.waiting("open"))
    for end in ("a", "b", "b"):
        large = site.post("open", record("large", text="x" * 1_000_001 + end), key).json()
        assert [one["reason"] for one in large["rejected"]] == ["too_large"]
    assert len(site.waiting("open")) == before + 2


def test_the_same_delivery_again_changes_nothing_and_another_content_waits(site, key):
    before = len(site.stored())
    for _ in range(3):
        assert site.post("open", record("again"), key).json() == {"success": True}
    changed = site.post("open", record("again", text="Something else"), key)
    assert changed.status_code == 200
    assert [one["reason"] for one in changed.json()["rejected"]] == ["changed_content"]
    assert len(site.stored()) == before + 1


# --- what the mapping sees


def test_topic_headers_and_query_are_columns(site, key):
    headers = key | {"X-Shopify-Topic": "step/told", "X-Shopify-Shop-Domain": "shop.example.com", "Cookie": "secret=1"}
    site.client.post("/hooks/open?campaign=autumn", json=record("beside"), headers=headers)
    site.client.post(f"/hooks/open?topic=step_told&key={key['X-Write-Key']}", json=record("by-address"))
    site.post("open", record("spoofed", _hook={"topic": "complaint_opened"}), key)
    found = events(site)
    assert found["beside"] == ("step_told", {"text": "Thank you", "shop": "shop.example.com", "campaign": "autumn"})
    assert found["by-address"] == ("step_told", {"text": "Thank you"})
    assert found["spoofed"][0] == "feedback_given"


def test_what_waits_keeps_what_the_request_said_but_no_key(site, key):
    text = key["X-Write-Key"]
    headers = {"X-Shopify-Topic": "step_told", "Cookie": "c=1"}
    bad = record("repaired", at="never")
    site.client.post(f"/hooks/open?campaign=spring&Token=t&key={text}", json=bad, headers=headers)
    entry = next(one for one in site.waiting("open") if "repaired" in one.record)
    said = json.loads(entry.record)["_hook"]
    assert said.pop("received_at").startswith("20")
    assert said == {"topic": "step_told", "headers": {"x-shopify-topic": "step_told"}, "query": {"campaign": "spring"}}
    assert text not in entry.record

    quarantine.repair(site.workspace.ledger, entry.id, {"at": "2026-11-21"}, site.workspace.clock())
    receipt, settled = site.workspace.replay_quarantine("open", [entry.id])
    assert (receipt.new, settled) == (1, [entry.id])
    assert events(site)["repaired"] == ("step_told", {"text": "Thank you", "campaign": "spring"})


def test_two_topics_of_one_body_wait_apart(site, key):
    before = len(site.waiting("open"))
    for topic in ("feedback_given", "step_told", "feedback_given"):
        site.post("open", {"id": "bare"}, key | {"X-Shopify-Topic": topic})
    assert len(site.waiting("open")) == before + 2


# --- many at once


def test_many_senders_at_once(site, key):
    before = len(site.stored())
    answers = []

    def send(name):
        answers.extend(site.post("open", record(f"{name}-{number}"), key).status_code for number in range(10))

    threads = [threading.Thread(target=send, args=(f"sender-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 80
    assert len(site.stored()) == before + 80


def test_more_than_can_be_mapped_are_told_to_come_again(site, key, monkeypatch):
    monkeypatch.setattr(line, "WAITING", 3)
    map_records, told = Reader.posted, threading.Event()
    # Nothing is mapped until somebody was refused, whoever of them comes when.
    monkeypatch.setattr(Reader, "posted", lambda self, records: told.wait(SECONDS) and map_records(self, records))
    before, refused = len(site.stored()), []

    def send(name):
        for number in range(3):
            while (answer := site.post("open", record(f"late-{name}-{number}"), key)).status_code != 200:
                refused.append((answer.status_code, int(answer.headers["retry-after"]) >= 1))
                told.set()
                time.sleep(0.05)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(refused) == {(429, True)}
    assert len(site.stored()) == before + 24


def test_a_source_that_cannot_be_mapped_keeps_everything(tmp_path):
    broken = OPEN.replace("text: text", "text: \"json_extract(mail, 'a'::INTEGER)\"")
    with hooked.serving(tmp_path, {"open": broken}) as site:
        answer = site.post("open", [record(1), record(2)], {"X-Write-Key": site.key("open")})
        assert (answer.status_code, [one["reason"] for one in answer.json()["rejected"]]) == (200, ["expression"] * 2)
        assert len(site.waiting("open")) == 2


def test_records_of_one_group_come_as_one_list(tmp_path):
    grouped = (
        "label: {en: Till, de: Kasse}\nsystem: till\nhook: true\ngroup: receipt\nevents:\n  - kind: order_completed\n"
        "    key: receipt\n    time: min(at)\n    identifiers: {email: any_value(mail)}\n"
        "    properties: {order_id: receipt, total: sum(money(price))}\n"
    )
    row = {"receipt": "R1", "at": "2026-11-20T10:00:00Z", "mail": "ada@example.org"}
    with hooked.serving(tmp_path, {"till": grouped}) as site:
        headers = {"X-Write-Key": site.key("till")}
        body = [row | {"price": 1}, row | {"price": 2.5}, 7, row | {"receipt": "R2", "price": 4}]
        said = site.post("till", body, headers).json()
        assert (said["accepted"], [one["reason"] for one in said["rejected"]]) == (2, ["not_an_object"])
        assert events(site)["R1"][1]["total"] == 3.5
