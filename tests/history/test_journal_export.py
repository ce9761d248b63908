"""An export is whole or says that it is not; it holds what questions read and nothing else, and gives way to the next."""

import json
import shutil
import socket

import pyarrow as pa
import pytest
from pyarrow import parquet

from geleit.analytics.orders import BOUGHT
from geleit.errors import GeleitError, NotFoundError, Retryable, StoreError
from geleit.history import export as exporting
from geleit.history.engine import DuckEngine
from geleit.history.export import MANIFEST, Origin, export
from geleit.history.exported import Exports
from geleit.history.place import Place
from geleit.history.reading import connect
from geleit.history.spark import SparkEngine, translated
from geleit.workspace import elsewhere

OF = Origin("Kessler & Sohn", "Europe/Berlin", "abc")
NOTHING = BOUGHT.empty_table()


def exports(folder, company=OF.company):
    return Exports(Place(str(folder)), company, lambda: DuckEngine(connect()))


def rows(folder, name):
    data = json.loads((folder / MANIFEST).read_text())["data"]
    return {path.parent.name: parquet.read_table(path) for path in folder.glob(f"{data}/{name}/*/*.parquet")}


def test_one_customer_is_in_one_part_and_no_texts_leave(washing_machine, tmp_path):
    manifest = export(washing_machine.history, Place(str(tmp_path)), OF, NOTHING)
    parts = rows(tmp_path, "events")
    owners = [set(part["customer_id"].to_pylist()) for part in parts.values()]
    assert sum(map(len, owners)) == len(set().union(*owners)) == manifest.counts["customers"] > 1
    assert sum(map(len, parts.values())) == manifest.counts["events"] > 10
    names = set(next(iter(parts.values())).column_names)
    assert not names & {"body", "raw", "record", "key", "quote"}
    assert "quote" not in next(iter(rows(tmp_path, "needs").values())).column_names
    assert (tmp_path / MANIFEST).stat().st_mode & 0o77 == 0


def test_a_second_export_takes_the_place_of_the_first(washing_machine, tmp_path):
    export(washing_machine.history, Place(str(tmp_path)), OF, NOTHING)
    first = exports(tmp_path).manifest()
    second = export(washing_machine.history, Place(str(tmp_path)), OF._replace(definitions="def"), NOTHING)
    assert first.data != second.data
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [second.data]
    assert exports(tmp_path).open_columns().as_of == second.as_of


def test_an_interrupted_export_says_so_and_goes_on(washing_machine, tmp_path, monkeypatch):
    place, whole = Place(str(tmp_path)), exporting._write_some
    calls = []

    def stop(answer, target, paths):
        calls.append(paths)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        whole(answer, target, paths)

    monkeypatch.setattr(exporting, "ONCE", 2)
    monkeypatch.setattr(exporting, "_write_some", stop)
    with pytest.raises(Retryable, match="No space left"):
        export(washing_machine.history, place, OF, NOTHING)
    with pytest.raises(StoreError, match="not whole") as told:
        exports(tmp_path).open_columns()
    assert "goes on where it stopped" in told.value.hint
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("state-*/events/*/*.parquet")}
    assert len(kept) == 4
    monkeypatch.setattr(exporting, "_write_some", whole)
    export(washing_machine.history, place, OF, NOTHING)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert exports(tmp_path).open_columns().as_of.last_seq == washing_machine.history.as_of().last_seq


def test_a_write_that_fails_leaves_no_file_under_its_name(tmp_path):
    with pytest.raises(RuntimeError), Place(str(tmp_path)).put("part/one") as stream:  # noqa: PT012 (it has to fail inside)
        stream.write(b"half")
        raise RuntimeError
    assert not (tmp_path / "part" / "one").exists()


def test_what_is_no_good_is_named_with_its_remedy(washing_machine, tmp_path):
    with pytest.raises(NotFoundError, match="no exported journal") as told:
        exports(tmp_path).open_columns()
    assert "geleit journal export --parquet" in told.value.hint
    export(washing_machine.history, Place(str(tmp_path)), OF, NOTHING)
    with pytest.raises(StoreError, match="is of Kessler & Sohn, this workspace is of Another"):
        exports(tmp_path, "Another").open_columns()
    path = tmp_path / MANIFEST
    good = path.read_text()
    path.write_text(json.dumps(json.loads(good) | {"format": 0}))
    with pytest.raises(StoreError, match="format 0, this geleit reads 1"):
        exports(tmp_path).open_columns()
    path.write_text(good[:40])
    with pytest.raises(StoreError, match="manifest"):
        exports(tmp_path).open_columns()
    path.write_text(good)
    next(tmp_path.glob("state-*/needs/part=001/*.parquet")).unlink()
    with pytest.raises(StoreError, match="lacks state-"):
        exports(tmp_path).open_columns()


def test_damaged_leftovers_are_removed_not_published(washing_machine, tmp_path):
    manifest = export(washing_machine.history, Place(str(tmp_path)), OF, NOTHING)
    next(tmp_path.glob("state-*/events/part=002/*.parquet")).write_bytes(b"no parquet at all")
    with pytest.raises(Retryable, match="no Parquet file"):
        export(washing_machine.history, Place(str(tmp_path)), OF, NOTHING)
    assert not (tmp_path / manifest.data).exists()
    assert export(washing_machine.history, Place(str(tmp_path)), OF, NOTHING).files == manifest.files


def test_an_engine_that_sees_another_folder_is_found_out(washing_machine, tmp_path):
    export(washing_machine.history, Place(str(tmp_path / "a")), OF, NOTHING)

    class Elsewhere(DuckEngine):
        def read(self, name, uri):
            super().read(name, uri.replace("/a/", "/b/"))

    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for path in (tmp_path / "b").glob("state-*/events/part=000/*.parquet"):
        path.unlink()
    there = Exports(Place(str(tmp_path / "a")), OF.company, lambda: Elsewhere(connect()))
    with pytest.raises(StoreError, match="the engine sees"):
        there.open_columns()


def test_a_store_takes_an_export_as_a_folder_does(washing_machine):
    place = Place("memory://exports/journal")
    first = export(washing_machine.history, place, OF, NOTHING)
    assert {name: file.bytes for name, file in first.files.items()} == place.find(first.data)
    second = export(washing_machine.history, place, OF._replace(definitions="def"), NOTHING)
    assert place.folders() == [second.data]
    place.remove("")
    with pytest.raises(GeleitError, match="reaches no store of the kind nowhere://"):
        Place("nowhere://bucket/journal")


def test_addresses_without_a_server_are_told_at_once(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"sc://127.0.0.1:{free.getsockname()[1]}/;token=s3cret"
        with pytest.raises(Retryable, match="no server answers") as told:
            SparkEngine(address)
        assert "s3cret" not in str(told.value)
        free.listen()
        monkeypatch.setitem(__import__("sys").modules, "pyspark.sql.connect.session", None)
        with pytest.raises(GeleitError, match="client of Spark is not installed") as told:
            SparkEngine(address)
        assert "geleit[spark]" in told.value.hint
    with pytest.raises(GeleitError, match="no address"):
        SparkEngine("http://127.0.0.1:1")


def test_engines_are_named_exactly(washing_machine, tmp_path):
    from geleit.analytics.transitions import Transitions  # noqa: PLC0415 (loads slowly)

    with pytest.raises(GeleitError, match="kernels count this machine's journal"):
        elsewhere.ask(washing_machine, Transitions(), "kernels", str(tmp_path))
    elsewhere.export_journal(washing_machine, str(tmp_path), lambda _what: None)
    with pytest.raises(GeleitError, match="'duck' is no engine"):
        elsewhere.ask(washing_machine, Transitions(), "duck", str(tmp_path))
    there = elsewhere.ask(washing_machine, Transitions(), "sql", str(tmp_path))
    assert there.rows == elsewhere.ask(washing_machine, Transitions(), "kernels").rows
    assert there.as_of.last_seq == washing_machine.history.as_of().last_seq


def test_texts_are_translated_whole():
    assert translated("SELECT * FROM t WHERE a = $x AND b = '$y'") == "SELECT * FROM t WHERE a = :x AND b = '$y'"


def test_engines_keep_write_and_drop(tmp_path):
    engine = DuckEngine(connect())
    engine.put("few", pa.table({"n": [1, 2, 3]}))
    engine.save("kept", "SELECT n FROM few WHERE n > $least", {"least": 1, "other": 5})
    engine.export("kept", f"file://{tmp_path}/out")
    engine.read("back", f"file://{tmp_path}/out")
    assert sorted(engine.rows("SELECT n FROM back", {})["n"].to_pylist()) == [2, 3]
    for name in ("kept", "back"):
        engine.drop(name)
        with pytest.raises(Exception, match=name):
            engine.rows(f"SELECT * FROM {name}", {})
