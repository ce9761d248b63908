"""Payloads that real systems sent (tests/data/payload-samples), and what ready definitions make of them.

``python tests/sources/recorded_payloads.py FILE`` writes what a file gives to payload_samples/<file>.expected: read every line
of it before it is committed.
"""

import json
import sys
import tempfile
from pathlib import Path

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


def payloads(file):
    """What the system sent, one document each; the files hold them beside what another program made of them."""
    content = json.loads((PAYLOADS / f"{file}.json").read_text(encoding="utf-8"))
    if file == "zendesk_api_responses":
        return list(content.values())
    if file == "braze_event":
        return content[0][0]["events"]
    return [one.get("input", one) for one in (content if isinstance(content, list) else [content])]


def placed(file, root, documents):
    """The documents in one file where the ready definition looks for it; the definition."""
    definition = ready_made.definition_of(READ_BY[file])
    target = root / definition.file[0].replace("*", f"-{file}")
    target.parent.mkdir(parents=True, exist_ok=True)
    whole = {definition.records: documents} if definition.records else documents
    target.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return definition


def read(file, root, documents):
    """What the ready definition makes of documents that lie in one file."""
    return mapped(placed(file, root, documents), root)


def written(file, root):
    """What a file gives, as text."""
    return "\n".join(shown(read(file, root, payloads(file)))) + "\n"


def identity(file, document):
    """The id that events of a document bear as their record."""
    return identify(READ_BY[file], canonical(json.dumps(document).encode()))


if __name__ == "__main__":
    for one in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            (EXPECTED / f"{one}.expected").write_text(written(one, Path(folder)), encoding="utf-8")
