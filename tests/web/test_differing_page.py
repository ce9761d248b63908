"""The page of records that need an answer says what contradicts an earlier record, in both languages."""

import httpx
from household import GELEIT, SOURCE

from conftest import folder_with, running
from geleit.events.event import Event, Identifier
from geleit.workspace import open_workspace

T = 1_775_000_000_000_000
TILL = {"geleit.yaml": GELEIT, "sources/till.yaml": SOURCE.format(name="till", en="Till", de="Kasse")}


def said(raw, answer, key="7"):
    known = (Identifier("email", "ada@example.org"),)
    return Event("till", key, "contact_noted", T, known, properties={"answer": answer}, raw=raw)


def test_what_stands_and_what_came_are_side_by_side(tmp_path):
    with open_workspace(folder_with(tmp_path, TILL)) as workspace:
        workspace.intake.accept([said('{"answer": "ja", "by": "Kasse"}', "ja")])
        workspace.intake.accept([said('{"answer": "nein <i>", "by": "Kasse"}', "nein")])
        for answer in ("ja", "read otherwise"):
            workspace.intake.accept([said('{"answer": "ja"}', answer, "8")])
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            german, english = (client.get(f"/sources/quarantine?lang={one}").text for one in ("de", "en"))
    assert "steht als „ja“, kam als „nein &lt;i&gt;“" in german
    assert "stands as “ja”, came as “nein &lt;i&gt;”" in english
    assert "Die Definition der Quelle war damals eine andere" in german
