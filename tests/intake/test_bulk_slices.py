"""No transaction of a bulk load writes more than a slice, so that a live writer beside it never waits for long."""

import time
from contextlib import contextmanager

from geleit.clock import DAY
from geleit.events.event import Event, Identifier
from geleit.intake import adoption
from geleit.intake.adoption import adopt_all
from geleit.intake.loading import loading
from geleit.intake.staging import Stage
from geleit.ledger.ledger import Ledger
from geleit.sources.records import Rejected
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init

SLICE, PEOPLE = 300, 50


def events(count, turn):
    """Every third person is known from the turn before, every fiftieth shares an address with others."""
    for number in range(count):
        person = number // 3 + turn * count // 5
        mail = "info@example.org" if person % 50 == 0 else f"p{person}@example.org"
        who = (Identifier("shop.user_id", f"u{person}"), Identifier("email", mail))
        if number % 3 == 1:
            who = (*who, Identifier("web.anonymous_id", f"v{number}-{turn}"))
        yield Event(
            "shop", f"{turn}-{number}", "page_viewed", (19_000 + number % 700) * DAY, who, {"name": f"Ada B{person}"}
        )


def rejected(count):
    return [Rejected("shop", "bad_time", "no time", "{}", "shop.csv", n, f"r{n}") for n in range(count)]


@contextmanager
def measured(monkeypatch):
    """How many rows each transaction changed, and for how many seconds it kept others from writing."""
    found = []
    write = Ledger.write

    @contextmanager
    def writing(self, **named):
        with write(self, **named) as connection:
            raw = connection.connection.driver_connection
            before, began = raw.total_changes, time.perf_counter()
            yield connection
            found.append((raw.total_changes - before, time.perf_counter() - began))

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "write", writing)
        yield found


def test_no_transaction_writes_more_than_a_slice(tmp_path, monkeypatch):
    monkeypatch.setattr(adoption, "SLICE", SLICE)
    monkeypatch.setattr(adoption, "PEOPLE", PEOPLE)
    init(tmp_path / "acme", name="Acme")
    with open_workspace(tmp_path / "acme") as workspace:
        intake = workspace.intake
        stage = Stage(intake.rules, intake.country, intake.zone, workspace.clock())
        with measured(monkeypatch) as found:
            for turn in range(2):
                with loading(intake, workspace.archive) as load:
                    load.take(stage.from_events(list(events(3_000, turn))), rejected(3_000))
                adopt_all(intake, workspace.archive)
    written = sum(rows for rows, _ in found)
    assert written > 60 * SLICE  # so that many slices were needed
    most = max(rows for rows, _ in found)
    # A set brings its members and its words along, a person identifiers and sets: a few rows each.
    assert most <= 4 * SLICE
