"""Every payload that real systems sent (tests/data/payload-samples) becomes what is written here, or is left out for a reason.

tests/sources/payload_samples/<file>.expected holds what each file gives. ``python tests/sources/test_payload_samples.py FILE``
writes it anew: read every line of it before it is committed. LEFT_OUT says of each payload without an event why it has none.
"""

import json
import sys
import tempfile
from pathlib import Path

import pytest
from ready_expectations import mapped, shown

from geleit.sources import ready_made
from geleit.sources.json_records import canonical
from geleit.sources.records import identify

PAYLOADS = Path(__file__).parents[1] / "data" / "payload-samples"
EXPECTED = Path(__file__).parent / "payload_samples"
READ_BY = {
    "braze_event": "braze",
    "canny_feedback": "canny",
    "customerio_message_events": "customerio",
    "freshdesk_ticket_v2": "freshdesk_tickets",
    "gainsightpx_product_events": "gainsightpx",
    "iterable_email_sms_events": "iterable",
    "mailjet_email_events": "mailjet",
    "olark_livechat": "olark",
    "refiner_survey": "refiner",
    "satismeter_nps": "satismeter",
    "segment_spec_ecommerce_events": "segment_spec",
    "shopify_events_1": "shopify_webhooks",
    "shopify_events_2": "shopify_webhooks",
    "zendesk_api_responses": "zendesk_api",
}
SKIPPED = "skipped"
NO_TOPIC = ("no_kind", "neither a topic nor a form that tells what it is")
NO_TIME = ("no_time", "the call bears no time of any kind")
TO_A_MACHINE = (SKIPPED, "a message to Slack or another machine, not to a person")
NO_PERSON = (SKIPPED, "names no person: definitions of fields, an organization, a search that found nobody")
LEFT_OUT = {
    "canny_feedback": {
        3: (SKIPPED, "a link to Jira is work inside the company"),
        4: (SKIPPED, "a link to Jira is work inside the company"),
        6: (SKIPPED, "a comment that only colleagues see"),
        7: (SKIPPED, "a colleague took back a comment of their own"),
        13: ("no_kind", "the payload has no type"),
    },
    "customerio_message_events": {
        1: ("bad_time", "the time is 'abc'"),
        5: (SKIPPED, "a draft that nobody got"),
        **dict.fromkeys((15, 16, 17, 18, 19, 20, 21, 22), TO_A_MACHINE),
    },
    "gainsightpx_product_events": {
        5: (SKIPPED, "the tool sorted the person into a segment; nobody met anybody"),
        6: ("no_identifier", "the payload names no user"),
    },
    "iterable_email_sms_events": {
        3: ("no_kind", "the payload has an eventTitle instead of an eventName"),
        4: ("no_time", "the payload has no dataFields"),
    },
    "segment_spec_ecommerce_events": {
        57: ("missing_property", "which product was added is not told"),
        58: ("missing_property", "which product was viewed is not told"),
        61: ("missing_property", "a group call without a group"),
        62: ("no_kind", "the call has no type"),
        63: ("no_kind", "a track call without an event"),
        76: ("missing_property", "a group call without a group"),
        79: ("no_kind", "the event is an object, not a name"),
        **dict.fromkeys((80, 81, *range(83, 96)), NO_TIME),
    },
    "shopify_events_1": {
        **dict.fromkeys((2, 3, 4), NO_TOPIC),
        5: ("no_time", "a topic that does not exist, and nothing else"),
        7: (SKIPPED, "a deleted checkout is the shop's tidying"),
    },
    "shopify_events_2": {
        3: (SKIPPED, "a deleted checkout is the shop's tidying"),
        4: (SKIPPED, "a deleted checkout is the shop's tidying"),
        6: (SKIPPED, "a deleted order is the shop's tidying"),
        7: (SKIPPED, "a deleted checkout is the shop's tidying"),
    },
    "zendesk_api_responses": {
        **dict.fromkeys((3, 4, 5, 9, 10), NO_PERSON),
        12: ("no_time", "the answer holds an empty user"),
    },
}


def payloads(file):
    """What the system sent, one document each; the files hold them beside what another program made of them."""
    content = json.loads((PAYLOADS / f"{file}.json").read_text(encoding="utf-8"))
    if file == "zendesk_api_responses":
        return list(content.values())
    if file == "braze_event":
        return content[0][0]["events"]
    return [one.get("input", one) for one in (content if isinstance(content, list) else [content])]


def read(file, root, documents):
    """What the ready definition makes of documents that lie in one file."""
    definition = ready_made.definition_of(READ_BY[file])
    target = root / definition.file[0].replace("*", "1")
    target.parent.mkdir(parents=True, exist_ok=True)
    whole = {definition.records: documents} if definition.records else documents
    target.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return mapped(definition, root)


def written(file, root):
    return "\n".join(shown(read(file, root, payloads(file)))) + "\n"


def identity(file, document):
    return identify(READ_BY[file], canonical(json.dumps(document).encode()))


def test_every_file_is_read():
    assert {path.stem for path in PAYLOADS.glob("*.json")} == READ_BY.keys()
    assert (PAYLOADS / "LICENSE-RudderStack-MIT.txt").is_file(), "the licence travels with the payloads"


@pytest.mark.parametrize("file", READ_BY)
def test_the_payloads_give_what_is_written(file, tmp_path):
    assert (EXPECTED / f"{file}.expected").read_text(encoding="utf-8") == written(file, tmp_path)


@pytest.mark.parametrize("file", READ_BY)
def test_no_payload_vanishes(file, tmp_path):
    documents = payloads(file)
    result = read(file, tmp_path, documents)
    happened = {event.record for event in result.events}
    refused = {rejected.record_id: rejected.reason for rejected in result.rejected}
    without = {
        number: refused.get(identity(file, document), SKIPPED)
        for number, document in enumerate(documents, 1)
        if identity(file, document) not in happened
    }
    assert without == {number: reason for number, (reason, _) in LEFT_OUT.get(file, {}).items()}
    assert list(without.values()).count(SKIPPED) == result.skipped, (
        "a payload gives nothing and is not counted as skipped"
    )


@pytest.mark.parametrize("file", READ_BY)
def test_a_payload_posted_alone_gives_the_same(file, tmp_path):
    documents = payloads(file)
    together = read(file, tmp_path, documents).events
    number = next(n for n in range(len(documents)) if n + 1 not in LEFT_OUT.get(file, {}))
    alone = read(file, tmp_path, documents[number] if READ_BY[file] != "braze" else [documents[number]]).events
    assert alone == [event for event in together if event.record == identity(file, documents[number])]


if __name__ == "__main__":
    for one in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            (EXPECTED / f"{one}.expected").write_text(written(one, Path(folder)), encoding="utf-8")
