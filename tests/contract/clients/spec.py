"""Makes the calls of a story with a Python client of the Segment spec; a snippet of docs/clients.md stands before this."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAMES = {"userId": "user_id", "anonymousId": "anonymous_id", "previousId": "previous_id", "groupId": "group_id"}

for said in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
    call = {NAMES.get(name, name): value for name, value in said.items()}
    time.sleep(call.pop("pause", 0))
    if "ago" in call:
        call["timestamp"] = datetime.now(UTC) - timedelta(seconds=call.pop("ago"))
    if call["type"] == "track":
        call["event"] = call.pop("name")
    getattr(analytics, call.pop("type"))(**call)  # noqa: F821 (the snippet's)
analytics.flush()  # noqa: F821 (the snippet's)
