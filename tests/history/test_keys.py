"""Keys of bulk events: found in whatever run they are, merged while others read, made again when they are lost."""

import numpy as np
import pyarrow as pa
import pytest
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.history import keys as key_room
from geleit.history.keys import MOST, Keys, distinct, first_of_each, in_order, rows_of, rows_of_columns
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger


class Stopped(BaseException):
    """The process ends here."""


def identity(number):
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}"


def content(number):
    return f"{number:016x}"


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def keys(tmp_path, ledger):
    """Runs of three keys each, one more than may stay, and numbers 0 to 26 in them."""
    made = Keys(tmp_path / "keys")
    for start in range(0, 3 * (MOST + 1), 3):
        enter(made, ledger, range(start, start + 3))
    return made


def enter(keys, ledger, numbers):
    run = keys.write(rows_of([identity(n) for n in numbers], [content(n) for n in numbers]))
    with ledger.write() as connection:
        keys.enter(connection, run)
    return run


def known(keys, ledger):
    """The numbers that are known, each with its own content."""
    with ledger.read() as connection:
        found = keys.contents(connection, [identity(n) for n in range(60)])
    numbers = sorted(int(said, 16) for said in found.values())
    assert found == {identity(n): content(n) for n in numbers}
    return numbers


def files(keys):
    return sorted(path.name for path in keys.folder.iterdir())


def listed(keys, ledger):
    with ledger.read() as connection:
        return sorted(run.path for run in keys.runs(connection))


def test_many_runs_become_one_that_knows_the_same(keys, ledger):
    assert known(keys, ledger) == list(range(27))
    keys.merge(ledger)
    assert len(files(keys)) == 1
    assert files(keys) == listed(keys, ledger)
    assert known(keys, ledger) == list(range(27))
    enter(keys, ledger, [40])
    keys.merge(ledger)
    assert len(files(keys)) == 2  # few enough
    assert known(keys, ledger) == [*range(27), 40]


def test_a_large_run_is_left_alone(keys, ledger, monkeypatch):
    large = enter(keys, ledger, range(30, 50))
    monkeypatch.setattr(key_room, "LARGEST", 27)
    keys.merge(ledger)
    assert len(files(keys)) == 2
    assert large.path in files(keys)
    assert known(keys, ledger) == [*range(27), *range(30, 50)]


def test_another_process_goes_on_while_runs_are_merged(keys, ledger, tmp_path):
    other = Keys(tmp_path / "keys")
    assert known(other, ledger) == list(range(27))
    with other.view(ledger) as connection:
        keys.merge(ledger)
        assert other.runs(connection) != []
        assert sorted(i for ids in other.ids(other.runs(connection)) for i in ids) == sorted(map(identity, range(27)))
        assert all(other.sound(run) for run in other.runs(connection))
    assert known(other, ledger) == list(range(27))
    assert set(other._open) == set(files(keys))  # the space of the old ones is free


def test_a_view_is_taken_anew_when_its_files_were_merged_before_they_were_open(keys, ledger, tmp_path, monkeypatch):
    other, opens, merged = Keys(tmp_path / "keys"), Keys._opens, []

    def late(self, run):
        if not merged:
            merged.append(run)
            keys.merge(ledger)
        return opens(self, run)

    monkeypatch.setattr(Keys, "_opens", late)
    with other.view(ledger) as connection:
        assert [run.path for run in other.runs(connection)] == files(keys)


@pytest.mark.parametrize("step", ["write", "replace", "sweep"])
def test_a_merger_that_stops_anywhere_loses_nothing(keys, ledger, monkeypatch, step):
    def stop(*_):
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Keys, step, stop)
        with pytest.raises(Stopped):
            keys.merge(ledger)
    assert known(keys, ledger) == list(range(27))
    keys.merge(ledger)
    with ledger.read() as connection:
        keys.sweep(connection)
    assert len(files(keys)) == 1
    assert known(keys, ledger) == list(range(27))


def test_a_damaged_run_is_named_and_never_merged(keys, ledger, tmp_path):
    with ledger.read() as connection:
        first, second, third, *_ = keys.runs(connection)
    (keys.folder / first.path).write_bytes(b"x" * first.bytes)
    (keys.folder / second.path).unlink()
    (keys.folder / third.path).write_bytes(b"short")
    fresh = Keys(tmp_path / "keys")
    with pytest.raises(StoreError, match="missing or damaged") as caught:
        known(fresh, ledger)
    assert "geleit keys rebuild" in caught.value.hint
    fresh.merge(ledger)
    assert {first.path, second.path, third.path} < set(listed(fresh, ledger))
    with fresh.view(ledger) as connection:
        assert [fresh.sound(run) for run in fresh.runs(connection)].count(False) == 3


def test_keys_whose_first_half_is_equal_are_told_apart(tmp_path, ledger):
    keys = Keys(tmp_path / "keys")
    run = keys.write(rows_of(["0" * 15 + "1" + f"{n:016x}" for n in (9, 3)], [content(9), content(3)]))
    with ledger.write() as connection:
        keys.enter(connection, run)
    with ledger.read() as connection:
        for number in (3, 9):
            (said,) = keys.contents(connection, ["0" * 15 + "1" + f"{number:016x}"]).values()
            assert said == content(number)
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.key_run)).scalar_one() == 1


def test_columns_of_ids_give_the_same_rows_as_lists_of_them():
    ids, contents = [identity(n) for n in range(9)], [content(2**63 + n) for n in range(9)]
    whole = pa.chunked_array([pa.array(["", *ids[:4]]).slice(1), pa.array([], pa.string()), pa.array(ids[4:])])
    said = pa.chunked_array([pa.array(contents)])
    assert (rows_of_columns(whole, said) == rows_of(ids, contents)).all()
    assert rows_of_columns(whole.slice(3, 4), said.slice(3, 4)).tolist() == rows_of(ids[3:7], contents[3:7]).tolist()


def test_of_equal_ids_the_first_one_leads_even_where_the_first_halves_agree():
    ids = ["a" * 16 + half * 16 for half in "cbcbc"] + ["0" * 32]
    rows = rows_of(ids, [content(n) for n in range(6)])
    order = in_order(rows)
    leads, led = first_of_each(rows, order)
    assert leads.tolist() == [True, True, False, False, False, True]
    assert led.tolist() == [0, 1, 0, 1, 0, 5]
    assert not distinct(rows[:, order])
    assert distinct(rows[:, order[leads[order]]])


@pytest.mark.parametrize("bits", [4, 28], ids=["hardly any bits", "many"])
def test_a_sieve_before_some_runs_changes_nothing(keys, ledger, bits):
    keys._sieve = key_room.Sieve(bits)
    wanted = rows_of([identity(n) for n in range(60)], [content(0)] * 60)
    with ledger.read() as connection:
        before = keys.look_up(connection, wanted, in_order(wanted))
        for run in keys.runs(connection)[1::2]:
            keys.sift(run)
        after = keys.look_up(connection, wanted, in_order(wanted))
    assert np.flatnonzero(after[0]).tolist() == list(range(27))
    assert (before[0] == after[0]).all()
    assert (before[1] == after[1]).all()


def test_a_sieve_lets_pass_what_it_took_and_little_else():
    sieve = key_room.Sieve()
    assert sieve.may_hold(np.array([1], np.uint64)).tolist() == []
    sieve.take("run", np.arange(0, 2**63, 2**50, dtype=np.uint64))
    assert sieve.may_hold(np.array([0, 2**50, 2**50 + 2**40, 2**63 + 5], np.uint64)).tolist() == [0, 1]
