"""From records to events: what a definition says, nothing more; and every record accounted for."""

import json
from contextlib import closing
from dataclasses import replace

import pytest

from geleit.clock import iso
from geleit.errors import GeleitError
from geleit.sources import computing, files, sandbox
from geleit.sources.columnar import ColumnarMapper
from geleit.sources.mapping import Mapper, map_source
from geleit.sources.preview import preview
from geleit.sources.records import RECORD_CHARACTERS

TILL = """\
    file: till.csv
    csv: {decimal: ","}
    skip: art = 'Training'
    events:
      - kind: order_completed
        when: art = 'V'
        key: bon
        time: datum || ' ' || zeit
        time_format: "%d.%m.%Y %H:%M"
        identifiers: {till.customer_no: kundennr, email: lower(mail)}
        traits: {last_name: name}
        properties: {order_id: bon, total: money(betrag), currency: "'EUR'", words: bemerkung}
        place: {channel: "'store'", initiator: "'company'"}
        evidence: told
      - kind: order_refunded
        when: art = 'R'
        time: datum
        identifiers: {till.customer_no: kundennr}
        properties: {order_id: bon}
"""
TILL_ROWS = """\
bon;datum;zeit;art;kundennr;mail;name;betrag;bemerkung
1;22.11.2025;10:15;V;4711;A@X.DE;Ünal;1.234,50;"sagt: ""später"" oder nie"
2;22.11.2025;10:20;V;;B@x.de;;749,00;
3;22.11.2025;10:25;Training;4712;;;1;
4;22.11.2025;10:30;R;4711;;;5;
5;22.11.2025;10:35;X;4711;;;5;
"""


def test_a_till(bench):
    bench.write("till.csv", TILL_ROWS)
    result = bench.map(TILL)
    first, second, refund = result.events
    assert (first.source, first.key, first.kind, iso(first.t)) == (
        "till",
        "1",
        "order_completed",
        "2025-11-22T09:15:00Z",
    )
    assert [str(i) for i in first.identifiers] == ["email:a@x.de", "till.customer_no:4711"]
    assert first.traits == {"last_name": "Ünal"}
    assert first.properties == {"order_id": "1", "total": 1234.5, "currency": "EUR", "words": 'sagt: "später" oder nie'}
    assert first.place == {"channel": "store", "initiator": "company"}
    assert (first.evidence, first.rank) == ("told", 100)
    assert json.loads(first.raw)["betrag"] == "1.234,50"
    assert second.properties["total"] == 749
    assert second.traits == {}
    assert [str(i) for i in second.identifiers] == ["email:b@x.de"]
    assert refund.kind == "order_refunded"
    assert refund.key == f"{refund.record}:1"
    assert (result.read, result.skipped, result.rejected) == (5, 1, [])


def test_import_again_gives_the_same_events(bench):
    bench.write("till.csv", TILL_ROWS)
    assert bench.map(TILL).events == bench.map(TILL).events


def test_a_bad_record_never_costs_a_good_one(bench):
    rows = [f"{n};22.11.2025;10:15;V;{n};;;{'kaputt' if n % 7 == 0 else '5,00'};" for n in range(1, 3001)]
    bench.write("till.csv", "\n".join([TILL_ROWS.splitlines()[0], *rows]))
    result = bench.map(TILL)
    assert len(result.rejected) == 428
    assert len(result.events) == 3000 - 428
    first = result.rejected[0]
    assert (first.reason, first.line, first.position) == ("expression", 8, "0")
    assert first.message == (
        "till.csv 8: events.0.properties.total: money(betrag) fails for betrag = 'kaputt': "
        'Could not convert string "kaputt" to DECIMAL(18,2)'
    )
    assert "cannot be computed for betrag = 'kaputt'" in result.rejected[computing.EXPLAINED_MAX].message


ONE = """\
    file: a.jsonl
    events:
      - {event}
"""


def one(bench, record, event, head=""):
    records = record if isinstance(record, list) else [record]
    bench.write("a.jsonl", "\n".join(json.dumps(r) for r in records))
    return bench.map(head + ONE.format(event=event))


BASIC = "time: t, identifiers: {email: mail}"
RECORD = {"t": "2026-03-01T10:00:00Z", "mail": "a@x"}


@pytest.mark.parametrize(
    ("change", "event", "reason", "part"),
    [
        ({"mail": " "}, "{kind: x, " + BASIC + "}", "no_identifier", "all empty (email)"),
        ({"mail": None}, "{kind: x, " + BASIC + "}", "no_identifier", "all empty (email)"),
        ({"t": ""}, "{kind: x, " + BASIC + "}", "no_time", "events.0.time: t is empty"),
        ({"t": "03/01/2026"}, "{kind: x, " + BASIC + "}", "bad_time", "'03/01/2026'"),
        ({"t": "2099-01-01"}, "{kind: x, " + BASIC + "}", "time_out_of_range", "two years ahead"),
        ({"k": " "}, "{kind_from: k, " + BASIC + "}", "no_kind", "kind_from: k"),
        (
            {"o": ""},
            "{kind: order_completed, " + BASIC + ", properties: {order_id: o}}",
            "missing_property",
            "order_id",
        ),
        (
            {"o": ""},
            "{kind_from: \"'Order Completed'\", " + BASIC + "}",
            "missing_property",
            "order_completed requires",
        ),
        ({"m": "radio"}, "{kind: x, " + BASIC + ", place: {medium: m}}", "bad_place", "'radio' is none of online"),
        ({"s": "kauf"}, "{kind: x, " + BASIC + ", place: {stage: s}}", "bad_place", "'kauf' is none of need"),
        ({"d": "bald"}, "{kind: x, " + BASIC + ", properties: {due_at: d}}", "bad_time", "properties.due_at"),
        ({"n": "x"}, "{kind: x, " + BASIC + ", when: n::int > 0}", "expression", "events.0.when: n::int > 0 fails"),
        ({"n": "x"}, "{kind: x, " + BASIC + ", each: n}", "expression", "events.0.each: n fails for n = 'x'"),
        ({"n": {"a": 1}}, "{kind: x, " + BASIC + ", each: n}", "expression", "Expected ARRAY"),
    ],
)
def test_reasons(bench, change, event, reason, part):
    result = one(bench, [RECORD | change, RECORD | {"n": 1, "o": 1, "k": "x"}], event)
    assert result.rejected[0].reason == reason
    assert part in result.rejected[0].message
    assert result.rejected[0].message.startswith("a.jsonl 1: ")
    assert json.loads(result.rejected[0].record) == RECORD | change


def test_kinds_are_normalised(bench):
    result = one(bench, RECORD | {"k": "Product Viewed", "p": 1}, "{kind_from: k, " + BASIC + ", properties: {sku: p}}")
    assert result.events[0].kind == "product_viewed"


def test_json_text_is_taken_without_its_quotes(bench):
    record = RECORD | {"k": {"mail": "b@x", "no": 7, "at": "2026-03-02T10:00:00Z", "kind": "Cart Viewed"}}
    event = "{kind_from: k->'kind', time: k->'at', key: k->'no', identifiers: {email: k->'mail', card: k->'no'}}"
    result = one(bench, record, event)
    assert [str(i) for i in result.events[0].identifiers] == ["card:7", "email:b@x"]
    assert (result.events[0].kind, result.events[0].key) == ("cart_viewed", "7")
    assert iso(result.events[0].t) == "2026-03-02T10:00:00Z"


def test_each_gives_one_event_per_element(bench):
    record = RECORD | {"lines": [{"sku": "A", "n": 2}, {"sku": "", "n": 1}, {"sku": "C", "n": 3}], "item": "mine"}
    event = "{kind: product_viewed, " + BASIC + ", each: lines, when: \"(item->>'n')::int > 0\", properties: {"
    result = one(bench, [record, RECORD], event + "sku: \"item->>'sku'\", n: \"item->'n'\"}}")
    assert [e.properties for e in result.events] == [{"sku": "A", "n": 2}, {"sku": "C", "n": 3}]
    assert [e.key for e in result.events] == [f"{result.events[0].record}:0.{n}" for n in (1, 3)]
    assert [(r.reason, r.position) for r in result.rejected] == [("missing_property", "0.2")]


def test_an_element_that_fails_costs_its_record_and_is_found_by_one_query(bench, monkeypatch):
    def halve(*_):
        raise AssertionError("records were searched by halves")

    monkeypatch.setattr(computing.Computation, "_halve", halve)
    records = [RECORD | {"lines": [{"n": "1"}, {"n": "x" if number in (3, 30) else "2"}]} for number in range(40)]
    event = "{kind: x, " + BASIC + ", each: lines, properties: {n: \"(item->>'n')::int\"}}"
    result = one(bench, [*records, RECORD], event)
    assert len(result.events) == 2 * 38
    assert [(r.reason, r.line) for r in result.rejected] == [("expression", 4), ("expression", 31)]
    assert "(item->>'n')::int fails" in result.rejected[0].message


def test_two_events_of_a_record_under_one_key_are_told(bench):
    result = one(bench, RECORD, "{kind: x, key: t, " + BASIC + "}\n      - {kind: y, key: t, " + BASIC + "}")
    assert [e.kind for e in result.events] == ["x"]
    assert (result.rejected[0].reason, result.rejected[0].position) == ("duplicate_key", "1")
    assert "|| ':paid'" in result.rejected[0].message


def test_lets_and_decimals_and_dates(bench):
    result = one(
        bench,
        RECORD | {"x": "A;19.90;01.06.2027", "at": "2026-03-02 08:00"},
        "{kind: x, " + BASIC + ", properties: {price: preis, product_id: erst, warranty_until: bis, called_at: at}}",
        "    let: {teil: \"string_split(x, ';')\", erst: 'teil[1]', preis: 'money(teil[2])', bis: 'teil[3]'}\n",
    )
    assert result.events[0].properties == {
        "price": 19.9,
        "product_id": "A",
        "warranty_until": "2027-06-01",
        "called_at": "2026-03-02T07:00:00Z",
    }


def test_group_makes_one_record_of_many_over_all_files(bench):
    bench.write(
        "a1.csv", "nr;mail;datum;artikel;preis\n7;a@x;2026-03-01;A;10.00\n;b@x;2026-03-01;B;1\n8;c@x;2026-03-01;C;x\n"
    )
    bench.write(
        "a2.csv", "nr;mail;datum;artikel;preis\n7;;2026-03-02;D;5.50\n9;d@x;2026-03-03;E;1\n9;d@x;2026-03-03;weg;1\n"
    )
    result = bench.map("""\
        file: a*.csv
        group: nr
        skip: artikel = 'weg'
        events:
          - kind: order_completed
            key: nr
            time: min(datum)
            identifiers: {email: max(mail)}
            properties:
              order_id: nr
              total: sum(money(preis))
              products: json_group_array(json_object('product_id', artikel, 'price', money(preis)))
          - kind: product_registered
            when: count(*) > 1
            each: list(artikel)
            time: max(datum)
            identifiers: {email: max(mail)}
            properties: {product_id: "item->>'$'", order_id: nr}
        """)
    order = result.events[0]
    assert order.properties == {
        "order_id": "7",
        "total": 15.5,
        "products": [{"product_id": "A", "price": 10.0}, {"product_id": "D", "price": 5.5}],
    }
    assert [(e.kind, e.properties.get("product_id")) for e in result.events[1:]] == [
        ("product_registered", "A"),
        ("product_registered", "D"),
        ("order_completed", None),
    ]
    assert [line["artikel"] for line in json.loads(order.raw)] == ["A", "D"]
    assert sorted(result.reasons) == ["expression", "no_group"]
    assert (result.read, result.skipped) == (6, 1)


def test_a_column_that_is_not_aggregated_is_explained(bench):
    bench.write("a.csv", "nr;mail;datum\n7;a@x;2026-03-01\n")
    with pytest.raises(GeleitError) as caught:
        bench.map("""\
            file: a.csv
            group: nr
            events: [{kind: x, time: datum, identifiers: {email: max(mail)}}]
            """)
    assert "events.0.time: datum does not fit" in caught.value.message
    assert "GROUP BY" in caught.value.message


def test_an_expression_no_record_can_satisfy_is_an_error_of_the_definition(bench):
    bench.write("a.csv", "mail;t\na@x;2026-03-01\n")
    with pytest.raises(GeleitError) as caught:
        bench.map("""\
            file: a.csv
            events: [{kind: x, time: t, identifiers: {email: mail}, properties: {y: mail - t}}]
            """)
    assert "sources/till: events.0.properties.y: mail - t does not fit" in caught.value.message


def test_a_record_that_is_too_large_is_set_aside(bench):
    result = one(bench, [RECORD | {"x": "y" * RECORD_CHARACTERS}, RECORD], "{kind: x, " + BASIC + "}")
    assert (result.reasons, len(result.events)) == (["too_large"], 1)


def test_an_expensive_record_is_set_aside_and_the_others_go_on(bench, setting, monkeypatch):
    monkeypatch.setattr(sandbox, "PATIENCE", 2_000)  # only time of the processor counts here
    wide = " ".join(["x"] * 5_000)
    bench.write("a.jsonl", "\n".join(json.dumps(RECORD | {"w": w}) for w in ("a b", wide, "c d")))
    definition = bench.define("""\
        file: a.jsonl
        events:
          - kind: x
            time: t
            identifiers: {email: mail}
            properties: {n: "len(list_transform(string_split(w, ' '), lambda x: list_contains(string_split(w, ' '), x || '!')))"}
        """)
    found = preview(definition, root=bench.root, setting=replace(setting, seconds=0.1)).mapped
    assert [e.properties["n"] for e in found.events] == [2, 2]
    assert [r.reason for r in found.rejected] == ["too_expensive"]
    assert "takes longer than 0.1 s" in found.rejected[0].message
    assert "events.0.properties.n" in found.rejected[0].message


def test_preview_takes_a_few_and_says_the_columns(bench, setting):
    bench.write("till.csv", TILL_ROWS)
    found = preview(bench.define(TILL), 2, root=bench.root, setting=setting)
    assert found.columns[:3] == ("bon", "datum", "zeit")
    assert (len(found.records), len(found.mapped.events), found.mapped.read) == (2, 2, 2)


def test_a_mapper_takes_records_that_come_one_by_one(bench, setting):
    mapper = Mapper(bench.define(ONE.format(event="{kind: x, " + BASIC + "}")), setting)
    events = [mapper.map_record(json.dumps(RECORD), root=bench.root)[0][0] for _ in range(3)]
    mapper.close()
    assert len({event.id for event in events}) == 1


def test_every_record_is_accounted_for(bench, setting):
    """Read is what was skipped, gave nothing, gave events, or was rejected; the same record by record and in columns."""
    yaml = """\
        file: till.csv
        skip: art = 'Training'
        events:
          - {kind: page_viewed, when: "art = 'V'", time: datum, identifiers: {email: mail}}
          - {kind: cart_viewed, when: "art in ('V', 'C')", time: datum, identifiers: {email: mail}}
          - {kind: order_completed, each: teile, time: datum, identifiers: {email: mail}, properties: {order_id: item}}
    """
    rows = ["V;2026-03-01;a@x.de;[]", "C;;a@x.de;[]", "V;;a@x.de;[]", "Training;;;[]", "X;;;[]", "Y;;;[]"]
    rows += ['X;2026-03-01;a@x.de;["7"]', "X;2026-03-01;;{", "kaputt"]
    bench.write("till.csv", "\n".join(["art;datum;mail;teile", *rows]))
    definition = bench.define(yaml)
    for mapper, mapped_of in ((Mapper, Mapper.map), (ColumnarMapper, lambda m, r: m.map_columns(r).mapped)):
        with closing(mapper(definition, setting)) as one:
            mapped = [mapped_of(one, records) for records in files.read(definition, bench.root, one.plan.reads)]
        assert [sum(getattr(m, name) for m in mapped) for name in ("read", "skipped", "nothing")] == [9, 1, 2], mapper


def test_records_of_groups_that_give_nothing_are_counted(bench, setting):
    yaml = """\
        file: till.csv
        group: no
        events:
          - {kind: page_viewed, when: "max(art) = 'V'", time: min(day), identifiers: {email: any_value(mail)}}
    """
    bench.write(
        "till.csv", "no,art,day,mail\n1,V,2026-03-01,a@x.de\n1,A,2026-03-01,a@x.de\n2,A,,\n2,A,,\n2,A,,\n,V,,\n"
    )
    definition = bench.define(yaml)
    (mapped,) = map_source(definition, root=bench.root, catalogue=setting.catalogue, zone="UTC", now=setting.now)
    assert (mapped.read, mapped.nothing, len(mapped.events), len(mapped.rejected)) == (6, 3, 1, 1)
