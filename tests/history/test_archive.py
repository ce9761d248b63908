"""Every acknowledged event is in outbox or archive, in one of them, whatever goes wrong between two steps."""

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from geleit.errors import Retryable, StoreError
from geleit.history.archive import Archive
from geleit.history.stored import COLUMNS
from geleit.ledger import tables


class PowerCutError(Exception):
    pass


class Interrupted(Archive):
    """Stops after one of the drain's steps."""

    after = ""

    def _write(self, limit_rows):
        done = super()._write(limit_rows)
        self._stop("write")
        return done

    def _publish(self, aside, extent):
        done = super()._publish(aside, extent)
        self._stop("publish")
        return done

    def _list(self, segment):
        super()._list(segment)
        self._stop("list")

    def _stop(self, step):
        if self.after == step:
            raise PowerCutError


def outbox_ids(company):
    with company.ledger.read() as connection:
        return list(connection.execute(sa.select(tables.outbox.c.event_id)).scalars())


def archive_ids(company):
    with company.ledger.read() as connection:
        segments = company.archive.segments(connection)
    return [
        id_ for s in segments for id_ in pq.read_table(company.archive.path(s), columns=["event_id"])[0].to_pylist()
    ]


def files(company):
    return [path for path in company.archive.folder.rglob("*") if path.is_file()]


def test_drained_events_stand_in_a_segment_as_they_stood_in_the_outbox(company, event):
    company.accept(*[(event(n), 1) for n in (5, 3, 9)])
    with company.ledger.read() as connection:
        before = [tuple(row) for row in connection.execute(sa.select(tables.outbox).order_by("seq"))]
    assert company.archive.drain() == 3
    (path,) = files(company)
    table = pq.read_table(path)
    assert tuple(table.column_names) == COLUMNS
    assert [tuple(row.values()) for row in table.to_pylist()] == before
    assert table.schema.metadata == {b"geleit.segment": b"1"}
    assert path.stat().st_mode & 0o777 == 0o600
    with company.ledger.read() as connection:
        (segment,) = company.archive.segments(connection)
    assert (segment.rows, segment.first_seq, segment.last_seq) == (3, 1, 3)
    assert (segment.min_t, segment.max_t) == (event(3).t, event(9).t)
    assert outbox_ids(company) == []
    assert company.archive.verify() == 1


def test_an_empty_outbox_makes_no_segment(company):
    assert company.archive.drain() == 0
    assert files(company) == []


def test_slices_move_the_oldest_first(company, event):
    company.accept(*[(event(n), 1) for n in range(5)])
    assert [company.archive.drain(2) for _ in range(4)] == [2, 2, 1, 0]
    assert archive_ids(company) == [event(n).id for n in range(5)]


@pytest.mark.parametrize("step", ["write", "publish", "list"])
def test_a_power_cut_between_two_steps_loses_and_doubles_nothing(company, event, step):
    company.accept(*[(event(n), 1) for n in range(4)])
    broken = Interrupted(company.archive.folder, company.ledger)
    broken.after = step
    with pytest.raises(PowerCutError):
        broken.drain(3)
    company.accept((event(9), 2))
    while company.archive.drain(2):
        pass
    assert sorted(archive_ids(company)) == sorted(event(n).id for n in (0, 1, 2, 3, 9))
    assert company.archive.orphans() == []
    assert company.archive.verify() == len(files(company))


def test_a_foreign_segment_with_events_the_ledger_does_not_know_is_kept(company, event):
    company.accept((event(1), 1))
    company.archive.drain()
    (path,) = files(company)
    with company.ledger.write() as connection:  # as an older ledger put back would look
        connection.execute(sa.delete(tables.segment))
        connection.execute(sa.delete(tables.event_key))
    company.accept((event(2), 1))
    company.archive.drain()
    assert company.archive.orphans() == [path]


def test_rows_that_change_meanwhile_are_not_moved(company, event):
    company.accept((event(1), 1), (event(2), 1))

    class Erased(Archive):
        def _publish(self, aside, extent):
            with self.ledger.write() as connection:
                connection.execute(sa.delete(tables.outbox).where(tables.outbox.c.seq == 1))
            return super()._publish(aside, extent)

    with pytest.raises(Retryable, match="nothing was moved"):
        Erased(company.archive.folder, company.ledger).drain()
    assert outbox_ids(company) == [event(2).id]
    assert archive_ids(company) == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes instead of"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"), "differs from its checksum"),
    ],
)
def test_a_damaged_segment_is_named_with_what_is_safe(company, event, harm, said):
    company.accept((event(1), 1))
    company.archive.drain()
    (path,) = files(company)
    harm(path)
    with pytest.raises(StoreError, match=said) as error:
        company.archive.verify()
    assert path.name in error.value.message
    assert "are safe" in error.value.message
    assert "backup" in error.value.hint


def test_a_folder_that_cannot_be_written_keeps_the_events(company, event):
    company.accept((event(1), 1))
    company.archive.folder.write_text("a file stands where the folder should be")
    with pytest.raises(Retryable, match="stay in the ledger"):
        company.archive.drain()
    assert outbox_ids(company) == [event(1).id]
