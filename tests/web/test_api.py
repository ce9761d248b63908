def test_the_person_as_json_equals_the_page(site):
    found = site.client.get(f"/api{site.helga}").json()
    assert found["profile"]["name"] == "Helga Sommer"
    assert [need["topic"] for need in found["needs"]] == ["washing_machine", "dishwasher"]
    events = site.workspace.read_events(site.helga.rpartition("/")[2])
    assert [one["event"]["key"] for one in found["events"]] == [read.event.key for read in events]
    assert found["as_of"]["at"] > 0


def test_the_journey_as_json_equals_the_map(site):
    found = site.client.get(f"/api{site.helga}/journey?lang=en").json()
    journey = site.workspace.journey(site.helga.rpartition("/")[2], None, "en")
    assert [step["text"] for step in found["steps"]] == [step.text for step in journey.steps]
    assert found["language"] == "en"


def test_what_is_not_there_is_told_as_json(site):
    answer = site.client.get("/api/people/nobody-at-all")
    assert answer.status_code == 404
    assert "nobody-at-all" in answer.json()["error"]
