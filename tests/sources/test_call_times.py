"""When a call of the Segment spec happened: by the client's clock, set right by when it says it sent."""

import json

import pytest

from geleit.events.kinds import Catalogue
from geleit.sources.definition import load_source
from geleit.sources.segment_spec import Delivery, SegmentSpec, moment_of

NOW = "2026-11-22T12:00:00Z"


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "sources" / "shop.yaml"
    path.parent.mkdir()
    path.write_text("collect: true\n", encoding="utf-8")
    return SegmentSpec(load_source(path, tmp_path), Catalogue())


@pytest.mark.parametrize(
    ("said", "happened"),
    [
        ({}, NOW),
        ({"timestamp": "2026-11-22T10:00:00Z"}, "2026-11-22T10:00:00Z"),
        ({"timestamp": "2026-11-22T15:00:00Z", "sentAt": "2026-11-22T15:00:20Z"}, "2026-11-22T11:59:40Z"),
        ({"originalTimestamp": "2026-11-22T09:00:00Z", "sentAt": "2026-11-22T09:00:20Z"}, "2026-11-22T11:59:40Z"),
        # RudderStack's client for Node: when the application called it, and when it says that it was
        (
            {
                "originalTimestamp": "2026-11-22T12:00:00Z",
                "timestamp": "2026-11-22T11:00:00Z",
                "sentAt": "2026-11-22T12:00:00Z",
            },
            "2026-11-22T11:00:00Z",
        ),
        # passed on a day later by another collector, which has set timestamp right already
        (
            {
                "originalTimestamp": "2026-11-21T09:00:00Z",
                "sentAt": "2026-11-21T09:00:10Z",
                "receivedAt": "2026-11-21T12:00:10Z",
                "timestamp": "2026-11-21T12:00:00Z",
            },
            "2026-11-21T12:00:00Z",
        ),
    ],
)
def test_a_call_happened_when(spec, said, happened):
    call = json.dumps({"type": "page", "messageId": "m1", "userId": "u1"} | said).encode()
    event = spec.read(call, "", Delivery(moment_of(NOW, "now")))
    assert event.t == moment_of(happened, "happened")
