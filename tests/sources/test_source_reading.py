"""A file that is as it was is left out; one that changed, or is read in another way, is read again as a whole."""

import os
import shutil
import time
import zipfile

import pytest

from geleit.errors import GeleitError
from geleit.sources import reading
from geleit.sources.definition import SourceDefinition

EVENTS = [{"kind": "contact_made", "time": "at", "identifiers": {"email": "mail"}}]
OLD = time.time_ns() - 3_600_000_000_000


class Folder:
    """Files of one source, read again and again with the positions that earlier readings gave."""

    def __init__(self, root):
        self.root, self.positions = root, {}

    def write(self, name, *mails, at=OLD):
        path = self.root / name
        path.write_text("mail;at\n" + "".join(f"{mail}@example.com;2026-01-01\n" for mail in mails))
        os.utime(path, ns=(at, at))
        return path

    def read(self, file="*.csv", *, again=False, **more):
        definition = SourceDefinition.model_validate({"file": file, "events": EVENTS} | more).named("till")
        found, unchanged = [], 0
        for chunk in reading.read(definition, self.root, frozenset(("mail",)), self.positions, again=again):
            found += [mail.partition("@")[0] for mail in chunk.columns["mail"].to_pylist()] if chunk.raw else []
            unchanged += chunk.unchanged
            self.positions |= dict([chunk.position]) if chunk.position else {}
        return found, unchanged


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_unchanged_files_are_left_out_and_told(folder):
    folder.write("a.csv", "a", "b")
    folder.write("b.csv", "c")
    assert folder.read() == (["a", "b", "c"], 0)
    assert folder.read() == ([], 2)
    assert folder.read(again=True) == (["a", "b", "c"], 0)


def test_new_and_changed_files_are_read(folder):
    folder.write("a.csv", "a")
    folder.write("b.csv", "b")
    folder.read()
    folder.write("b.csv", "x", at=OLD + 1_000_000_000)  # of the same size
    folder.write("c.csv", "c")
    assert folder.read() == (["x", "c"], 1)
    assert folder.read() == ([], 3)


def test_a_file_that_was_only_touched_or_copied_back_is_unchanged(folder):
    path = folder.write("a.csv", "a")
    folder.read()
    os.utime(path, ns=(OLD + 1, OLD + 1))
    before = dict(folder.positions)
    assert folder.read() == ([], 1)
    assert folder.positions != before  # so that it is not hashed next time
    shutil.copy(path, folder.root / "copy")
    path.unlink()
    shutil.move(folder.root / "copy", path)
    assert folder.read() == ([], 1)


def test_a_file_rewritten_within_the_same_moment_is_seen(folder, monkeypatch):
    monkeypatch.setattr(reading, "SETTLED_NS", 3_000_000_000_000)  # the moment lasts longer than anything takes here
    now = time.time_ns()
    folder.write("a.csv", "a", at=now)
    assert folder.read() == (["a"], 0)
    folder.write("a.csv", "b", at=now)  # as if the clock of the disk had not moved
    assert folder.read() == (["b"], 0)


def test_another_definition_reads_again_and_another_label_does_not(folder):
    folder.write("a.csv", "a")
    folder.read()
    assert folder.read(label="Till") == ([], 1)
    assert folder.read(skip="mail = 'z'") == (["a"], 0)


def test_a_file_that_grew_while_it_was_read_is_read_again(folder):
    path = folder.write("a.csv", *("a" for _ in range(12_000)))
    definition = SourceDefinition.model_validate({"file": "a.csv", "events": EVENTS}).named("till")
    chunks = []
    for chunk in reading.read(definition, folder.root, frozenset(("mail",)), {}):
        if not chunks:
            with path.open("a") as handle:
                handle.write("late@example.com;2026-01-01\n")
        chunks.append(chunk)
    assert not any(chunk.position for chunk in chunks)


def test_a_file_replaced_while_its_hash_is_computed_gives_no_position(folder, monkeypatch):
    path, hashed = folder.write("a.csv", "a"), reading._sha256

    def slowly(located):
        found = hashed(located)
        path.write_text("mail;at\nb@example.com;2026-01-01\n")
        return found

    monkeypatch.setattr(reading, "_sha256", slowly)
    assert folder.read() == (["a"], 0)
    assert folder.positions == {}


def test_damage_gives_no_position(folder):
    (folder.root / "a.csv.gz").write_bytes(b"\x1f\x8b no gzip")
    assert folder.read("a.csv.gz") == ([], 0)
    assert folder.positions == {}


def test_a_wrong_column_does_not_keep_the_other_files_from_their_positions(folder):
    folder.write("b.csv", "b")
    (folder.root / "a.csv").write_text("nail\nx\n")
    with pytest.raises(GeleitError, match="no column 'mail'"):
        folder.read()
    assert list(folder.positions) == ["b.csv"]


def test_an_archive_is_one_file(folder):
    inner = folder.write("inner.csv", "a")
    with zipfile.ZipFile(folder.root / "all.zip", "w") as archive:
        archive.write(inner, "one.csv")
        archive.write(inner, "two.csv")
    assert folder.read("all.zip") == (["a", "a"], 0)
    assert folder.read("all.zip") == ([], 1)


def test_a_grouped_source_is_read_as_a_whole_or_not_at_all(folder):
    folder.write("a.csv", "a")
    folder.write("b.csv", "b")
    assert folder.read(group="mail") == (["a", "b"], 0)
    assert folder.read(group="mail") == ([], 2)
    folder.write("b.csv", "a", at=OLD + 1_000_000_000)  # the rest of a's group
    assert folder.read(group="mail") == (["a", "a"], 0)


def test_a_token_of_a_stranger_is_no_reason_to_leave_a_file_out(folder):
    folder.write("a.csv", "a")
    folder.positions = {"a.csv": "no json"}
    assert folder.read() == (["a"], 0)
