"""A company takes over every ready source, puts the exports there, imports, imports again, and next month once more."""

import importlib
from pathlib import Path

import pytest

from geleit.sources import ready_made
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

NAMES = [path.stem for path in sorted(ready_made.SHELF.glob("*.yaml"))]


@pytest.fixture
def expectations(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "sources"))
    return importlib.import_module("ready_expectations")


def test_every_ready_source_is_taken_in_and_a_later_export_contradicts_nothing(tmp_path, expectations):
    init(tmp_path, name="Acme")
    for name in NAMES:
        ready_made.add(tmp_path, name)
        expectations.placed(name, tmp_path)
    mapped = {name: expectations.mapped(ready_made.definition_of(name), tmp_path) for name in NAMES}
    with open_workspace(tmp_path) as workspace:
        first = {s.source: s for s in workspace.import_sources()}
        assert {n: s.error for n, s in first.items() if s.error} == {}
        assert {n: s.new for n, s in first.items()} == {n: len({e.id for e in m.events}) for n, m in mapped.items()}
        assert {n: s.quarantined for n, s in first.items()} == {n: len(m.rejected) for n, m in mapped.items()}
        told_by_all_about_ada(workspace)
        assert [
            s.source for s in workspace.import_sources() if s.new or s.quarantined > first[s.source].quarantined
        ] == []
        later = [name for name in NAMES if expectations.sample(name, ".later")]
        for name in later:
            expectations.placed(name, tmp_path, ".later")
        again = workspace.import_sources(later)
        assert [s.source for s in again if not s.new] == []
        assert [s.source for s in again if "changed_content" in dict(s.reasons)] == []
        assert workspace.check().ok


def told_by_all_about_ada(workspace):
    (found,) = workspace.find("ada.berg@example.org")
    profile = workspace.profile(found.customer_id)
    systems = {identifier.type.partition(".")[0] for identifier in profile.identifiers}
    assert {"shopify", "woocommerce", "zendesk", "freshdesk", "hubspot"} <= systems
    orders = {(order.system, order.order_id): order for order in profile.orders}
    bought, returned = orders["shopify", "#2001"], orders["woocommerce", "727"]
    assert (bought.total, bought.state, len(bought.lines)) == (79370, "shipped", 2)
    assert (returned.total, returned.refunded, returned.state) == (78880, 3980, "part_returned")
    read = workspace.read_events(found.customer_id)
    unanswered = workspace.service(read).open_questions
    asked = {event.event.properties["text"] for event in read if event.event.id in unanswered}
    assert asked == {"Wie laut ist sie?", "Ersatzteil für WM-7"}
