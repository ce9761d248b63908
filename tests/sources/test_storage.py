"""Files in an S3-compatible store are listed by pattern and streamed; unchanged ones are left out; errors say the remedy."""

import gzip
import importlib
import io
import json
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geleit.errors import DefinitionError, GeleitError, Retryable
from geleit.sources import reading
from geleit.sources.attach import Attach
from geleit.sources.definition import SourceDefinition
from geleit.sources.storage import BLOCK, Storage, open_store
from servers import free_port

EVENTS = [{"kind": "contact_made", "time": "at", "identifiers": {"email": "mail"}}]
KEYS = {"key": {"secret": "STORE_KEY"}, "secret": {"secret": "STORE_SECRET"}, "region": "eu-central-1"}


@pytest.fixture(autouse=True)
def secrets(store, monkeypatch):
    monkeypatch.setenv("STORE_KEY", store.key)
    monkeypatch.setenv("STORE_SECRET", store.secret)


def source(store, file, **storage):
    return SourceDefinition.model_validate(
        {"file": file, "storage": {"endpoint": store.endpoint} | KEYS | storage, "events": EVENTS}
    ).named("till")


def read(definition, root, *columns, positions=None):
    return list(reading.read(definition, root, frozenset(columns), positions if positions is not None else {}))


def raws(chunks):
    return [json.loads(raw) for chunk in chunks for raw in chunk.raw]


def test_files_are_found_by_pattern_and_only_changed_ones_come_again(store, tmp_path):
    store.put("till/2026-01.csv.gz", gzip.compress(b"mail;at\na@example.com;2026-01-01\n"))
    store.put("till/2026-02.csv.gz", gzip.compress(b"mail;at\nb@example.com;2026-02-01\n"))
    store.put("till/readme.md", b"no")
    definition = source(store, "s3://exports/till/*.csv.gz")
    chunks = read(definition, tmp_path, "mail", "at")
    assert [row["mail"] for row in raws(chunks)] == ["a@example.com", "b@example.com"]
    assert {chunk.file for chunk in chunks} == {"s3://exports/till/2026-01.csv.gz", "s3://exports/till/2026-02.csv.gz"}
    positions = dict(chunk.position for chunk in chunks if chunk.position)
    store.put("till/2026-02.csv.gz", gzip.compress(b"mail;at\nc@example.com;2026-02-01\n"))
    again = read(definition, tmp_path, "mail", "at", positions=positions)
    assert [chunk.file for chunk in again if chunk.unchanged] == ["s3://exports/till/2026-01.csv.gz"]
    assert [row["mail"] for row in raws(again)] == ["c@example.com"]


def test_a_public_bucket_needs_no_keys(store, tmp_path):
    store.put("public.csv", b"mail;at\na@example.com;2026-01-01\n", ACL="public-read")
    public = {"endpoint": store.endpoint, "anonymous": True}
    definition = SourceDefinition.model_validate(
        {"file": "s3://exports/public.csv", "storage": public, "events": EVENTS}
    )
    store.let_in(everybody=True)
    try:
        assert raws(read(definition.named("till"), tmp_path, "mail"))[0]["mail"] == "a@example.com"
    finally:
        store.let_in(everybody=False)


def test_a_single_file_and_one_here_together(store, tmp_path):
    store.put("one.jsonl", b'{"mail": "a@example.com"}\n')
    (tmp_path / "two.jsonl").write_text('{"mail": "b@example.com"}\n')
    chunks = read(source(store, ["s3://exports/one.jsonl", "two.jsonl"]), tmp_path, "mail")
    assert sorted(row["mail"] for row in raws(chunks)) == ["a@example.com", "b@example.com"]


def test_parquet_is_read_by_ranges(store, tmp_path, monkeypatch):
    count = 400_000
    table = pa.table({"mail": ["a@example.com"] * count, "ballast": pa.array(range(count)).cast(pa.string())})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=count // 8, compression="none", use_dictionary=["mail"])
    store.put("large.parquet", buffer.getvalue())
    (located,) = open_store("till", "s3://exports/*.parquet", _storage(store), tmp_path).find("s3://exports/*.parquet")
    assert located.size == len(buffer.getvalue())
    fetched = []
    with located.open() as handle:
        fetch = handle.cache.fetcher
        monkeypatch.setattr(
            handle.cache, "fetcher", lambda start, end: (fetched.append(end - start), fetch(start, end))[1]
        )
        assert pq.ParquetFile(handle).metadata.num_rows == count
    assert fetched
    assert max(fetched) <= 2 * BLOCK
    chunks = read(source(store, "s3://exports/large.parquet"), tmp_path, "mail")
    assert sum(len(chunk.raw) for chunk in chunks) == count
    assert not any(chunk.rejected for chunk in chunks)


def test_a_large_file_is_streamed_block_by_block(store, tmp_path, monkeypatch):
    line = b"a@example.com;" + b"x" * 986 + b"\n"
    store.put("large.csv", b"mail;words\n" + line * 40_000)  # 40 MB
    (located,) = open_store("till", "s3://exports/large.csv", _storage(store), tmp_path).find("s3://exports/large.csv")
    fetched, held = [], []
    with located.open() as handle:
        fetch = handle.cache.fetcher
        monkeypatch.setattr(
            handle.cache, "fetcher", lambda start, end: (fetched.append(end - start), fetch(start, end))[1]
        )
        while handle.read(65_536):
            held.append(len(handle.cache.cache))
    assert sum(fetched) >= located.size
    assert max(held) <= 2 * BLOCK


def test_a_file_that_changes_while_it_is_read_is_said_and_read_again(store, tmp_path):
    row = b"a@example.com;2026-01-01\n"
    store.put("moving.csv", b"mail;at\n" + row * 12_000)
    definition = source(store, "s3://exports/moving.csv")
    chunks = []
    for chunk in reading.read(definition, tmp_path, frozenset(("mail",)), {}):
        if not chunks:
            store.put("moving.csv", b"mail;at\n" + row * 12_001)
        chunks.append(chunk)
    assert [one.reason for chunk in chunks for one in chunk.rejected] == ["unreadable_file"]
    assert not any(chunk.position for chunk in chunks)


def test_a_file_of_a_web_server(tmp_path):
    served = tmp_path / "served"
    served.mkdir()
    (served / "calls.csv").write_text("mail;at\na@example.com;2026-01-01\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/calls.csv"
        definition = SourceDefinition.model_validate({"file": url, "events": EVENTS}).named("calls")
        assert raws(read(definition, tmp_path, "mail"))[0]["mail"] == "a@example.com"
        with pytest.raises(GeleitError, match="no file matches"):
            read(definition.model_copy(update={"file": (f"{url}x",)}), tmp_path)
    finally:
        server.shutdown()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_what_is_wrong_is_said_in_plain_words(store, tmp_path, monkeypatch):
    store.put("till/2026-01.csv", b"mail\n")
    cases = [
        ("s3://exports/till/2026-1.csv", {}, GeleitError, "no file matches", "2026-01.csv"),
        ("s3://exports/till/*.parquet", {}, GeleitError, "no file matches", "in exports/till/ there is: 2026-01.csv"),
        ("s3://export/till/*.csv", {}, GeleitError, "no bucket or folder|no such bucket", "'file:'|s3://"),
        ("s3://exports/tills/*.csv", {}, GeleitError, "no bucket or folder 'exports/tills'", "correct 'file:'"),
        (
            "s3://exports/*.csv",
            {"endpoint": f"http://127.0.0.1:{free_port()}"},
            Retryable,
            "does not answer: it refuses the connection",
            "'endpoint'",
        ),
    ]
    for file, storage, kind, message, hint in cases:
        with pytest.raises(kind, match=message) as caught:
            read(source(store, file, **storage), tmp_path)
        assert any(part in caught.value.hint for part in hint.split("|")), (file, caught.value.hint)
    monkeypatch.setenv("STORE_SECRET", "not-this-one")
    with pytest.raises(GeleitError, match="refuses these keys") as caught:
        read(source(store, "s3://exports/*.csv"), tmp_path)
    assert "not-this-one" not in str(caught.value)
    monkeypatch.setenv("STORE_KEY", "AKIANOBODY")
    with pytest.raises(GeleitError, match=r"refuses these keys|does not let"):
        read(source(store, "s3://exports/*.csv"), tmp_path)


def test_any_protocol_of_fsspec_is_read_as_far_as_installed(tmp_path, monkeypatch):
    with pytest.raises(GeleitError, match="needs a driver"):
        open_store("till", "sftp://host/a.csv", Storage(), tmp_path)
    with pytest.raises(GeleitError, match="s4:// is not known"):
        open_store("till", "s4://bucket/a.csv", Storage(), tmp_path)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    fsspec_registry = importlib.import_module("fsspec.registry")  # fsspec.registry itself is what it registers
    monkeypatch.delitem(fsspec_registry._registry, "s3", raising=False)
    with pytest.raises(GeleitError, match="needs a driver") as caught:
        open_store("till", "s3://bucket/a.csv", Storage(), tmp_path)
    assert caught.value.hint == "pip install 'geleit[s3]'"


@pytest.mark.parametrize(
    ("yaml", "message"),
    [
        ("file: 'file:///etc/passwd.csv'", "file:// is no store"),
        ("file: 'simplecache::s3://exports/a.csv'", "through several stores"),
        ("file: 's3://exports/a.csv'\nstorage: {key: {secret: K}, secret: S3cr3t}", "plain text"),
        ("file: 's3://exports/a.csv'\nstorage: {secret: S3cr3t}", "storage.secret"),
        ("file: 'sftp://host/a.csv'\nstorage: {options: {password: S3cr3t}}", "plain text"),
    ],
)
def test_definitions_that_cannot_be_right(bench, yaml, message):
    with pytest.raises(DefinitionError, match=message) as caught:
        bench.define(f"{yaml}\nevents: [{{kind: contact_made, time: at, identifiers: {{email: mail}}}}]\n")
    assert "S3cr3t" not in str(caught.value)


def _storage(store):
    return Storage.model_validate({"endpoint": store.endpoint} | KEYS)


def test_rows_of_a_file_beside_it_in_the_store_are_taken_along(store, tmp_path):
    for day, article in (("04", "Pump"), ("05", "Hose")):
        store.put(f"shop/{day}/orders.csv", f"no,mail\n{day},a@example.com\n".encode())
        store.put(f"shop/{day}/lines.csv", f"no,article\n{day},{article}\n".encode())
    attach = {"lines": {"file": "lines.csv", "by": "no"}}
    definition = source(store, "s3://exports/shop/*/*.csv").model_copy(
        update={"attach": {name: Attach.model_validate(one) for name, one in attach.items()}}
    )
    chunks = read(definition, tmp_path, "mail")
    assert [[line["article"] for line in row["lines"]] for row in raws(chunks)] == [["Pump"], ["Hose"]]
    positions = dict(chunk.position for chunk in chunks if chunk.position)
    assert raws(read(definition, tmp_path, "mail", positions=positions)) == []
    store.put("shop/05/lines.csv", b"no,article\n05,Clamp\n")
    changed = raws(read(definition, tmp_path, "mail", positions=positions))
    assert [row["lines"][0]["article"] for row in changed] == ["Clamp"]
    store.put("shop/06/orders.csv", b"no,mail\n06,a@example.com\n")
    with pytest.raises(GeleitError, match=r"shop/06/orders\.csv takes rows along from 'lines\.csv'"):
        read(definition, tmp_path, "mail", positions=positions)
