"""Groups of a source that memory shall not hold at once are mapped in pieces, and give what they give together."""

import json
import random
import shutil
import tempfile

import pytest

from geleit.errors import GeleitError, Retryable
from geleit.sources import mapping, whole_groups
from geleit.sources.mapping import Mapper
from geleit.workspace import open_workspace

TILL = """\
file: till/*.{ending}
group: receipt
skip: article = 'training'
events:
  - kind: order_completed
    key: receipt
    time: min(day)
    identifiers: {{email: max(mail)}}
    properties:
      order_id: receipt
      total: sum(money(price))
      products: json_group_array(json_object('product_id', article, 'price', money(price)))
  - kind: product_registered
    when: count(*) > 3
    each: list(article)
    time: max(day)
    identifiers: {{email: max(mail)}}
    properties: {{product_id: "item->>'$'", order_id: receipt}}
"""


def rows(chance, number):
    """Lines of receipts that lie anywhere: some large, some without a number, one that cannot be computed."""
    for line in range(number):
        receipt = chance.choice(["4711"] * 10 + ["", *map(str, range(100, 130))])
        price = "dear" if line == number // 2 else f"{chance.randrange(1, 99)}.50"
        article = chance.choice(["A", "B", "training"])
        yield {
            "receipt": receipt,
            "day": "2026-03-01",
            "mail": f"p{receipt}@example.org",
            "article": article,
            "price": price,
        }


def written_as_csv(bench, number):
    chance = random.Random(5)
    for file in range(6):
        lines = [";".join(row.values()) for row in rows(chance, number)]
        lines.insert(number // 3, "7;too;few")
        bench.write(f"till/{file}.csv", "\n".join(["receipt;day;mail;article;price", *lines]))
    return "csv"


def written_as_json(bench, number):
    """Numbers are numbers in one file and text in another, and one of them lacks a column."""
    chance = random.Random(6)
    for file in range(6):
        some = list(rows(chance, number))
        for row in some:
            if file % 2 and row["receipt"]:
                row["receipt"] = int(row["receipt"])
            if file == 3:
                del row["mail"]
        bench.write(f"till/{file}.jsonl", "\n".join(map(json.dumps, some)))
    return "jsonl"


@pytest.fixture
def pieces(monkeypatch):
    """How many records were mapped together, each time."""
    sizes, together = [], Mapper._together

    def noted(mapper, chunks):
        sizes.append(sum(len(chunk.lines) for chunk in chunks))
        return together(mapper, chunks)

    monkeypatch.setattr(Mapper, "_together", noted)
    return sizes


@pytest.mark.parametrize("write", [written_as_csv, written_as_json])
def test_pieces_give_what_all_give_together(bench, pieces, monkeypatch, write):
    till = TILL.format(ending=write(bench, 60))
    together = bench.map(till).sorted()
    assert {reason for reason, *_ in together[1]} >= {"expression", "no_group"}
    every = pieces.pop()
    pieces.clear()
    monkeypatch.setattr(whole_groups, "PIECE", 3_000)
    monkeypatch.setattr(whole_groups, "PARTS", 4)
    monkeypatch.setattr(whole_groups, "DEEPEST", 2)
    assert bench.map(till).sorted() == together
    assert max(pieces) < every / 3
    assert sum(pieces) == 2 * every  # by both ways


def test_records_of_a_group_that_is_too_large_wait(bench, monkeypatch):
    till = TILL.format(ending=written_as_csv(bench, 60))
    together = bench.map(till)
    monkeypatch.setattr(mapping, "CHUNK_CHARACTERS", 4_000)
    monkeypatch.setattr(mapping, "RECORD_CHARACTERS", 200)
    large = bench.map(till)
    assert {one.properties["order_id"] for one in together.events} - {
        one.properties["order_id"] for one in large.events
    } == {"4711"}
    waiting = [one for one in large.rejected if one.reason == "too_large"]
    assert len(waiting) > 20
    assert len({one.message.partition("group: ")[2] for one in waiting}) == 1
    assert "records of '4711' have" in waiting[0].message
    assert (large.read, large.skipped) == (together.read, together.skipped)


def test_a_group_larger_than_memory_is_told(bench, monkeypatch):
    till = TILL.format(ending=written_as_csv(bench, 60))
    monkeypatch.setattr(whole_groups, "PIECE", 1_000)
    monkeypatch.setattr(whole_groups, "DEEPEST", 1)
    monkeypatch.setattr(whole_groups, "PARTS", 64)
    monkeypatch.setattr(whole_groups, "LARGEST", 4_000)
    with pytest.raises(GeleitError, match="6 files: records of one group have more than 4,000 bytes"):
        bench.map(till)


def test_a_full_disk_is_told(bench, monkeypatch):
    till = TILL.format(ending=written_as_csv(bench, 20))
    monkeypatch.setattr(whole_groups, "PIECE", 500)
    monkeypatch.setattr(whole_groups, "TemporaryFile", lambda: open("/dev/full", "w+b", buffering=0))  # noqa: PTH123, SIM115
    with pytest.raises(Retryable, match="No space left on device"):
        bench.map(till)


def test_a_temporary_folder_that_is_missing_is_told(bench, monkeypatch, tmp_path):
    till = TILL.format(ending=written_as_csv(bench, 20))
    monkeypatch.setattr(whole_groups, "PIECE", 500)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(Retryable, match="No such file or directory"):
        bench.map(till)


def test_a_company_whose_receipts_come_in_pieces_is_the_same(example, dump, pieces, monkeypatch):
    def known():
        with open_workspace(example("washing-machine")) as workspace:
            files = [one.files for one in workspace.import_sources()]
            found = dump(workspace), files
        shutil.rmtree(workspace.root)
        return found

    together = known()
    assert len(pieces) == 1
    monkeypatch.setattr(whole_groups, "PIECE", 200)
    assert known() == together
    assert len(pieces) > 2
