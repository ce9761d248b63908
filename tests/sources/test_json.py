"""JSON as systems hand it over: documents of any size and shape, lines, every Unicode encoding; damage costs itself."""

import io
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import chunks, faults, good, read, read_apart, source

from geleit.errors import GeleitError
from geleit.sources import json_documents, json_records
from geleit.sources.json_documents import Document

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def put(root, name, content, encoding="utf-8"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))


class Trickle(io.BytesIO):
    """Gives few bytes at a time, as the end of a window would."""

    def read1(self, _size=-1):
        return super().read(3)


@settings(max_examples=200)
@given(st.lists(VALUES, max_size=4), st.sampled_from([None, 1]), st.booleans())
def test_values_are_found_wherever_the_window_ends(values, indent, ascii_only):
    text = " ".join(json.dumps(value, indent=indent, ensure_ascii=ascii_only) for value in values)
    document = Document(Trickle(text.encode()))
    found = []
    while document.peek():
        found.append(json.loads(document.value()))
    assert found == values


@settings(max_examples=100)
@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), max_size=6))
def test_records_are_found_on_their_path(records):
    document = Document(Trickle(json.dumps({"n": [1, {"x": "]"}], "data": {"rows": [records, None]}}).encode()))
    levels = [{}, {}]
    found = list(json_documents._all_records(document, ["data", "rows"], levels))
    assert [json.loads(text) for text in found] == records
    assert levels == [{"n": None, "data": None}, {"rows": None}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_every_unicode_encoding(tmp_path, name, encoding):
    rows = [{"name": "Käthe Groß", "n": 1}, {"name": "日本", "n": 2}]
    text = json.dumps(rows, ensure_ascii=False)
    if name == "a.jsonl":
        text = "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    put(tmp_path, name, text, encoding)
    assert good(tmp_path, file=name) == rows


@pytest.mark.parametrize("between", ["", "\n", "\n\n  ", "\r\n"])
def test_documents_one_after_the_other(tmp_path, between):
    put(tmp_path, "a.json", between.join(['{"id": 1}', '[{"id": 2}, {"id": 3}]', '{"id": 4}']) + between)
    assert [record["id"] for record in good(tmp_path, file="a.json")] == [1, 2, 3, 4]


def test_objects_under_their_ids(tmp_path):
    people = {"k-1": {"name": "Ada"}, "k 2": {}, "k-3": {"_key": "own"}}
    put(tmp_path, "a.json", json.dumps({"count": 3, "people": people}))
    found = chunks(tmp_path, ["_key", "name"], file="a.json", records="people.*")
    assert found[0].columns.to_pydict() == {"_key": ["k-1", "k 2", "own"], "name": ["Ada", None, None]}
    put(tmp_path, "b.json", json.dumps(people))
    assert [record["_key"] for record in good(tmp_path, file="b.json", records="*")] == ["k-1", "k 2", "own"]


def test_a_path_through_all_members(tmp_path):
    put(tmp_path, "a.json", json.dumps({"berlin": {"visits": [{"id": 1}]}, "ulm": {"visits": [{"id": 2}]}}))
    assert good(tmp_path, file="a.json", records="*.visits") == [{"id": 1}, {"id": 2}]


def test_what_is_no_object_on_the_way_is_set_aside(tmp_path):
    put(tmp_path, "a.json", '[{"rows": [{"id": 1}, 7]}, "x", {"rows": null}]')
    records, rejected = read(tmp_path, file="a.json", records="rows")
    assert records == [{"id": 1}]
    assert [r.reason for r in rejected] == ["not_an_object", "not_an_object"]


@pytest.mark.parametrize(
    ("text", "kept", "said"),
    [
        ('[{"id": 1}, {"id": 2', 1, "truncated"),
        ('[{"id": 1}, {"id": 2}', 2, "cut off"),
        ('[{"id": 1} {"id": 2}]', 1, "',' is missing, at byte 11"),
        ('[{"id": 1},, {"id": 2}]', 1, "at byte 11"),
        ('{"id": 1}\n<html>', 1, "invalid character, at byte 10"),
        ("[" * 100_000, 0, "too deep"),
        ('{"a" 1}', 0, "malformed"),
    ],
)
def test_what_stands_before_damage_is_read(tmp_path, text, kept, said):
    put(tmp_path, "a.json", text)
    records, rejected = read(tmp_path, file="a.json")
    assert len(records) == kept
    assert faults(rejected) == [("a.json", 0, "unreadable_file")]
    assert said in rejected[0].message


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_record_in_another_encoding_costs_itself(tmp_path, name):
    put(tmp_path, name, b'{"id": 1}\n{"id": "Gr\xfc\xdfe"}\n{"id": 3}\n')
    records, rejected = read(tmp_path, file=name)
    assert [record["id"] for record in records] == [1, 3]
    assert faults(rejected) == [(name, 2, "undecodable")]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_record_that_is_too_large_costs_itself(tmp_path, name):
    put(tmp_path, name, '{"id": 1}\n{"id": "' + "x" * 3_000_000 + '"}\n{"id": 3}\n')
    records, rejected = read(tmp_path, file=name)
    assert [record["id"] for record in records] == [1, 3]
    assert faults(rejected) == [(name, 2, "too_large")]
    assert "3,000,0" in rejected[0].message


def test_a_value_without_end_stops_its_document(tmp_path, monkeypatch):
    monkeypatch.setattr(json_documents, "VALUE", 1 << 20)
    put(tmp_path, "a.json", '[{"id": 1}, {"id": "' + "x" * (20 << 20) + '"}]')
    records, rejected = read(tmp_path, file="a.json")
    assert records == [{"id": 1}]
    assert "JSON Lines" in rejected[0].message


def test_what_is_beside_the_records_may_be_large(tmp_path, monkeypatch):
    monkeypatch.setattr(json_documents, "VALUE", 1 << 20)
    products = [{"id": number, "parts": {"n": [1, 2]}, "words": "x" * 900} for number in range(3_000)]
    names = {str(number): [] for number in range(100_000)}
    put(tmp_path, "a.json", json.dumps({"products": products, "names": names, "orders": [{"id": 7}]}))
    assert good(tmp_path, file="a.json", records="orders") == [{"id": 7}]


def test_a_path_that_leads_nowhere_names_what_there_is(tmp_path):
    put(tmp_path, "a.json", '{"tickets": {"open": []}}')
    with pytest.raises(GeleitError) as caught:
        read(tmp_path, file="a.json", records="tickets.closed")
    assert (caught.value.hint, "no 'closed'" in caught.value.message) == ("there is: open", True)


@pytest.mark.parametrize("text", ["", " \n ", "[]", "null", "[[], null]"])
def test_nothing_in_it(tmp_path, text):
    put(tmp_path, "a.json", text)
    assert good(tmp_path, file="a.json") == []


def test_a_large_document_needs_little_memory(tmp_path):
    with (tmp_path / "large.json").open("w") as handle:
        handle.write('{"rows": [')
        for number in range(20_000):
            handle.write(f'{"," if number else ""}{{"id": {number}, "words": "{"so leise " * 1_100}"}}')
        handle.write("]}")
        assert handle.tell() > 180 << 20
    values, rejected, grown = read_apart(tmp_path, "id", file="large.json", records="rows")
    assert (len(values), rejected) == (20_000, [])
    assert grown < 120  # MB


def test_an_endless_line_of_json_lines(tmp_path):
    with (tmp_path / "a.jsonl").open("wb") as handle:
        handle.writelines([b'{"id": 1}\n{"id": "', *[b"x" * (1 << 20)] * 400, b'"}\n{"id": 3}\n'])
    values, rejected, grown = read_apart(tmp_path, "id", file="a.jsonl")
    assert (values, rejected) == (["1", "3"], [(2, "too_large")])
    assert grown < 120  # MB


@settings(deadline=None)
@given(st.lists(VALUES, max_size=9))
def test_columns_of_many_records_are_those_of_single_ones(values):
    texts = [
        b"" if number % 5 == 4 else json.dumps(value, ensure_ascii=number % 2 == 0).encode()
        for number, value in enumerate(values)
    ]
    each = [json_records.column_text(msgspec.Raw(text) if text else None) for text in texts]
    assert json_records.column_texts(texts).to_pylist() == each


@pytest.mark.parametrize(("text", "reason"), [(b"[1", "bad_json"), (b"[1]", "not_an_object"), (b"\xff", "bad_json")])
def test_what_is_no_json_is_no_json_before_it_is_no_object(text, reason):
    chunk = json_records.Chunk(source(file="a.jsonl"), "a.jsonl", frozenset())
    chunk.add(1, text, "line")
    assert [one.reason for one in chunk.records().rejected] == [reason]
