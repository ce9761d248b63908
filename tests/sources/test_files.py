"""Every format as real systems write it; a broken record never costs a good one."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geleit.errors import GeleitError
from geleit.sources import files, parquet_records, vectors_joined
from geleit.sources.definition import SourceDefinition

YAML = """\
    file: {file}
    csv: {csv}
    events:
      - kind: contact_made
        time: zeit
        identifiers: {{email: mail}}
        properties: {{words: text}}
"""


def contacts(file, csv="{}"):
    return YAML.format(file=file, csv=csv)


GOOD = "2026-03-01 10:00"


def words(result):
    return [event.properties.get("words") for event in result.events]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_delimiters_are_found(bench, delimiter):
    bench.write("a.csv", f"mail,zeit,text\na@x,{GOOD},ja und nein\n".replace(",", delimiter))
    assert words(bench.map(contacts("a.csv"))) == ["ja und nein"]


def test_bom_crlf_and_newlines_in_quotes(bench):
    text = f'mail;zeit;text\r\na@x;{GOOD};"erste\r\nzweite; ""Zeile"""\r\nb@x;{GOOD};"x"\r\n'
    bench.write("a.csv", b"\xef\xbb\xbf" + text.encode())
    result = bench.map(contacts("a.csv"))
    assert words(result) == ['erste\r\nzweite; "Zeile"', "x"]
    assert result.read == 2


def test_cp1252_declared(bench):
    bench.write("a.csv", f"mail;zeit;text\na@x;{GOOD};Grüße, „5 €“\n", "cp1252")
    assert words(bench.map(contacts("a.csv", "{encoding: cp1252}"))) == ["Grüße, „5 €“"]


def test_cp1252_undeclared_costs_only_its_lines_and_says_the_remedy(bench):
    good = f"a@x;{GOOD};ohne\n".encode()
    bench.write("a.csv", b"mail;zeit;text\n" + good + f"b@x;{GOOD};Grüße\n".encode("cp1252") + good.replace(b"a", b"c"))
    result = bench.map(contacts("a.csv"))
    assert len(result.events) == 2
    (rejected,) = result.rejected
    assert (rejected.reason, rejected.line) == ("undecodable", 3)
    assert "cp1252" in rejected.message
    assert "Gr\\xfc\\xdfe" in json.loads(rejected.record)["_unread"]


@pytest.mark.parametrize("rows", [1, 5_000])
def test_a_line_of_utf8_in_a_file_of_cp1252_waits_as_it_should_read(bench, rows):
    good = f"a@x;{GOOD};Grüße\n".encode("cp1252") * rows
    bench.write(
        "a.csv",
        b"mail;zeit;text\n" + good + f"b@x;{GOOD};Käthe, 5 €\n".encode() + f"c@x;{GOOD};Ã, ¼\n".encode("cp1252"),
    )
    definition = contacts("a.csv", "{encoding: cp1252}")
    result = bench.map(definition)
    assert set(words(result)) == {"Grüße", "Ã, ¼"}
    (rejected,) = result.rejected
    assert (rejected.reason, rejected.line) == ("undecodable", rows + 2)
    assert "is utf-8, not cp1252" in rejected.message
    assert json.loads(rejected.record) == {"mail": "b@x", "zeit": GOOD, "text": "Käthe, 5 €"}


def test_a_line_of_utf8_that_is_broken_besides_is_told_by_what_else_is_wrong(bench):
    bench.write("a.csv", b"mail;zeit;text\n" + f"b@x;{GOOD};Käthe;5\n".encode())
    (rejected,) = bench.map(contacts("a.csv", "{encoding: cp1252}")).rejected
    assert rejected.reason == "wrong_field_count"
    assert "Käthe" in json.loads(rejected.record)["_unread"]


def test_utf16(bench):
    bench.write("a.csv", f"mail;zeit;text\na@x;{GOOD};Grüße\n", "utf-16")
    assert words(bench.map(contacts("a.csv", "{encoding: utf-16}"))) == ["Grüße"]


def test_ragged_rows_are_set_aside_with_their_line(bench):
    bench.write("a.csv", f"mail;zeit;text\na@x;{GOOD};1\nb@x;{GOOD}\nc@x;{GOOD};1;2\n\nd@x;{GOOD};4\n")
    result = bench.map(contacts("a.csv"))
    assert words(result) == ["1", "4"]
    assert [(r.reason, r.line) for r in result.rejected] == [("wrong_field_count", 3), ("wrong_field_count", 4)]
    assert "4 fields, the header 3" in result.rejected[1].message
    assert result.read == 4


def test_an_unclosed_quote_costs_one_line(bench):
    lines = [f"a{i}@x;{GOOD};ok{i}" for i in range(50)]
    lines[20] = f'a20@x;{GOOD};"offen'
    bench.write("a.csv", "mail;zeit;text\n" + "\n".join(lines) + "\n")
    result = bench.map(contacts("a.csv"))
    assert len(result.events) == 49
    assert [(r.reason, r.line) for r in result.rejected] == [("bad_csv", 22)]


def test_quotes_inside_a_field_stay(bench):
    bench.write("a.csv", f'mail, zeit, text\na@x, {GOOD}, 27" Bildschirm\nb@x, {GOOD}, "mit, Komma"\n')
    assert words(bench.map(contacts("a.csv"))) == ['27" Bildschirm', "mit, Komma"]


@pytest.mark.parametrize("content", ["", "mail;zeit;text\n", "mail;zeit;text", "\n\n"])
def test_nothing_in_it(bench, content):
    bench.write("a.csv", content)
    result = bench.map(contacts("a.csv"))
    assert (result.read, result.events, result.rejected) == (0, [], [])


def test_header_names_empty_and_twice(bench):
    bench.write("a.csv", f"mail;;zeit;Mail\na@x;egal;{GOOD};b@x\n")
    result = bench.map("""\
        file: a.csv
        events:
          - {kind: contact_made, time: zeit, identifiers: {email: mail, email2: Mail_2}, properties: {x: column_2}}
        """)
    assert [i.value for i in result.events[0].identifiers] == ["a@x", "b@x"]
    assert result.events[0].properties == {"x": "egal"}
    assert json.loads(result.events[0].raw) == {"mail": "a@x", "column_2": "egal", "zeit": GOOD, "Mail_2": "b@x"}


def test_a_missing_column_names_what_there_is(bench):
    bench.write("a.csv", f"e-mail;zeit;texte\na@x;{GOOD};x\n")
    with pytest.raises(GeleitError) as caught:
        bench.map(contacts("a.csv"))
    assert "has no column 'mail'" in caught.value.message
    assert caught.value.hint == "did you mean e-mail? it has: e-mail, zeit, texte"


def test_several_files_sorted_and_gzip(bench):
    bench.write("exports/b.csv", f"mail;zeit;text\na@x;{GOOD};2\n")
    bench.write("exports/a.csv.gz", gzip.compress(f"mail;zeit;text\na@x;{GOOD};1\n".encode()))
    bench.write("more.csv", f"mail;zeit;text\na@x;{GOOD};3\n")
    assert words(bench.map(contacts("[exports/*.csv*, more.csv, exports/b.csv]"))) == ["1", "2", "3"]


def test_a_missing_file_names_similar_ones(bench):
    bench.write("exports/kasse-2026.csv", "")
    with pytest.raises(GeleitError) as caught:
        bench.map(contacts("exports/kase-2026.csv"))
    assert "kasse-2026.csv" in caught.value.hint
    with pytest.raises(GeleitError) as caught:
        bench.map(contacts("export/kasse-2026.csv"))
    assert "did you mean exports/?" in caught.value.hint


def test_json_lines_keep_numbers_and_nesting(bench):
    bench.write(
        "a.jsonl",
        b'\xef\xbb\xbf{"mail": "a@x", "zeit": 1772355600, "text": {"de": "ja"}, "n": 19.90, "big": 94857068804950690}\n'
        b"\n{broken\n[1]\n"
        b'{"mail": "b@x", "zeit": "2026-03-01T09:00:00Z"}\n',
    )
    result = bench.map("""\
        file: a.jsonl
        events:
          - kind: contact_made
            time: zeit
            identifiers: {email: mail}
            properties: {words: "text->>'de'", text: text::json, n: money(n), big: big, never: nie}
        """)
    assert result.events[0].properties == {"words": "ja", "text": {"de": "ja"}, "n": 19.9, "big": "94857068804950690"}
    assert [(r.reason, r.line) for r in result.rejected] == [("bad_json", 3), ("not_an_object", 4)]
    assert result.unseen == {"nie"}
    assert result.events[0].t == result.events[1].t


def test_json_document_with_path_and_key_order(bench):
    document = {
        "pages": [{"tickets": [{"mail": "a@x", "zeit": GOOD, "text": "1"}]}, {"tickets": []}, {"tickets": None}]
    }
    bench.write("a.json", json.dumps(document, indent=2))
    yaml = contacts("a.json") + "    records: pages.tickets\n"
    first = bench.map(yaml)
    assert words(first) == ["1"]
    document["pages"][0]["tickets"][0] = {"text": "1", "zeit": GOOD, "mail": "a@x"}
    bench.write("a.json", json.dumps(document))
    assert bench.map(yaml).events[0].id == first.events[0].id


def test_json_path_that_leads_nowhere(bench):
    bench.write("a.json", '{"tickets": []}')
    with pytest.raises(GeleitError) as caught:
        bench.map(contacts("a.json") + "    records: ticket\n")
    assert "no 'ticket'" in caught.value.message
    assert "tickets" in caught.value.hint


@pytest.mark.parametrize("worth", [0, 10**9], ids=["machine code", "DuckDB"])
@pytest.mark.parametrize("repeated", [False, True])
def test_long_rows_of_parquet_are_read_a_few_at_a_time(bench, monkeypatch, worth, repeated):
    """Whether the file holds each text or, once, the one of them all."""
    monkeypatch.setattr(vectors_joined, "WORTH", worth)
    texts = [None if n % 7 == 3 else f"{0 if repeated else n}ä" * 500 for n in range(50)]
    table = pa.table({"mail": [f"p{n}@x.org" for n in range(50)], "zeit": [GOOD] * 50, "text": texts})
    pq.write_table(table, bench.root / "a.parquet")
    definition = bench.define(contacts("a.parquet"))

    def read():
        return list(files.read(definition, bench.root, frozenset({"mail", "zeit", "text"})))

    (whole,) = read()
    monkeypatch.setattr(parquet_records, "HEAVY", 10_000)
    some = read()
    assert len(some) > 5
    assert max(one.columns.nbytes for one in some) < 20_000
    for name in ("lines", "raw", "ids"):
        assert [each for one in some for each in getattr(one, name)] == list(getattr(whole, name))
    assert pa.concat_tables([one.columns for one in some]).equals(whole.columns)


@pytest.mark.parametrize("name", ["b.json", "b.parquet", "b.csv.gz"])
def test_a_damaged_file_is_set_aside_and_the_others_are_read(bench, name):
    bench.write(f"in/{name}", b"[{not json")
    bench.write("in/c.jsonl", f'{{"mail": "a@x", "zeit": "{GOOD}", "text": "gut"}}\n')
    result = bench.map(contacts("in/*"))
    assert words(result) == ["gut"]
    assert result.reasons == ["unreadable_file"]
    assert name in result.rejected[0].message


def test_parquet_keeps_types(bench):
    table = pa.table(
        {
            "mail": ["a@x", "b@x"],
            "zeit": pa.array([1772355600_000_000, None], pa.timestamp("us")),
            "betrag": pa.array([19.9, 5.0]),
            "positionen": [[{"sku": "A", "n": 2}], []],
        }
    )
    pq.write_table(table, bench.root / "a.parquet")
    result = bench.map("""\
        file: a.parquet
        zone: UTC
        events:
          - kind: contact_made
            time: zeit
            identifiers: {email: mail}
            properties: {double: betrag * 2, lines: positionen, when_at: zeit}
        """)
    (event,) = result.events
    assert event.t == 1772355600_000_000
    assert event.properties == {"double": 39.8, "lines": [{"sku": "A", "n": 2}], "when_at": "2026-03-01T09:00:00Z"}
    assert result.reasons == ["no_time"]
    assert json.loads(event.raw)["positionen"] == [{"sku": "A", "n": 2}]


def test_equal_records_are_one_thing_told_twice_unless_each_is_its_own(tmp_path):
    (tmp_path / "clicks.csv").write_text("who,what\na,click\na,click\nb,click\n")
    event = {"kind": "click", "time": "'2026-01-01'", "identifiers": {"email": "who"}}
    read = {}
    for repeats in ("one", "each"):
        definition = SourceDefinition.model_validate({"file": "clicks.csv", "repeats": repeats, "events": [event]})
        first, again = (
            [i for records in files.read(definition.named("clicks"), tmp_path, frozenset({"who"})) for i in records.ids]
            for _ in range(2)
        )
        assert first == again
        read[repeats] = len(set(first))
    assert read == {"one": 2, "each": 3}
