"""Every payload that real systems sent becomes what is written down, or is left out for a reason that stands here."""

import pytest
from recorded_payloads import EXPECTED, PAYLOADS, READ_BY, identity, payloads, read, written

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
