"""Records that are mapped a few at a time give what the exact way gives, and one bad record costs no other."""

import json
from contextlib import closing
from dataclasses import replace

import pytest
from ready_expectations import NOW, mapped, placed, sample

from geleit.events.kinds import Catalogue
from geleit.sources import ready_made
from geleit.sources.collected import Posted, Reader
from geleit.sources.definition import load_source
from geleit.sources.mapping import Setting

JSON = [
    path.stem
    for path in sorted(ready_made.SHELF.glob("*.yaml"))
    if sample(path.stem).suffix in (".json", ".jsonl") and not ready_made.definition_of(path.stem).group
]
SETTING = Setting(Catalogue(), "Europe/Berlin", NOW)
DEFINITION = """
label: {en: Survey, de: Umfrage}
system: survey
hook: true
skip: kind = 'test'
let:
  score: CAST(points AS INTEGER)
  half: score / 2
  who: lower(mail)
  one: item->>'text'
events:
  - kind: feedback_given
    when: kind = 'rating' AND half > 0
    key: id
    time: at
    identifiers: {email: who}
    properties: {text: kind, half: half}
  - kind: question_asked
    each: questions
    when: kind = 'questions' AND one IS NOT NULL
    key: id || ':' || one
    time: at
    identifiers: {email: who}
    properties: {text: one}
"""


def told(one):
    """A rejection without its file and line."""
    return one.record_id, one.position, one.reason


def posted(reader, records, together):
    taken = []
    for start in range(0, len(records), together):
        some = [json.dumps(record).encode() for record in records[start : start + together]]
        taken += reader.posted([Posted(raw) for raw in some])
    return taken


def records_in(path, definition):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    tree = json.loads(text)
    for step in definition.records.split(".") if definition.records else ():
        tree = tree[step]
    return tree if isinstance(tree, list) else [tree]


@pytest.mark.parametrize("name", JSON)
def test_samples_give_the_same(name, tmp_path):
    definition = ready_made.definition_of(name)
    records = records_in(placed(name, tmp_path), definition)
    expected = mapped(definition, tmp_path)
    with closing(Reader(definition, SETTING, tmp_path)) as reader:
        for together in (1, len(records)):
            taken = posted(reader, records, together)
            events = {event.id: replace(event, raw="") for found, _ in taken for event in found}
            assert events == {event.id: replace(event, raw="") for event in expected.events}
            rejected = {told(one) for _, found in taken for one in found}
            assert rejected == {told(one) for one in expected.rejected}
        assert len(reader._mapper.few._texts) == len(definition.events), "an event is not computed on the short way"


@pytest.fixture
def reader(tmp_path):
    path = tmp_path / "survey.yaml"
    path.write_text(DEFINITION, encoding="utf-8")
    with closing(Reader(load_source(path), SETTING, tmp_path)) as found:
        yield found


def rating(number, **fields):
    return {
        "id": str(number),
        "kind": "rating",
        "at": "2026-11-20T10:00Z",
        "mail": "Ada@example.org",
        "points": 4,
    } | fields


def test_a_bad_record_costs_itself(reader):
    asked = {"kind": "questions", "questions": [{"text": "When?"}, {"text": "How?"}, {}]}
    records = [rating(1), rating(2, points="many"), rating(3, **asked), rating(4, kind="test"), rating(5)]
    for together in (1, 5):
        taken = posted(reader, records, together)
        assert [[event.key for event in events] for events, _ in taken] == [["1"], [], ["3:When?", "3:How?"], [], ["5"]]
        assert [[(one.reason, one.position) for one in rejected] for _, rejected in taken] == [
            [], [("expression", "0")], [], [], []
        ]  # fmt: skip
    assert len(reader._mapper.few._texts) == 2, "one bad value makes all others slow"


def test_equal_records_of_one_request_give_the_same(reader):
    first, second = posted(reader, [rating(1), rating(1)], 2)
    assert [event.key for event in first[0]] == [event.key for event in second[0]] == ["1"]


def test_numbers_stay_as_they_were_written(reader):
    taken = reader.posted(
        [Posted(b'{"id": 1, "kind": "rating", "at": "2026-11-20", "mail": "a@b.de", "points": 4,\n "x": 19.90}')]
    )
    assert taken[0][0][0].raw.endswith('"x":19.90}')
