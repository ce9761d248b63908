"""The check finds every kind of disagreement by key, and says what is safe and what to do."""

import pytest
import sqlalchemy as sa

from geleit.history.check import check
from geleit.ledger import tables


@pytest.fixture
def filled(company, event):
    """Three events: one in base and archive, one in an archive segment newer than the base, one in the outbox."""
    for number in (1, 2, 3):
        company.accept((event(number), number))
        if number < 3:
            company.archive.drain()
        if number == 1:
            company.build()
    return company


def run(company):
    return check(company.ledger, company.archive, company.journal, company.history)


def found(company):
    return {(finding.store, finding.what, finding.samples) for finding in run(company).findings}


def change(company, *statements):
    with company.ledger.write() as connection:
        for statement in statements:
            connection.execute(statement)


def test_agreeing_stores_are_fine(filled):
    report = run(filled)
    assert report.ok
    assert report.text() == "ledger, archive and journal agree on 3 events"


def test_a_company_without_anything_is_fine(company):
    assert run(company).ok


def test_an_acknowledged_event_that_is_nowhere_is_found(filled, event):
    change(filled, sa.delete(tables.outbox))
    report = run(filled)
    (finding,) = report.findings
    assert (finding.store, finding.count, finding.samples) == ("archive", 1, (event(3).id,))
    assert "neither outbox nor archive" in report.text()
    assert "Hint: geleit restore" in report.text()


def test_an_event_without_its_key_is_found(filled, event):
    change(filled, sa.delete(tables.event_key).where(tables.event_key.c.id == event(2).id))
    assert {(store, samples) for store, _, samples in found(filled)} == {("ledger", (event(2).id,))}


def test_an_event_in_outbox_and_archive_is_found(filled, event):
    with filled.ledger.write() as connection:
        row = connection.execute(sa.select(tables.outbox)).mappings().one()
        connection.execute(sa.insert(tables.outbox).values({**row, "seq": 9, "event_id": event(1).id}))
    assert ("archive", "events are stored more than once", (event(1).id,)) in found(filled)


def test_a_set_that_leads_nowhere_is_found(filled):
    change(filled, sa.delete(tables.resolution).where(tables.resolution.c.set_id == 3))
    assert found(filled) == {("ledger", "identifier sets of events lead to no customer", ("3",))}


def test_a_need_with_an_unknown_event_is_found(filled):
    change(filled, sa.insert(tables.need_event).values(event_id="nobody", need_id="n"))
    assert found(filled) == {("ledger", "needs claim events that nobody acknowledged", ("nobody",))}


def test_a_need_that_changed_without_a_word_is_found(filled, event):
    change(filled, sa.insert(tables.need_event).values(event_id=event(1).id, need_id="n"))
    assert found(filled) == {
        ("journal", "events are shown wrongly by generation and delta together", (event(1).id,)),
    }


def test_a_generation_of_other_events_is_found(filled, event):
    change(
        filled,
        sa.update(tables.event_key).where(tables.event_key.c.id == event(3).id).values(id=event(9).id),
        sa.update(tables.outbox).values(event_id=event(9).id),
    )
    assert run(filled).ok  # not yet in the base
    filled.build()
    change(
        filled,
        sa.update(tables.event_key).where(tables.event_key.c.id == event(9).id).values(id=event(3).id),
        sa.update(tables.outbox).values(event_id=event(3).id),
    )
    assert {finding.what.split(" ")[1] for finding in run(filled).findings} == {"are", "of"}
    assert {finding.store for finding in run(filled).findings} == {"journal"}


@pytest.mark.parametrize("pattern", ["archive/*/*.parquet", "journal/g*/kind.npy", "journal/g*/journal.duckdb"])
def test_damaged_files_are_found(filled, pattern):
    path = min(filled.data.glob(pattern))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    report = run(filled)
    assert any("differs from its checksum" in finding.what for finding in report.findings)
    assert "Hint:" in report.text()


def test_a_foreign_file_in_the_archive_is_found(filled):
    (filled.archive.folder / "foreign.parquet").write_bytes(b"?")
    assert [finding.samples for finding in run(filled).findings] == [("foreign.parquet",)]
