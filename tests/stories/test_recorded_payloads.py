"""A company whose thirteen systems have posted for a while: all is taken in once, accounted for, and joined to people."""

import importlib
from pathlib import Path

import pytest

from geleit.sources import ready_made
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init


@pytest.fixture
def recorded(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "sources"))
    return importlib.import_module("recorded_payloads")


def test_what_systems_posted_is_accounted_for_and_joined(tmp_path, recorded):
    init(tmp_path, name="Acme")
    for name in sorted(set(recorded.READ_BY.values())):
        ready_made.add(tmp_path, name)
    for file in recorded.READ_BY:
        recorded.placed(file, tmp_path, recorded.payloads(file))
    with open_workspace(tmp_path) as workspace:
        first = workspace.import_sources()
        assert {s.source: s.error for s in first if s.error} == {}
        assert sum(s.read for s in first) == sum(len(recorded.payloads(file)) for file in recorded.READ_BY)
        assert [s.source for s in workspace.import_sources() if s.new] == []
        assert workspace.check().ok
        assert known_as(workspace, "0200102") == {
            "customerio.customer_id:0200102",
            "email:test@example.com",
            "phone:+18008675309",
            "customerio.device_id:eeC2XC_NVPo:APA91bEYRSgm",
        }
        cart = known_as(workspace, "b9993cc5-9e60-4e69-be0e-4e38c228314b")  # this browser's cart became its own
        assert {"anonymous_id:b9993cc5-9e60-4e69-be0e-", "shopify.cart_token:shopify_test1"} <= cart


def known_as(workspace, text):
    (found,) = workspace.find(text)
    return {f"{known.type}:{known.value[:24]}" for known in workspace.profile(found.customer_id).identifiers}
