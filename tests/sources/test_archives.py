"""Packed files: one or many inside, patterns, folders; nothing is unpacked to disk, and no bomb goes off."""

import bz2
import gzip
import io
import lzma
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import chunks, faults, good, read, source

from geleit.errors import GeleitError
from geleit.sources import archives, files, inflating

CSV = b"id;name\n1;Ada\n2;Bob\n"
BOTH = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]


def zstd(data):
    return pa.compress(data, codec="zstd", asbytes=True)


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd}


def pack(path, files, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("ending", PACKERS)
def test_every_packing(tmp_path, ending):
    (tmp_path / f"A.CSV{ending.upper()}").write_bytes(PACKERS[ending](CSV))
    assert good(tmp_path, file=f"A.CSV{ending.upper()}") == BOTH


@pytest.mark.parametrize("ending", PACKERS)
def test_parts_written_one_after_the_other(tmp_path, ending):
    (tmp_path / f"a.csv{ending}").write_bytes(PACKERS[ending](CSV[:10]) + PACKERS[ending](CSV[10:]))
    assert good(tmp_path, file=f"a.csv{ending}") == BOTH


@pytest.mark.parametrize(
    ("ending", "harm"),
    [(ending, harm) for ending in PACKERS for harm in ("cut", "bit", "other") if (ending, harm) != (".zst", "bit")],
)  # Arrow writes zst without checksums: a changed bit is a changed value there
def test_a_damaged_packing_costs_the_rest_and_the_next_file_is_read(tmp_path, ending, harm):
    many = b"id;name\n" + b"".join(b"%d;Name %d\n" % (number, number * 7919 % 10_007) for number in range(40_000))
    packed = bytearray(PACKERS[ending](many))
    if harm == "cut":
        del packed[-len(packed) // 3 :]
    elif harm == "bit":
        packed[len(packed) // 2] ^= 0x55
        packed[len(packed) // 2 + 9] ^= 0x55
    else:
        packed = bytearray(b"id;name\n1;not packed at all\n")
    (tmp_path / f"a.csv{ending}").write_bytes(packed)
    (tmp_path / "b.csv").write_bytes(CSV)
    records, rejected = read(tmp_path, file=["a.csv*", "b.csv"])
    assert [r for r in rejected if r.reason == "unreadable_file"]
    assert harm == "other" or ending == ".bz2" or len(records) > 10_000  # bz2 packs blocks of 900 kB
    assert {r.file for r in rejected} == {f"a.csv{ending}"}
    assert records[-2:] == BOTH


def test_all_members_of_a_known_format_are_read(tmp_path):
    files = {
        "export/a.csv": CSV,
        "export/b.jsonl": b'{"id": "3"}\n',
        "readme.pdf": b"%PDF",
        "__MACOSX/a.csv": b"junk",
        "export/.a.csv": b"junk",
    }
    pack(tmp_path / "a.zip", files)
    found = chunks(tmp_path, file="a.zip")
    assert [(chunk.file, len(chunk.lines)) for chunk in found] == [
        ("a.zip/export/a.csv", 2),
        ("a.zip/export/b.jsonl", 1),
        ("a.zip", 0),
    ]


@pytest.mark.parametrize(
    ("member", "ids"), [("*.csv", ["1", "2", "3"]), ("orders/*", ["3"]), ("b.csv", ["3"]), ("people.*", ["1", "2"])]
)
def test_members_by_pattern(tmp_path, member, ids):
    pack(tmp_path / "a.zip", {"people.csv": CSV, "orders/b.csv": b"id\n3\n", "log.txt": b"id\n9\n"})
    assert [record["id"] for record in good(tmp_path, file="a.zip", member=member)] == ids


def test_formats_that_are_read_from_their_end(tmp_path):
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2]}), sink)
    pack(tmp_path / "a.zip", {"a.parquet": sink.getvalue()})
    assert good(tmp_path, file="a.zip") == [{"id": 1}, {"id": 2}]
    (tmp_path / "b.parquet.gz").write_bytes(gzip.compress(sink.getvalue()))
    assert good(tmp_path, file="b.parquet.gz") == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("inner", ["b.zip", "b.csv.gz", "b.tar.gz", "b.7z"])
def test_an_archive_inside_an_archive_is_refused_and_the_others_are_read(tmp_path, inner):
    pack(tmp_path / "a.zip", {inner: b"whatever", "c.csv": CSV})
    records, rejected = read(tmp_path, file="a.zip")
    assert records == BOTH
    assert faults(rejected) == [(f"a.zip/{inner}", 0, "unreadable_file")]
    assert "archive inside an archive" in rejected[0].message


def test_an_archive_without_anything_to_read_says_what_it_holds(tmp_path):
    pack(tmp_path / "a.zip", {"x.pdf": b"", "y.docx": b""})
    _, rejected = read(tmp_path, file="a.zip")
    assert "it holds: x.pdf, y.docx" in rejected[0].message
    _, rejected = read(tmp_path, file="a.zip", member="*.csv")
    assert "member: *.csv" in rejected[0].message


def test_an_encrypted_member_is_said(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.csv": CSV, "b.csv": CSV})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag in both places where it stands
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    records, rejected = read(tmp_path, file="a.zip")
    assert records == BOTH
    assert faults(rejected) == [("a.zip/a.csv", 0, "unreadable_file")]
    assert "encrypted" in rejected[0].message


def test_a_damaged_member_costs_itself(tmp_path):
    path = pack(tmp_path / "a.zip", {"a.csv": CSV * 50, "b.csv": CSV})
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    records, rejected = read(tmp_path, file="a.zip")
    assert records[-2:] == BOTH
    assert ("a.zip/a.csv", 0, "unreadable_file") in faults(rejected)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"id;name\n"])
def test_what_is_no_archive_is_set_aside(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    _, rejected = read(tmp_path, file="a.zip")
    assert faults(rejected) == [("a.zip", 0, "unreadable_file")]
    assert "not a whole zip archive" in rejected[0].message


def test_paths_inside_are_only_names(tmp_path):
    root = tmp_path / "acme"
    pack(root / "a.zip", {"../../evil.csv": CSV, "/etc/other.csv": CSV})
    assert len(good(root, file="a.zip")) == 4
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "acme"]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.xz", "a.csv.zst", "a.zip"])
def test_a_bomb_is_stopped_and_what_came_before_is_read(tmp_path, monkeypatch, name):
    monkeypatch.setattr(inflating, "FREE", 4 << 20)
    bomb = CSV + b"\0" * (64 << 20)
    if name == "a.zip":
        pack(tmp_path / name, {"a.csv": bomb})
    else:
        (tmp_path / name).write_bytes(PACKERS[name.removeprefix("a.csv")](bomb))
    records, rejected = read(tmp_path, file=name)
    assert records == BOTH
    assert "inflates to more than" in rejected[-1].message
    assert rejected[-1].reason == "unreadable_file"


def test_many_small_members_share_one_allowance(tmp_path, monkeypatch):
    monkeypatch.setattr(inflating, "FREE", 1 << 20)
    monkeypatch.setattr(inflating, "TIMES", 1)
    pack(tmp_path / "a.zip", {f"{number}.csv": b"id\n" + (b"7" * 999 + b"\n") * 200 for number in range(10)})
    found = chunks(tmp_path, file="a.zip", repeats="each")
    assert sum(len(chunk.lines) for chunk in found) < 1_200
    assert "inflates to more than" in found[-2].rejected[-1].message


def test_an_archive_of_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MEMBERS", 3)
    pack(tmp_path / "a.zip", {f"{number}.csv": CSV for number in range(4)})
    _, rejected = read(tmp_path, file="a.zip")
    assert "4 files (at most 3)" in rejected[0].message


def test_a_member_without_a_column_does_not_stop_the_others(tmp_path):
    pack(tmp_path / "a.zip", {"a.csv": b"nr;name\n1;x\n", "b.csv": CSV})
    taken = []
    with pytest.raises(GeleitError, match=r"a\.zip/a\.csv has no column 'id'"):
        taken.extend(records.file for records in files.read(source(file="a.zip"), tmp_path, frozenset({"id"})))
    assert taken == ["a.zip/b.csv", "a.zip"]


def test_folders_with_patterns(tmp_path):
    for name in ("in/2025/a.csv", "in/2025/12/b.csv", "in/c.csv", "in/d.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(CSV)
    (tmp_path / "in/folder.csv").mkdir()
    names = [chunk.file for chunk in chunks(tmp_path, file="in/**/*.csv")]
    assert names == ["in/2025/12/b.csv", "in/2025/a.csv", "in/c.csv"]
    assert [chunk.file for chunk in chunks(tmp_path, file="in/20??/*.csv")] == ["in/2025/a.csv"]
