"""sources/*.yaml: every error names file, line, value and remedy."""

import pytest

from geleit.errors import DefinitionError

HEAD = """\
    file: a.csv
    events:
      - kind: order_completed
        time: datum
        identifiers: {till.customer_no: kundennr}
        properties: {order_id: bon_nr}
"""


def test_the_whole_format(bench):
    found = bench.define("""\
        label: {en: Till, de: Kasse}
        file: [exports/a-*.csv, exports/b.csv]
        csv: {delimiter: ";", encoding: cp1252, quote: "'", decimal: ","}
        zone: Europe/Berlin
        doubled_hour: later
        rank: 7
        evidence: told
        system: shop
        skip: "art = 'Training'"
        let: {kunde: "split_part(x, ';', 1)"}
        events:
          - kind: Order Completed
            when: art = 'V'
            key: bon_nr
            time: datum || ' ' || zeit
            time_format: "%d.%m.%Y %H:%M"
            identifiers: {till.customer_no: kunde, email: mail}
            traits: {last_name: name}
            properties: {order_id: bon_nr, total: money(betrag), currency: "'EUR'", vat: 19, gift: true}
            place: {channel: "'store'"}
            evidence: log
        """)
    assert (found.name, found.system_name, found.decimal) == ("till", "shop", ",")
    assert found.events[0].kind == "order_completed"
    assert found.events[0].properties["vat"] == "19"
    assert found.events[0].properties["gift"] == "true"
    assert found.label == {"en": "Till", "de": "Kasse"}


@pytest.mark.parametrize(
    ("change", "line", "parts"),
    [
        (("time: datum", "time: read_text('/etc/passwd')"), 4, ["events.0.time", "read_text()", "allowed functions"]),
        (("order_id: bon_nr", "order_id: sum(bon_nr)"), 6, ["events.0.properties.order_id", "group:"]),
        (("order_id: bon_nr", "note: bon_nr"), 3, ["order_completed requires", "order_id"]),
        (("time: datum", "tiem: datum"), 4, ["'tiem' is not known", "did you mean 'time'"]),
        (("kind: order_completed", "kind_from: x\n        kind: y"), 3, ["either kind"]),
        (("file: a.csv", "file: a.pdf"), 1, ["'a.pdf'", "format: csv"]),
        (("file: a.csv", "file: ../a.csv"), 1, ["outside the workspace", "link"]),
        (("file: a.csv", "file: /etc/passwd"), 1, ["outside the workspace"]),
        (("file: a.csv", "file: a.csv\n    zone: Berlin"), 2, ["no time zone"]),
        (("file: a.csv", "file: a.csv\n    csv: {encoding: utf-9}"), 2, ["utf-9", "cp1252"]),
        (("file: a.csv", "file: a.csv\n    let: {x: (select 1)}"), 2, ["let.x", "subquery"]),
        (("file: a.csv", "file: a.csv\n    skip: sum(x) > 1"), 2, ["skip", "several records"]),
        (("till.customer_no:", "Till.Nr:"), 5, ["Till.Nr"]),
    ],
)
def test_errors(bench, change, line, parts):
    with pytest.raises(DefinitionError) as caught:
        bench.define(HEAD.replace(*change))
    text = str(caught.value)
    assert text.startswith(f"sources/till.yaml:{line}: "), text
    assert all(part in text for part in parts), text
    assert "Hint: " in text
