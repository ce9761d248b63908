"""A generation is whole or it is not there; a broken one costs time, never data."""

import json

import numpy as np
import pytest
import sqlalchemy as sa

from geleit.errors import StoreError
from geleit.history.generation import Generation
from geleit.history.journal import Journal
from geleit.ledger import tables


class PowerCutError(Exception):
    pass


def rows(generation, query):
    with generation.connect() as duck:
        return duck.execute(query).fetchall()


def test_a_generation_holds_segments_and_outbox_clustered_by_customer_and_time(company, event):
    company.accept((event(5), 2), (event(3), 1))
    company.archive.drain()
    company.accept((event(4), 2), (event(1), 3))
    company.move(3, "c1")
    generation = company.build()
    found = rows(generation, "SELECT customer_id, t // 3600000000, event_id FROM base.events")
    assert found == [("c1", n, event(n).id) for n in (1, 3)] + [("c2", n, event(n).id) for n in (4, 5)]
    assert (generation.number, generation.last_seq, generation.counts["events"]) == (1, 4, 4)
    assert rows(generation, "SELECT * FROM base.customer_code") == [(0, "c1", 0, 2), (1, "c2", 2, 2)]
    assert generation.definitions_hash == "definitions"


def test_touchpoints_are_those_of_the_catalogue(company, event):
    told = {"kind": "step_told", "properties": {"step": "product_viewed", "supposed": True}}
    place = {"place": {"channel": "till", "initiator": "company"}}
    events = [event(1), event(2, **told), event(3, **place), event(4, kind="nobody_knows"), event(5, evidence="told")]
    company.accept(*[(item, 1) for item in events])
    names = "kind, stage, channel, medium, ownership, initiator, contact, step, evidence"
    found = rows(company.build(), f"SELECT {names} FROM base.events ORDER BY t")
    expected = [company.catalogue.touchpoint(item) for item in events]
    assert found == [tuple(getattr(touch, name) for name in names.split(", ")) for touch in expected]


def test_the_columns_say_the_same_as_the_table(company, event):
    company.accept(*[(event(n, kind=("order_completed", "product_viewed")[n % 2]), n % 3 + 1) for n in range(9)])
    company.assign(event(3).id, "n1", "c1")
    generation = company.build()
    with generation.connect() as duck:
        table = duck.execute(
            """SELECT customer_id, t, ord, kind, channel, stage, local_day, need_id,
            step::INT + 2 * (evidence = 'gap')::INT + 4 * (initiator = 'person')::INT + 8 * contact::INT
            FROM base.events"""
        )
        stored = table.fetchall()
        customers = [
            row[0] for row in duck.execute("SELECT customer_id FROM base.customer_code ORDER BY code").fetchall()
        ]
        needs = ["n1", ""]  # -1 is the last
    values = {"customer": customers, "need": needs} | generation.codes
    names = ["customer", "t", "ord", "kind", "channel", "stage", "local_day", "need", "flags"]
    columns = [generation.column(name).tolist() for name in names]
    read = [
        tuple(values[name][value] if name in values else value for name, value in zip(names, row, strict=True))
        for row in zip(*columns, strict=True)
    ]
    assert read == stored
    assert [str(generation.column(name).dtype) for name in names] == [
        "int32",
        "int64",
        "int64",
        "uint16",
        "uint8",
        "uint8",
        "int32",
        "int32",
        "uint8",
    ]
    assert isinstance(generation.column("t"), np.memmap)


def test_state_tables_are_of_the_same_change(company, event):
    company.accept((event(1), 1))
    with company.ledger.write() as connection:
        connection.execute(
            sa.insert(tables.trait).values(
                set_id=1, name="city", source="crm", value='"Ulm"', t=1, ord=1, event_id=event(1).id
            )
        )
    generation = company.build()
    assert rows(generation, "SELECT set_key, slice, customer_id FROM base.resolution") == [(1, 0, "c1")]
    assert rows(generation, "SELECT name, value FROM base.trait") == [("city", '"Ulm"')]
    assert rows(generation, "SELECT id FROM base.customer") == [("c1",)]
    assert generation.change == 1


def test_an_empty_company_has_a_generation(company):
    generation = company.build()
    assert generation.counts["events"] == 0
    assert generation.column("t").shape == (0,)
    generation.verify()


def test_the_last_two_generations_are_kept(company, event):
    assert company.journal.latest() is None
    for number in range(4):
        company.accept((event(number), 1))
        company.build()
    assert sorted(path.name for path in company.journal.folder.glob("g*")) == ["g000003", "g000004"]
    assert company.journal.latest().number == 4
    company.journal.rebuild(company.catalogue, "definitions")
    assert [path.name for path in company.journal.folder.glob("g*")] == ["g000005"]


def test_a_reader_of_an_older_generation_goes_on_while_newer_ones_come(company, event):
    company.accept((event(1), 1))
    with company.build().connect() as duck:
        for number in (2, 3, 4):
            company.accept((event(number), 1))
            company.build()
        assert duck.execute("SELECT count(*), max(body) FROM base.events").fetchall()[0][0] == 1


@pytest.mark.parametrize("step", ["_fill", "_publish_folder", "_publish"])
def test_a_power_cut_while_building_leaves_the_generation_before(company, event, step):
    company.accept((event(1), 1))
    company.build()

    class Interrupted(Journal):
        def _fill(self, part, catalogue):
            done = super()._fill(part, catalogue)
            if step == "_fill":
                raise PowerCutError
            return done

        def _publish(self, part, name):
            if step == "_publish_folder":
                part.rename(self.folder / name)
                raise PowerCutError
            super()._publish(part, name)
            raise PowerCutError

    company.accept((event(2), 1))
    broken = Interrupted(company.journal.folder, company.ledger, company.archive)
    with pytest.raises(PowerCutError):
        broken.build(company.catalogue, "definitions")
    assert company.journal.latest().number == (2 if step == "_publish" else 1)
    following = company.build()
    assert following.counts["events"] == 2
    assert len(list(company.journal.folder.glob("g*"))) == 2
    assert not list(company.journal.folder.glob(".g*"))


def test_a_damaged_segment_stops_the_build_and_keeps_the_generation(company, event):
    company.accept((event(1), 1))
    company.archive.drain()
    company.build()
    (path,) = company.archive.folder.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(StoreError, match="differs from its checksum"):
        company.build()
    assert company.journal.latest().number == 1


def test_damage_is_said_with_the_way_out(company, event):
    company.accept((event(1), 1))
    generation = company.build()
    path = generation.folder / "kind.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(StoreError, match=r"kind\.npy differs from its checksum"):
        company.journal.latest().verify()
    path.unlink()
    with pytest.raises(StoreError, match=r"lacks kind\.npy"):
        Generation(generation.folder)
    manifest = generation.folder / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 9}))
    with pytest.raises(StoreError, match="format 9") as error:
        company.journal.latest()
    assert error.value.hint == "run 'geleit journal rebuild'"
    manifest.write_text("{")
    with pytest.raises(StoreError, match="no readable manifest"):
        company.journal.latest()
    assert company.journal.rebuild(company.catalogue, "definitions").counts["events"] == 1
    company.journal.latest().verify()
