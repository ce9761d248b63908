"""The page about webhooks is true: its example works as it stands, and it names every scheme, header and ready source."""

import re
from pathlib import Path
from typing import get_args

import hooked

from geleit.sources import ready_made
from geleit.sources.collect import Signature
from geleit.sources.signatures import SCHEMES
from geleit.web.collector import hooks, line, request

PAGE = (Path(__file__).parents[2] / "docs" / "sources" / "webhooks.md").read_text(encoding="utf-8")


def test_the_example_works_as_it_stands(tmp_path):
    source = re.search(r"<!-- file: sources/survey.yaml -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    body = re.search(r"<!-- post: survey -->\n```json\n(.*?)```", PAGE, re.DOTALL)[1]
    with hooked.serving(tmp_path, {"survey": source}) as site:
        answer = site.post("survey", body, query=f"?campaign=autumn&key={site.key('survey')}")
        assert answer.json() == {"success": True}
        found = site.workspace.read_events(site.workspace.customer("email:ada@example.org"))
        properties = {"text": "It is quieter than the old one.", "campaign": "autumn"}
        assert [(one.event.key, one.event.properties) for one in found] == [("a-17", properties)]


def test_every_scheme_and_header_is_named():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*)$", PAGE, re.MULTILINE))
    assert set(get_args(Signature)) <= rows.keys()
    for name, scheme in SCHEMES.items():
        assert scheme.header in rows[name].lower()
        assert scheme.time in rows[name].lower()
        assert scheme.encoding in rows[name]
    assert all(f"`{topic}`" in PAGE.lower() for topic in hooks.TOPICS)
    shortened = {name for name in hooks.HEADERS if f"`{name}`" not in PAGE.lower()}
    assert all(f"`-{name.split('-', 2)[2]}`" in PAGE or f"`-{name.split('-', 3)[3]}`" in PAGE for name in shortened)


def test_every_ready_source_with_a_webhook_is_named():
    rows = re.findall(r"^\| [\w .]+ \| `(\w+)` \| .*? \| (.*?) \|", PAGE, re.MULTILINE)
    told = {name: "signature" if proof.startswith("signature") else "key" for name, proof in rows}
    assert told == {
        one.name: "key" if one.hook == "key" else "signature" for one in ready_made.ready_sources() if one.hook
    }


def test_the_bounds_are_those_of_the_code():
    assert f"{line.WAITING:,} records or {line.BYTES >> 20} MB" in PAGE
    assert f"{request.LARGE >> 20} MB" in PAGE
