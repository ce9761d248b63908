"""What real systems sent, sent again to a running server with the ready definitions, is what the files of it give."""

import json
import sys
from pathlib import Path
from urllib.parse import urlencode

import hooked
import pytest

sys.path.append(str(Path(__file__).parents[1] / "sources"))  # the recorded payloads and what they give

import ready_expectations
from recorded_payloads import EXPECTED, PAYLOADS, READ_BY, payloads, placed, read

from geleit.access import write_keys
from geleit.history.stored import content_hash
from geleit.sources import ready_made
from geleit.sources.records import identify

HOOKED = {file: name for file, name in READ_BY.items() if ready_made.definition_of(name).hook}
SIGNED = {
    "shopify_webhooks": (hooked.shopify, "SHOPIFY_WEBHOOK_SECRET"),
    "zendesk_api": (hooked.zendesk, "ZENDESK_WEBHOOK_SECRET"),
    "customerio": (hooked.customerio, "CUSTOMERIO_WEBHOOK_SECRET"),
    "canny": (hooked.canny, "CANNY_API_KEY"),
}
ENVELOPES = {"braze": lambda document: {"events": [document]}}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch):
    for _, name in SIGNED.values():
        monkeypatch.setenv(name, hooked.SECRET)


def send(site, name, document, headers, query=""):
    """One delivery as this system makes it."""
    body = json.dumps(ENVELOPES.get(name, lambda same: same)(document), ensure_ascii=False)
    if name == "olark":
        headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"data": body})
    if name in SIGNED:
        signed = SIGNED[name][0](body)
        headers = {field: value for field, value in signed.items() if field != "X-Shopify-Topic"} | headers
    answer = site.post(name, body, headers, query)
    assert (answer.status_code, answer.json()["success"]) == (200, True), answer.text
    return answer.json()


def require_equal(site, file, documents, folder):
    """The server holds the events of the file, and an import of the file afterwards brings nothing."""
    name = READ_BY[file]
    expected = read(file, folder, documents)
    assert site.stored() == {event.id for event in expected.events}
    placed(file, site.workspace.root, documents)
    summary = site.workspace.import_sources([name])[0]
    changed = len(contradictions(expected.events))
    assert (summary.new, summary.changed) == (0, changed)
    assert summary.duplicate == len(expected.events) - changed
    return expected


def contradictions(events):
    """Events that say something else under the key of an earlier one: the recorded payloads hold some."""
    first = {event.id: content_hash(event) for event in reversed(events)}
    return [event for event in events if content_hash(event) != first[event.id]]


def waiting(site, name):
    """What could not be mapped."""
    found = [entry for entry in site.waiting(name) if entry.reason != "changed_content"]
    return {(entry.record_id, entry.position, entry.reason) for entry in found}


def test_the_systems_with_webhooks_have_one_in_their_definition():
    assert READ_BY.keys() - HOOKED.keys() == {"segment_spec_ecommerce_events"}


@pytest.mark.parametrize("file", HOOKED)
def test_posted_payloads_are_the_events_of_the_file(file, tmp_path):
    name, documents = HOOKED[file], payloads(file)
    folder = tmp_path / "expected"
    folder.mkdir()
    root = tmp_path / "workspace"
    root.mkdir()
    with hooked.serving(root, {name: None}) as site:
        headers = {} if name in SIGNED else {"X-Write-Key": site.key(name)}
        said = [send(site, name, document, headers) for document in documents]
        before = waiting(site, name)
        expected = require_equal(site, file, documents, folder)
        assert before == {(one.record_id, one.position, one.reason) for one in expected.rejected}
        named = sum(len(answer.get("rejected", ())) for answer in said)
        assert named == len(expected.rejected) + len(contradictions(expected.events))
        assert waiting(site, name) == before, "the file's records wait beside those that were posted"


@pytest.mark.parametrize("file", ["shopify_events_1", "shopify_events_2"])
@pytest.mark.parametrize("way", ["header", "query"])
def test_the_topic_of_the_request_is_as_good_as_one_in_the_document(file, way, tmp_path):
    documents = payloads(file)
    folder = tmp_path / "expected"
    folder.mkdir()
    root = tmp_path / "workspace"
    root.mkdir()
    with hooked.serving(root, {"shopify_webhooks": None}) as site:
        for document in documents:
            bare = dict(document)
            topic = (bare.pop("query_parameters", {}).get("topic") or [""])[0]
            asked = f"?topic={topic}" if topic and way == "query" else ""
            headers = {"X-Shopify-Topic": topic.replace("_", "/", 1)} if topic and way == "header" else {}
            send(site, "shopify_webhooks", bare, headers, asked)
        require_equal(site, file, documents, folder)


def sample(name):
    return json.loads((EXPECTED.parent / "ready" / f"{name}.json").read_text(encoding="utf-8"))


def test_mailchimp_asks_first_and_posts_forms(tmp_path):
    def fields(prefix, value):
        for name, one in value.items():
            inner = f"{prefix}[{name}]" if prefix else name
            yield from fields(inner, one) if isinstance(one, dict) else [(inner, one)]

    with hooked.serving(tmp_path, {"mailchimp_webhooks": None}) as site:
        query = f"?key={site.key('mailchimp_webhooks')}"
        assert site.client.get(f"/hooks/mailchimp_webhooks{query}").status_code == 200
        for one in sample("mailchimp_webhooks"):
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            assert site.post("mailchimp_webhooks", urlencode(list(fields("", one))), form, query).status_code == 200
        assert [entry.reason for entry in site.waiting("mailchimp_webhooks")] == ["no_time"]
        ready_expectations.placed("mailchimp_webhooks", tmp_path)
        summary = site.workspace.import_sources(["mailchimp_webhooks"])[0]
        assert (summary.new, summary.changed, summary.duplicate) == (0, 0, 2)


def test_woocommerce_posts_orders_as_its_api_lists_them(tmp_path, monkeypatch):
    monkeypatch.setenv("WOOCOMMERCE_WEBHOOK_SECRET", hooked.SECRET)
    folder = tmp_path / "expected"
    folder.mkdir()
    root = tmp_path / "workspace"
    root.mkdir()
    orders = sample("woocommerce_orders")
    with hooked.serving(root, {"woocommerce_orders": None}) as site:
        for order in orders:
            body = json.dumps(order)
            assert site.post("woocommerce_orders", body, hooked.woocommerce(body)).status_code == 200
        gone = json.dumps({"id": 999})
        assert site.post("woocommerce_orders", gone, hooked.woocommerce(gone, "order.deleted")).json() == {
            "success": True
        }
        ready_expectations.placed("woocommerce_orders", folder)
        expected = ready_expectations.mapped(ready_made.definition_of("woocommerce_orders"), folder)
        assert site.stored() == {event.id for event in expected.events}


def test_calls_of_the_spec_go_to_the_collector(tmp_path):
    calls = payloads("segment_spec_ecommerce_events")
    source = "label: {en: Shop, de: Shop}\nsystem: shop\ncollect: true\n"
    with hooked.serving(tmp_path, {"shop": source}) as site:
        key = write_keys.create(site.workspace.ledger, "shop")[1]
        answer = site.client.post("/v1/batch", json={"batch": calls}, auth=(key, ""))
        assert answer.status_code == 200, answer.text
        said = answer.json()
        refused = {one["index"] for one in said["rejected"] if "index" in one}
        contradicting = [one for one in said["rejected"] if one["reason"] == "changed_content"]
        assert said["accepted"] + said["duplicate"] + len(said["rejected"]) == len(calls)
        assert (len(refused), len(contradicting)) == (11, 73), said
        assert len(site.stored()) == said["accepted"]
        kept = {entry.record_id for entry in site.waiting("shop") if entry.reason != "changed_content"}
        assert kept == {identify("shop", json.dumps(calls[place], separators=(",", ":")).encode()) for place in refused}
        again = site.client.post("/v1/batch", json={"batch": calls}, auth=(key, "")).json()
        assert len(site.stored()) == said["accepted"] + again["accepted"]


def test_every_payload_is_in_a_file_that_is_tested():
    assert {path.stem for path in PAYLOADS.glob("*.json")} == READ_BY.keys()
