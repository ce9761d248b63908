"""Sends a story as CloudEvents: structured, binary and in batches; a snippet of docs/clients.md stands before this."""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

story = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
waiting = []
for place, call in enumerate(story):
    time.sleep(call.get("pause", 0))
    names = {"source": "/shop", "type": f"com.example.{call['kind']}.v1", "time": datetime.now(UTC)}
    event = CloudEvent(attributes=names | {"datacontenttype": "application/json"}, data=call["data"])  # noqa: F821
    if place % 3 == 0:
        send(to_structured_event(event))  # noqa: F821 (the snippet's)
    elif place % 3 == 1:
        send(to_binary_event(event))  # noqa: F821 (the snippet's)
    else:
        waiting.append(event)
send_batch(waiting)  # noqa: F821 (the snippet's)
