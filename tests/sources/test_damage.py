"""Files that cannot be read, or change while they are: each is told, none stops the others, nothing is lost."""

import gzip
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import faults, read, source

from geleit.errors import GeleitError
from geleit.sources import files

CSV = b"id;name\n1;Ada\n2;Bob\n"


@pytest.fixture
def folder(tmp_path):
    """A folder with one good file, read behind the bad one."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "z.csv").write_bytes(CSV)
    return tmp_path / "in"


def told(folder, pattern="in/*"):
    records, rejected = read(folder.parent, file=pattern)
    assert [record["id"] for record in records][-2:] == ["1", "2"]
    (one,) = rejected
    assert one.reason == "unreadable_file"
    assert str(folder.parent) not in one.message
    return one.message


def test_a_link_that_leads_nowhere(folder):
    (folder / "a.csv").symlink_to(folder / "gone.csv")
    assert "a link that leads nowhere" in told(folder)


def test_a_link_that_leads_to_itself(folder):
    (folder / "a.csv").symlink_to(folder / "a.csv")
    assert "symbolic link" in told(folder)


def test_a_folder_in_the_place_of_a_file(folder):
    (folder / "a.csv").mkdir()
    assert "it is a folder" in told(folder, ["in/a.csv", "in/z.csv"])


def make_socket(name):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(name)


@pytest.mark.parametrize("make", [os.mkfifo, make_socket])
def test_pipes_and_sockets_are_not_waited_for(folder, make, monkeypatch):
    monkeypatch.chdir(folder)
    make("a.csv")
    assert "pipe, socket or device" in told(folder)


def test_a_device_that_fails_to_read(folder):
    (folder / "a.csv").symlink_to("/proc/self/mem")
    assert "Input/output error" in told(folder)


def refused(root):
    """Tells what is said of each file that may not be opened; for a process of its own, for it becomes another user."""
    folders = sorted(root.glob("*/in"))
    for folder in folders:  # what is imported late: another user may not open Python's own files either
        read(folder.parent, file="in/*")
        (folder / folder.parent.name).chmod(0)
    if not os.geteuid():  # root may open everything: read as somebody else
        os.setuid(65534)
    for folder in folders:
        sys.stdout.write(f"{folder.parent.name} {told(folder)}\n")


@pytest.fixture
def open_folder():
    """A folder that other users may enter, too: those of pytest are closed to them."""
    with tempfile.TemporaryDirectory(prefix="geleit-open-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_a_file_that_may_not_be_opened(open_folder):
    names = ["a.csv", "a.csv.gz", "a.json", "a.jsonl", "a.parquet", "a.xes", "a.xlsx", "a.zip"]
    for name in names:
        folder = open_folder / name / "in"
        folder.mkdir(parents=True)
        for file in (name, "z.csv"):
            (folder / file).write_bytes(CSV)
    program = "import sys; from pathlib import Path; from test_damage import refused; refused(Path(sys.argv[1]))"
    path = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program, open_folder], env=path, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert [name for name, message in said.items() if "Permission denied" in message] == names


def test_half_a_parquet_file(folder):
    path = folder / "a.parquet"
    pq.write_table(pa.table({"id": list(range(100_000))}), path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "not a whole Parquet file" in told(folder)


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz"])
def test_a_line_that_damage_cuts_is_no_record(folder, name):
    """Half a value looks like a whole one: 2026-01-0 for 2026-01-09, 1 for 12."""
    random = Random(7)  # so that it cannot be packed well, and the cut falls anywhere
    rows = [(str(number), f"{random.getrandbits(256):x}") for number in range(4_000)]
    lines = [f"{one};{two}" for one, two in rows]
    if name == "a.jsonl.gz":
        lines = [f'{{"id": "{one}", "name": "{two}"}}' for one, two in rows]
    packed = gzip.compress("\n".join(["id;name", *lines] if name == "a.csv.gz" else lines).encode())
    for size in range(len(packed) // 2, len(packed) // 2 + 400, 10):
        (folder / name).write_bytes(packed[:size])
        records, rejected = read(folder.parent, file=f"in/{name}")
        assert [(one["id"], one["name"]) for one in records] == rows[: len(records)]
        assert faults(rejected) == [(f"in/{name}", 0, "unreadable_file")]


def test_a_damaged_page_of_parquet(folder):
    path = folder / "a.parquet"
    pq.write_table(pa.table({"id": [str(number) for number in range(100_000)]}), path, compression="snappy")
    data = bytearray(path.read_bytes())
    data[10_000:10_400] = b"\xff" * 400
    path.write_bytes(data)
    assert "snappy" in told(folder)


def change(path, content, *, keep_times=False):
    before = path.stat()
    path.write_bytes(content)
    if keep_times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "happens",
    [
        pytest.param(lambda path: change(path, CSV * 2, keep_times=True), id="longer"),
        pytest.param(lambda path: change(path, CSV[:12], keep_times=True), id="shorter"),
        pytest.param(lambda path: os.utime(path, ns=(0, 0)), id="rewritten"),
        pytest.param(lambda path: path.unlink(), id="gone"),
        pytest.param(lambda path: (path.rename(f"{path}.old"), path.write_bytes(CSV)), id="replaced"),
    ],
)
def test_a_file_that_changes_while_it_is_read(folder, happens):
    path = folder / "a.csv"
    path.write_bytes(CSV)
    taken, rejected = [], []
    for records in files.read(source(file=["in/a.csv", "in/z.csv"]), folder.parent, frozenset({"id"})):
        if records.lines and path.exists() and not taken:
            happens(path)
        taken += [(records.file, line) for line in records.lines]
        rejected += records.rejected
    assert taken[:2] + taken[-2:] == [("in/a.csv", 2), ("in/a.csv", 3), ("in/z.csv", 2), ("in/z.csv", 3)]
    assert faults(rejected) == [("in/a.csv", 0, "unreadable_file")]
    assert "changed while it was read" in rejected[0].message


def test_a_file_that_stays_as_it_is_is_not_suspected(folder):
    assert read(folder.parent, file="in/z.csv")[1] == []


def collect(root, pattern, columns):
    taken = []
    with pytest.raises(GeleitError) as caught:
        taken.extend(records.file for records in files.read(source(file=pattern), root, frozenset(columns)))
    return taken, caught.value


def test_a_file_without_a_column_is_told_after_the_others_were_read(folder):
    (folder / "a.csv").write_bytes(b"nr;name\n1;Ada\n")
    (folder / "b.csv").write_bytes(b"nummer;name\n1;Ada\n")
    taken, error = collect(folder.parent, "in/*", ["id"])
    assert taken == ["in/z.csv"]
    assert "in/a.csv has no column 'id'" in error.message
    assert "\nand sources/a: in/b.csv has no column 'id'" in error.message


def test_of_very_many_files_without_a_column_the_first_are_named(folder):
    for day in range(1, 7):
        (folder / f"a{day}.csv").write_bytes(b"nr;name\n1;Ada\n")
    _, error = collect(folder.parent, "in/*", ["id"])
    assert [f"in/a{day}.csv" in error.message for day in range(1, 7)] == [True] * 4 + [False] * 2
    assert error.message.endswith("\nand 2 more like this")


def test_a_file_of_no_known_format_is_told_after_the_others_were_read(folder):
    (folder / "a.pdf").write_bytes(b"%PDF")
    taken, error = collect(folder.parent, "in/*", ["id"])
    assert (taken, "'in/a.pdf' does not tell its format" in error.message) == (["in/z.csv"], True)


def test_a_missing_file_is_told_after_the_others_were_read(folder):
    taken, error = collect(folder.parent, ["in/y.csv", "in/z.csv"], ["id"])
    assert (taken, error.hint) == (["in/z.csv"], "in in/ there is: z.csv")


def test_a_missing_folder_inside_a_pattern(folder):
    taken, error = collect(folder.parent, "in/**/deep/*.csv", ["id"])
    assert (taken, "no file matches" in error.message) == ([], True)
