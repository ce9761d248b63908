import pytest

from geleit.workspace.definitions import load_definitions
from geleit.workspace.scaffold import init
from geleit.workspace.soundness import doubts

SOURCE = """
label: till
file: exports/till.csv
events:
  - kind: order_completed
    time: day
    identifiers: {email: mail}
    properties: {order_id: no}
"""


@pytest.fixture
def root(tmp_path):
    init(tmp_path / "acme", name="Acme")
    (tmp_path / "acme" / "sources" / "till.yaml").write_text(SOURCE)
    (tmp_path / "acme" / "exports" / "till.csv").write_text("no,day,mail\n1,2026-01-01,a@x.org\n")
    return tmp_path / "acme"


def found(root):
    return doubts(load_definitions(root), 1_800_000_000_000_000)


def test_what_is_all_right_raises_no_doubt(root):
    assert found(root) == []


def test_a_missing_file_is_named(root):
    (root / "exports" / "till.csv").unlink()
    assert "till.csv" in found(root)[0]


def test_a_missing_column_is_named_with_the_one_that_was_meant(root):
    (root / "exports" / "till.csv").write_text("no,day,email\n1,2026-01-01,a@x.org\n")
    assert "did you mean email" in found(root)[0]


def test_a_kind_that_nobody_delivers_is_named(root):
    (root / "needs.yaml").write_text("needs:\n  - {topic: a, label: a, opens: [{kind: order_complete}]}\n")
    (doubt,) = found(root)
    assert "order_complete" in doubt
    assert "did you mean 'order_completed'" in doubt


def test_sources_that_name_their_kinds_themselves_may_deliver_any(root):
    (root / "needs.yaml").write_text("needs:\n  - {topic: a, label: a, opens: [{kind: order_complete}]}\n")
    (root / "sources" / "till.yaml").write_text(SOURCE.replace("kind: order_completed", "kind_from: no"))
    assert found(root) == []


@pytest.mark.parametrize("name", ["washing-machine", "clickstream", "northwind"])
def test_the_examples_are_sound(example, name):
    assert found(example(name)) == []
