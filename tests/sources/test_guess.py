"""A draft from an export is read, mapped and imported as it stands."""

from pathlib import Path

import pytest

from geleit.clock import DAY
from geleit.errors import GeleitError
from geleit.events.kinds import Catalogue
from geleit.sources.definition import load_source
from geleit.sources.guess import guess
from geleit.sources.known_forms import ready_for
from geleit.sources.located import on_disk
from geleit.sources.mapping import map_source
from geleit.sources.sample import look

NOW = 21_000 * DAY


@pytest.fixture
def draft(tmp_path):
    """Write an export, draft its source, load the draft and map the file with it."""
    root = tmp_path / "acme"
    (root / "sources").mkdir(parents=True)

    def make(name, text, encoding="utf-8"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        found = guess(tmp_path / name, root=root, zone="Europe/Berlin", now=NOW)
        path = root / "sources" / f"{found.name}.yaml"
        path.write_text(found.yaml)
        definition = load_source(path, root)
        chunks = list(map_source(definition, root=root, catalogue=Catalogue(), zone="Europe/Berlin", now=NOW))
        return found, [e for c in chunks for e in c.events], [r for c in chunks for r in c.rejected]

    return make


def test_german_orders_are_read_as_orders(draft):
    text = (
        "Bestell-Nr;Datum;Uhrzeit;Kundennummer;E-Mail;Vorname;Einzelpreis;Summe brutto\n"
        "1001;01.03.2026;10:15;77;ada@example.org;Käthe;5,00;1.234,50\n"
        "1002;02.03.2026;09:05;78;bob@example.org;Bob;5,00;20,00\n"
    )
    _, events, rejected = draft("bestellungen.csv", text, "cp1252")
    assert rejected == []
    assert [e.kind for e in events] == ["order_completed", "order_completed"]
    assert events[0].properties["total"] == 1234.5
    assert events[0].traits["first_name"] == "Käthe"
    assert {i.type for i in events[0].identifiers} == {"bestellungen.customer_no", "email"}
    assert events[1].t - events[0].t == DAY - 70 * 60 * 1_000_000


def test_order_lines_become_one_order(draft):
    text = "order_id,date,customer_id,amount\n1,2026-03-01,7,10.00\n1,2026-03-01,7,2.50\n2,2026-03-02,8,1.00\n"
    found, events, _ = draft("lines.csv", text)
    assert sorted(e.properties["total"] for e in events) == [1, 12.5]
    assert "added up" in " ".join(found.notes)


def test_rows_that_are_wholly_equal_are_no_lines_of_an_order(draft):
    text = "order_id,date,customer_id,amount\n1,2026-03-01,7,10.00\n2,2026-03-02,8,1.00\n1,2026-03-01,7,10.00\n"
    found, events, _ = draft("orders.csv", text)
    assert "group:" not in found.yaml
    assert {e.key: e.properties["total"] for e in events} == {"1": 10, "2": 1}
    assert events[0].raw == events[2].raw  # the third record counts as the first
    assert "1 of the first 3 records wholly equal another: they count once" in found.notes


def test_rows_that_are_wholly_equal_among_lines_of_orders_are_told(draft):
    text = (
        "order_id,date,customer_id,sku,amount\n1,2026-03-01,7,a,10.00\n1,2026-03-01,7,b,2.50\n1,2026-03-01,7,a,10.00\n"
    )
    found, events, _ = draft("lines.csv", text)
    assert [e.properties["total"] for e in events] == [22.5]
    assert any(
        note.startswith("1 of the first 3 records wholly equal another: lines of an order") for note in found.notes
    )


def test_a_log_gives_its_own_kinds(draft):
    text = '{"event": "Add To Cart", "ts": 1767225600, "user_id": "u1"}\n{"event": "Search", "ts": 1767225700, "user_id": "u1"}\n'
    _, events, rejected = draft("log.jsonl", text)
    assert [e.kind for e in events] == ["add_to_cart", "search"]
    assert rejected == []


def test_a_list_of_people_without_a_time_says_what_to_decide(draft):
    found, events, _ = draft("people.csv", "name,mail\nAda,ada@example.org\n")
    assert events[0].kind == "identified"
    assert any("no column looks like a time" in note for note in found.notes)


def test_without_anybody_in_it_everything_waits_and_the_draft_says_why(draft):
    found, events, rejected = draft("weather.csv", "day,rain\n2026-03-01,12\n")
    assert events == []
    assert rejected[0].reason == "no_identifier"
    assert any("points at a person" in note for note in found.notes)


@pytest.mark.parametrize(
    ("name", "text"), [("x.csv", ""), ("x.csv", "a,b\n"), ("x.pdf", "a"), ("x.jsonl", "no json\n")]
)
def test_what_is_no_export_is_refused_with_a_remedy(draft, name, text):
    with pytest.raises(GeleitError) as caught:
        draft(name, text)
    assert caught.value.hint


def test_a_file_of_that_name_is_never_overwritten(draft, tmp_path):
    draft("orders.csv", "order_id,date,customer_id\n1,2026-03-01,7\n")
    with pytest.raises(GeleitError, match="exists already"):
        guess(tmp_path / "orders.csv", root=tmp_path / "acme", zone="UTC", now=NOW)


def test_an_object_in_a_log_is_opened(draft):
    text = '{"event": "page", "ts": 1767225600, "visitor": "v1", "user": {"email": "ada@example.org"}}\n'
    _, events, rejected = draft("log.jsonl", text)
    assert rejected == []
    assert {str(i) for i in events[0].identifiers} == {"email:ada@example.org", "log.anonymous_id:v1"}


def test_a_column_whose_name_begins_a_statement_is_quoted(draft):
    text = "id,created_at,email,comment\n1,2026-03-01,a@example.org,good\n2,2026-03-02,b@example.org,bad\n"
    _, events, rejected = draft("tickets.csv", text)
    assert [event.properties["words"] for event in events] == ["good", "bad"]
    assert rejected == []


def test_another_time_stands_in_where_the_first_is_empty(draft):
    text = "no,paid_at,created_at,email\n1,2026-03-02,2026-03-01,a@example.org\n2,,2026-03-03,b@example.org\n"
    found, events, rejected = draft("orders.csv", text)
    assert rejected == []
    assert events[1].t - events[0].t == DAY
    assert "'paid_at' is empty in 50 % of the records: 'created_at' stands in" in " ".join(found.notes)


def test_a_time_that_is_hardly_ever_filled_is_not_when_it_happened(draft):
    rows = "".join(f"{n},{'2026-04-01' if n == 1 else ''},2026-03-0{n},p{n}@example.org\n" for n in range(1, 6))
    _, events, rejected = draft("orders.csv", f"order_no,cancelled_at,ordered_at,email\n{rows}")
    assert rejected == []
    assert "2026-03-01" in events[0].raw
    assert events[1].t - events[0].t == DAY


def test_an_event_without_a_name_gets_one(draft):
    text = (
        "at,type,email\n2026-03-01,opened,a@example.org\n2026-03-02,clicked,a@example.org\n2026-03-03,,b@example.org\n"
    )
    found, events, rejected = draft("log.csv", text)
    assert ([event.kind for event in events], rejected) == (["opened", "clicked", "noted"], [])
    assert "'type' is empty in 33 % of the records: 'noted' stands in" in " ".join(found.notes)


def test_a_column_of_texts_and_objects_is_left_whole(draft):
    text = '{"at": "2026-03-01", "mail": "a@example.org", "what": "x"}\n{"at": "2026-03-02", "mail": "a@example.org", "what": {"name": "y", "mail": "z@example.org"}}\n'
    _, events, rejected = draft("log.jsonl", text)
    assert (len(events), rejected) == (2, [])
    assert {str(one) for one in events[1].identifiers} == {"email:a@example.org"}


def test_an_object_inside_an_object_is_opened_if_it_holds_a_person(draft):
    text = """[{"created": "2026-03-01T10:00:00Z", "event": "rated", "response": {"user": {"email": "ada@example.org", "it's": 1},
    "rating": {"of": 10}, "note": {}}}, {"created": "2026-03-02T10:00:00Z", "event": "rated", "response": {"user": {},
    "rating": {"of": 9}, "note": {}}}]"""
    found, events, rejected = draft("survey.json", text)
    assert {str(one) for one in events[0].identifiers} == {"email:ada@example.org"}
    assert events[0].properties == {
        "response_note": "{}",
        "response_rating": '{"of":10}',
        "response_user_it_s": "1",
    }
    assert [one.reason for one in rejected] == ["no_identifier"]
    assert "in 50 % of the records nobody is named" in " ".join(found.notes)


def test_who_asks_is_the_person_and_not_the_help_desk(draft):
    text = "id;created_at;subject;requester_id;recipient\n1;2026-03-01;Noise;77;help@example.com\n2;2026-03-02;Water;78;help@example.com\n"
    _, events, rejected = draft("tickets.csv", text)
    assert rejected == []
    assert [[str(one) for one in event.identifiers] for event in events] == [
        ["tickets.customer_no:77"],
        ["tickets.customer_no:78"],
    ]
    assert events[0].properties["recipient"] == "help@example.com"
    _, events, _ = draft("mails.csv", "at;what;recipient\n2026-03-01;hello;ada@example.org\n")
    assert [str(one) for one in events[0].identifiers] == ["email:ada@example.org"]  # nobody else is named


def test_a_log_with_a_few_orders_in_it_is_not_grouped_by_them(draft):
    lines = [f'{{"event": "page", "at": "2026-03-0{n}", "user_id": "K-{n}"}}' for n in range(1, 6)]
    lines += ['{"event": "bought", "at": "2026-03-06", "user_id": "K-1", "order_id": "A-1"}'] * 2
    found, events, rejected = draft("log.jsonl", "\n".join(lines) + "\n")
    assert "group:" not in found.yaml
    assert (len(events), rejected) == (7, [])


def test_columns_that_blanks_separate(draft):
    text = " customer_id  date number  dollar_value\n 00001 19970101  1   11.77\n 00002 19970112 12  212.00\n"
    found, events, rejected = draft("sales.txt", text)
    assert 'delimiter: " "' in found.yaml
    assert (rejected, [event.properties["total"] for event in events]) == ([], [11.77, 212])
    found, _, _ = draft("names.txt", "full name\nAda Berg\nBo Tal\n")
    assert "delimiter" not in found.yaml


READY = Path(__file__).parent / "ready"


@pytest.mark.parametrize("name", [path.name for path in sorted(READY.glob("*.json*")) if ".later." not in path.name])
def test_every_export_of_a_known_form_gives_events(draft, name):
    """What the ready definitions read gives events by a plain draft, too, if only some of them."""
    found, events, _ = draft(name, (READY / name).read_text(encoding="utf-8"))
    assert events, found.yaml


def test_an_export_of_a_known_form_names_the_ready_definition():
    wanted = {}
    for path in sorted((Path(__file__).parent / "ready").glob("*.*")):
        if path.suffix in (".json", ".jsonl", ".csv") and ".later." not in path.name:
            wanted[path.name.split(".")[0]] = ready_for(look(on_disk(path, path.name)))
    assert len(wanted) > 20
    assert wanted == {name: name for name in wanted}
    examples = Path(__file__).parents[2] / "examples"
    for path in (
        examples / "northwind" / "exports" / "customers.csv",
        examples / "washing-machine" / "exports" / "kasse.csv",
    ):
        assert ready_for(look(on_disk(path, path.name))) == ""


def test_a_customer_number_is_known_by_its_german_short_form(draft):
    text = "Auftrags-Nr.;Datum;Kd.-Nr.;Summe\n1;01.03.2026;K-7;5,00\n2;02.03.2026;K-8;6,00\n"
    _, events, _ = draft("auftraege.csv", text)
    assert [str(e.identifiers[0]) for e in events] == ["auftraege.customer_no:K-7", "auftraege.customer_no:K-8"]


def test_tickets_have_their_number_as_key_even_if_some_come_twice(draft):
    rows = [f"{n},2026-03-01T10:00:00Z,ada@example.org,{n % 5}" for n in range(100)]
    rows.append("7,2026-03-01T10:00:00Z,ada@example.org,9")
    found, events, _ = draft("export.csv", "\n".join(["ticketId,erstellt,email,bewertung", *rows]) + "\n")
    assert {e.kind for e in events} == {"contact_made"}
    assert [e.key for e in events].count("7") == 2  # the ledger lets the first one stand and shows the other
    assert "'ticketId' comes again in 1 % of the records" in "\n".join(found.notes)
    assert {e.properties["bewertung"] for e in events} >= {"0", "4"}
    assert "total" not in events[0].properties  # a rating is no amount


def test_the_number_of_a_case_is_kept_where_a_person_is_named(draft):
    text = "case,aktion,zeit,kundennr\n1,Start,2026-03-01,K-1\n1,Ende,2026-03-02,K-1\n"
    _, events, _ = draft("log.csv", text.replace("case,", "case_id,"))
    assert {e.properties["case_id"] for e in events} == {"1"}
