"""Pages find and show people of a large load that is still being taken in, and say so in both languages."""

import httpx
import pytest
from typer.testing import CliRunner

from conftest import running
from geleit.cli.app import app
from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.intake import gathering
from geleit.intake.adoption import adopt_all
from geleit.intake.loading import loading
from geleit.intake.staging import Stage
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

NEEDS = "needs: [{topic: wash, label: {en: Washing, de: Waschen}, opens: [{kind: page_viewed}]}]\n"
EVENTS = [
    Event(
        "shop",
        f"k{number}",
        "order_completed" if number % 3 == 2 else "page_viewed",
        (19_000 + number) * DAY,
        (Identifier("email", f"p{number // 3}@example.org"), Identifier("shop.user_id", f"u{number // 3}")),
        {"name": f"Ada B{number // 3}"},
        raw='{"row": 1}',
    )
    for number in range(12)
]
TOLD = {
    "en": "The people of 12 events are still being taken in; their needs and profiles follow.",
    "de": "Die Menschen von 12 Ereignissen werden noch aufgenommen; ihre Bedarfe und Profile folgen.",
}


BY_NUMBER = {"en": "found by e-mail address, phone", "de": "über die vollständige E-Mail-Adresse"}
APPEAR = {"en": "they appear as soon as the people", "de": "Sie erscheinen, sobald die Menschen"}
COMING = {
    "/?": {"en": "Not all people are counted yet.", "de": "Noch sind nicht alle Menschen gezählt."},
    "/people?q=zoe&": BY_NUMBER,
    "/people?": BY_NUMBER,
    "/journeys?": APPEAR,
    "/journeys/flow?": APPEAR,
}


class Stopped(BaseException):
    """Here the process ended."""


@pytest.fixture
def half_taken(tmp_path, monkeypatch):
    """A workspace whose load is gathered and not adopted."""
    monkeypatch.setattr(gathering, "EARLY", 0)
    init(tmp_path / "acme", name="Acme")
    (tmp_path / "acme" / "needs.yaml").write_text(NEEDS)
    with open_workspace(tmp_path / "acme") as workspace:
        workspace.apply_definitions()
        intake = workspace.intake
        stage = Stage(intake.rules, intake.country, intake.zone, workspace.clock())
        with loading(intake, workspace.archive) as load:
            load.take(stage.from_events(EVENTS), [])

        def stop():
            workspace.build_generation()
            raise Stopped

        with pytest.raises(Stopped):
            adopt_all(intake, workspace.archive, known=stop)
        yield workspace


def test_pages_find_and_show_whoever_is_asked_for(half_taken):
    with running(half_taken) as address, httpx.Client(base_url=address, timeout=60, follow_redirects=True) as client:
        for language, told in TOLD.items():
            listed = client.get(f"/people?q=p2@example.org&lang={language}").text
            assert told in listed
            assert "Ada B2" in listed
            page = client.get(f"/people/u2?lang={language}")
            assert page.status_code == 200
            assert "Ada B2" in page.text
            assert {"en": "Washing", "de": "Waschen"}[language] in page.text
            assert told in listed.split('<p class="coming">')[1]
            for path, said in COMING.items():
                assert said[language] in client.get(f"{path}lang={language}").text
        told = client.get("/api/people/email:p1@example.org").json()
        assert told["as_of"]["adopting"] == 12
        assert len(told["events"]) == 3
        rows = client.get("/api/analytics/transitions?unit=customer").json()
        assert rows["population"]["people"] == 4
        assert client.get("/journeys/transitions?unit=customer&lang=en").status_code == 200
        half_taken.sync()
        assert TOLD["en"] not in client.get("/people?q=p2@example.org&lang=en").text
        for path, said in COMING.items():
            assert said["en"] not in client.get(f"{path}lang=en").text
        assert "Ada B2" in client.get("/people/u2?lang=en").text


def test_commands_say_who_follows(half_taken):
    runner = CliRunner()
    shown = runner.invoke(app, ["journal", "status", "-w", str(half_taken.root)]).output
    assert "the people of 12 events are still being taken in" in shown
    asked = runner.invoke(app, ["analyze", "transitions", "-w", str(half_taken.root), "-l", "de"]).output
    assert TOLD["de"] in " ".join(asked.split())
    assert "p1@example.org" in runner.invoke(app, ["customer", "p1@example.org", "-w", str(half_taken.root)]).output
