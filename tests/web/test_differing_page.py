"""The page of records that need an answer says what contradicts an earlier record, in both languages."""

from geleit.events.event import Event, Identifier

T = 1_775_000_000_000_000


def said(raw, answer, key="7"):
    known = (Identifier("email", "ada@example.org"),)
    return Event("till", key, "contact_noted", T, known, properties={"answer": answer}, raw=raw)


def test_what_stands_and_what_came_are_side_by_side(empty_site):
    workspace = empty_site.workspace
    workspace.intake.accept([said('{"answer": "ja", "by": "Kasse"}', "ja")])
    workspace.intake.accept([said('{"answer": "nein <i>", "by": "Kasse"}', "nein")])
    german, english = (empty_site.page("/sources/quarantine", language).text for language in ("de", "en"))
    assert "steht als „ja“, kam als „nein &lt;i&gt;“" in german
    assert "stands as “ja”, came as “nein &lt;i&gt;”" in english
    for answer in ("ja", "read otherwise"):
        workspace.intake.accept([said('{"answer": "ja"}', answer, "8")])
    assert "Die Definition der Quelle war damals eine andere" in empty_site.page("/sources/quarantine").text
