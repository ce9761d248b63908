"""Event logs as process-mining tools write them."""

import gzip
import json

import pytest
from reading import chunks, faults, good, read

from geleit.sources import xes_records

LOG = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="__INVALID__"/></global>
  <classifier name="Activity" keys="concept:name"/>
  <string key="concept:name" value="the log's own name"/>
  <trace>
    <string key="concept:name" value="Fall 1"/>
    <int key="amount" value="749"/>
    <event>
      <string key="concept:name" value="Bestellung &amp; Zahlung"/>
      <date key="time:timestamp" value="2025-12-01T08:00:00.000+01:00"/>
      <boolean key="paid" value="true"/>
    </event>
    <event>
      <string key="concept:name" value="Lieferung"/>
      <date key="time:timestamp" value="2025-12-03T17:30:00.000+01:00"/>
      <list key="items"><values><string key="sku" value="WM-7"/><int key="n" value="2"/></values></list>
      <string key="org:resource" value="Tour 4"><string key="role" value="driver"/></string>
    </event>
  </trace>
  <trace><string key="concept:name" value="Fall 2"/></trace>
  <event><string key="concept:name" value="without a case"/></event>
</log>
"""
NO_CASE = {"concept:name": "without a case"}


def test_events_have_their_own_and_their_cases_attributes(tmp_path):
    (tmp_path / "a.xes").write_text(LOG)
    first, second, third = good(tmp_path, file="a.xes")
    assert first == {
        "concept:name": "Bestellung & Zahlung",
        "time:timestamp": "2025-12-01T08:00:00.000+01:00",
        "paid": "true",
        "case:concept:name": "Fall 1",
        "case:amount": "749",
    }
    assert second["items"] == [{"sku": "WM-7"}, {"n": "2"}]
    assert second["org:resource"] == {"value": "Tour 4", "children": [{"role": "driver"}]}
    assert third == NO_CASE


def test_lines_and_columns(tmp_path):
    (tmp_path / "a.xes").write_text(LOG)
    (chunk,) = chunks(tmp_path, ["items", "case:concept:name"], file="a.xes")
    assert chunk.lines == [11, 16, 24]
    assert chunk.columns["case:concept:name"].to_pylist() == ["Fall 1", "Fall 1", None]
    assert json.loads(chunk.columns["items"][1].as_py()) == [{"sku": "WM-7"}, {"n": "2"}]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16"])
def test_packed_and_in_other_encodings(tmp_path, encoding):
    text = LOG.replace("UTF-8", encoding).replace("Lieferung", "Rückgabe")
    (tmp_path / "a.xes.gz").write_bytes(gzip.compress(text.encode(encoding)))
    assert good(tmp_path, file="a.xes.gz")[1]["concept:name"] == "Rückgabe"


def test_it_maps(bench):
    bench.write("a.xes", LOG)
    result = bench.map("""\
        file: a.xes
        events:
          - kind_from: '"concept:name"'
            key: '"case:concept:name" || ''/'' || "concept:name"'
            time: '"time:timestamp"'
            identifiers: {log.case_no: '"case:concept:name"'}
        """)
    assert [event.kind for event in result.events] == ["bestellung_zahlung", "lieferung"]
    assert [event.t for event in result.events] == [1764572400_000_000, 1764779400_000_000]
    assert result.reasons == ["no_time"]


BOMB = '<!DOCTYPE log [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><log><trace><string key="x" value="&b;"/></trace></log>'


@pytest.mark.parametrize(
    ("text", "kept", "said"),
    [
        (BOMB, 0, "declares entities"),
        ('<!DOCTYPE log SYSTEM "file:///etc/passwd"><log><event/><unclosed></log>', 1, "mismatched tag"),
        (LOG[: LOG.rindex("<trace>")], 2, "no element found"),
        ("<html><body>log in first</body></html>", 0, "it begins with <html>"),
        ("concept:name;time\n", 0, "not well-formed"),
        ("", 0, "no element found"),
    ],
)
def test_damage_costs_the_rest(tmp_path, text, kept, said):
    (tmp_path / "a.xes").write_text(text)
    records, rejected = read(tmp_path, file="a.xes")
    assert len(records) == kept
    assert faults(rejected) == [("a.xes", 0, "unreadable_file")]
    assert said in rejected[0].message


def test_a_value_without_end_stops_the_log(tmp_path, monkeypatch):
    monkeypatch.setattr(xes_records, "SILENT", 1 << 20)
    (tmp_path / "a.xes").write_text(LOG.replace("Lieferung", "x" * (4 << 20)))
    records, rejected = read(tmp_path, file="a.xes")
    assert len(records) == 1
    assert "without a tag" in rejected[0].message


def test_many_events(tmp_path):
    event = '<event><string key="concept:name" value="klick"/></event>'
    (tmp_path / "a.xes").write_text(f"<log><trace><string key='concept:name' value='1'/>{event * 12_000}</trace></log>")
    found = chunks(tmp_path, ["concept:name"], file="a.xes")
    assert sum(len(chunk.lines) for chunk in found) == 12_000
    assert len({identity for chunk in found for identity in chunk.ids}) == 1
    told = chunks(tmp_path, ["concept:name"], file="a.xes", repeats="each")
    assert len({identity for chunk in told for identity in chunk.ids}) == 12_000
