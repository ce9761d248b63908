"""Drafts from exports of every format: what has to be declared is found, and the draft reads the file as it stands."""

import bz2
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from geleit.clock import DAY, iso
from geleit.errors import GeleitError
from geleit.events.kinds import Catalogue
from geleit.sources.csv_sample import csv_fields
from geleit.sources.definition import load_source
from geleit.sources.guess import guess
from geleit.sources.json_sample import records_path
from geleit.sources.mapping import map_source
from geleit.sources.time_forms import form_of

NOW = 21_000 * DAY


class Drafted:
    """A draft with what it reads from its file."""

    def __init__(self, root, file):
        self.draft = guess(file, root=root, zone="Europe/Berlin", now=NOW)
        path = root / "sources" / f"{self.draft.name}.yaml"
        path.write_text(self.draft.yaml)
        self.source = load_source(path, root)
        chunks = list(map_source(self.source, root=root, catalogue=Catalogue(), zone="Europe/Berlin", now=NOW))
        self.events = [event for chunk in chunks for event in chunk.events]
        self.rejected = [one for chunk in chunks for one in chunk.rejected]
        self.notes = " ".join(self.draft.notes)


@pytest.fixture
def drafted(tmp_path):
    root = tmp_path / "acme"
    (root / "sources").mkdir(parents=True)

    def make(name, content):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return Drafted(root, tmp_path / name)

    return make


def types(event):
    return {str(identifier) for identifier in event.identifiers}


TILL = """\
Kassenbericht Filiale Göttingen;;;;;;;;
Zeitraum 01.03.2026 - 31.03.2026;;;;;;;;

Bon-Nr.;Datum;Uhrzeit;Kasse;Artikelbezeichnung;Menge;Einzelpreis;Gesamt;Kundenkarte
10071;02.03.2026;10:15;1;Waschmaschine WM 7;1;749,00;749,00;2800 1234
10071;02.03.2026;10:15;1;Zulaufschlauch;2;19,90;39,80;2800 1234
10072;02.03.2026;10:21;2;Staubbeutel;3;4,99;14,97;
10073;02.03.2026;11:02;1;Ersatzfilter;1;12,50;12,50;28009999
;;;;;;Summe:;816,27;
"""


def test_a_german_till(drafted):
    found = drafted("kasse.csv", TILL.encode("cp1252"))
    assert found.source.csv.model_dump(exclude_unset=True) == {"encoding": "cp1252", "skip_lines": 3, "decimal": ","}
    first, second = found.events
    assert (first.kind, first.key, iso(first.t)) == ("order_completed", "10071", "2026-03-02T09:15:00Z")
    assert (first.properties["total"], second.properties["total"]) == (788.8, 12.5)
    assert first.properties["products"] == [
        {"name": "Waschmaschine WM 7", "price": 749, "quantity": 1},
        {"name": "Zulaufschlauch", "price": 19.9, "quantity": 2},
    ]
    assert types(first) == {"loyalty_card:2800 1234"}
    assert [one.reason for one in found.rejected] == ["no_group", "no_identifier"]
    assert "in 40 % of the records nobody is named" in found.notes


def test_a_contact_list_on_the_second_sheet_of_a_workbook(drafted, tmp_path):
    workbook = xlsxwriter.Workbook(tmp_path / "w.xlsx")
    workbook.add_worksheet("Hinweise").write(0, 0, "Stand März")
    sheet = workbook.add_worksheet("Kunden")
    sheet.write(0, 0, "Kundenliste (vertraulich)")
    sheet.write_row(
        2, 0, ["Kundennummer", "Vorname", "Nachname", "E-Mail", "Telefon", "PLZ", "Kunde seit", "Newsletter"]
    )
    sheet.write_row(3, 0, [1001, "Ada", "Berg", "ada@example.org", "+49 551 12345", "37073", "02.05.2019", "ja"])
    sheet.write_row(4, 0, [1002, "Bo", "Tal", "bo@example.org", "0551 / 99 88", "37085", "30.11.2021", "nein"])
    workbook.close()
    found = drafted("kundenliste.xlsx", (tmp_path / "w.xlsx").read_bytes())
    assert found.source.excel.model_dump() == {"sheet": "Kunden", "header_row": 3}
    assert found.rejected == []
    ada = found.events[0]
    assert types(ada) == {"kundenliste.customer_no:1001", "email:ada@example.org", "phone:+49 551 12345"}
    assert ada.kind == "identified"
    assert ada.traits == {
        "first_name": "Ada",
        "last_name": "Berg",
        "plz": "37073",
        "newsletter": "ja",
    }
    assert iso(ada.t) == "2019-05-01T22:00:00Z"


def test_an_event_log(drafted):
    log = """<log><trace><string key="concept:name" value="A-1"/>
      <event><string key="concept:name" value="Antrag gestellt"/><date key="time:timestamp" value="2026-03-01T08:00:00+01:00"/></event>
      <event><string key="concept:name" value="Antrag bewilligt"/><date key="time:timestamp" value="2026-03-02T08:00:00+01:00"/></event>
    </trace></log>"""
    found = drafted("antraege.xes.bz2", bz2.compress(log.encode()))
    assert [event.kind for event in found.events] == ["antrag_gestellt", "antrag_bewilligt"]
    assert types(found.events[0]) == {"antraege.case_no:A-1"}
    assert "clock time" not in found.draft.yaml
    assert "'case:concept:name' ties events together" in found.notes


def test_an_event_log_as_csv(drafted):
    rows = "case_id,activity,timestamp,resource\n" + "".join(
        f"{case},{what},2026-03-0{day}T08:00:00Z,r1\n"
        for case in ("c-1", "c-2")
        for day, what in enumerate(("Create Fine", "Send Fine", "Payment"), 1)
    )
    found = drafted("fines.csv", rows)
    assert [event.kind for event in found.events][:3] == ["create_fine", "send_fine", "payment"]
    assert types(found.events[0]) == {"fines.case_no:c-1"}


def test_codes_are_no_kinds(drafted):
    rows = "bon;art;datum;kundennr\n" + "".join(f"{n};{'VVR'[n % 3]};2026-03-01;{n + 70}\n" for n in range(9))
    found = drafted("kasse.csv", rows)
    assert {event.kind for event in found.events} == {"order_completed"}
    assert "'art' holds codes (R, V)" in found.notes


@pytest.mark.parametrize(
    ("name", "header", "kind"),
    [
        ("retouren.csv", "bestellnr,datum,email,betrag", "order_refunded"),
        ("orders.csv", "order_id,datum,email,betrag", "order_completed"),
        ("tickets.csv", "nr,datum,email,betreff", "contact_made"),
        ("newsletter_maerz.csv", "nr,datum,email,betreff", "message_sent"),
        ("bewertungen.csv", "nr,datum,email,sterne", "product_reviewed"),
        ("kunden.csv", "nr,datum,email,ort", "identified"),
        ("irgendwas.csv", "nr,datum,email,ort", "identified"),
    ],
)
def test_the_kind_comes_from_the_files_name(drafted, name, header, kind):
    found = drafted(name, f"{header}\n17,2026-03-01,ada@example.org,5\n18,2026-03-02,bo@example.org,6\n")
    assert [event.kind for event in found.events] == [kind, kind]
    assert found.rejected == []


def test_american_dates_and_clocks(drafted):
    rows = "Customer ID,Event,Date,Time\nC1,Page Visit,3/24/2026,10:15:00 AM\nC2,Call,3/4/2026,11:15:00 PM\n"
    found = drafted("log.csv", rows)
    assert [iso(event.t) for event in found.events] == ["2026-03-24T09:15:00Z", "2026-03-04T22:15:00Z"]


def test_doubtful_dates_are_said(drafted):
    found = drafted("log.csv", "user_id,date,page\n7,03/04/2026,a\n8,05/06/2026,b\n")
    assert found.source.events[0].time_format == "%d/%m/%Y"
    assert "day or month first" in found.notes


@pytest.mark.parametrize(
    ("values", "form", "doubtful"),
    [
        (["24/03/2026 10:15"], "%d/%m/%Y %H:%M", False),
        (["01.03.26"], "%d.%m.%y", False),
        (["2026/03/01 10:15:30"], "%Y/%m/%d %H:%M:%S", False),
        (["Mar 1, 2026"], "%b %d, %Y", False),
        (["3-Mar-2026"], "%d-%b-%Y", False),
        (["03/04/2026, 10:15:00 PM"], "%d/%m/%Y, %I:%M:%S %p", True),
    ],
)
def test_forms_of_times(values, form, doubtful):
    found = form_of(values, mostly=0.8)
    assert (found.text, found.doubtful) == (form, doubtful)


@pytest.mark.parametrize("values", [["4711"], ["10.5.2"], ["Haus 3"], [], ["1/2"]])
def test_what_is_no_time_has_no_form(values):
    assert form_of(values, mostly=0.8) is None


def test_the_largest_file_of_a_zip(drafted, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("daten/kasse.csv", TILL.encode("cp1252"))
        archive.writestr("users.json", "[]")
        archive.writestr("liesmich.pdf", "x")
    found = drafted("export.zip", (tmp_path / "x.zip").read_bytes())
    assert (found.source.member, found.source.csv.skip_lines) == ("daten/kasse.csv", 3)
    assert len(found.events) == 2
    assert "users.json" in found.notes


def test_a_zip_of_zips_is_refused(drafted, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.zip", b"")
    with pytest.raises(GeleitError, match="archive inside an archive"):
        drafted("export.zip", (tmp_path / "x.zip").read_bytes())


def test_parquet(drafted, tmp_path):
    moments = pa.array([1772355600_000_000, 1772355700_000_000], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"event": ["Search", "View"], "ts": moments, "user_id": ["u1", "u2"]}), tmp_path / "x")
    found = drafted("log.parquet", (tmp_path / "x").read_bytes())
    assert [(event.kind, iso(event.t)) for event in found.events] == [
        ("search", "2026-03-01T09:00:00Z"),
        ("view", "2026-03-01T09:01:40Z"),
    ]
    assert "ts: when it happened, readable as it is\n" in (tmp_path / "acme" / "sources" / "log.yaml").read_text()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_encodings_that_need_no_word(drafted, encoding):
    text = "Straße;E-Mail;Datum\nGroße Str. 1;ada@example.org;01.03.2026\n"
    found = drafted("kunden.csv", text.encode(encoding))
    assert found.source.csv.model_fields_set == set()
    assert found.events[0].traits == {"straße": "Große Str. 1"}


def test_a_file_without_header(drafted):
    found = drafted("liste.csv", "1;ada@example.org;2026-01-02;5\n2;bo@example.org;2026-01-03;6\n")
    assert found.source.csv.header == ("column_1", "column_2", "column_3", "column_4")
    assert [types(event) for event in found.events] == [{"email:ada@example.org"}, {"email:bo@example.org"}]
    assert "no header line" in found.notes


def test_gaps_are_said(drafted):
    people = {"u-1": {"name": "Ada", "joined": "2026-01-02"}, "u-2": {"name": "Bo"}, "u-3": {"name": "Cy"}}
    found = drafted("users.json", json.dumps({"data": {"users": people}}))
    assert found.source.records == "data.users.*"
    assert types(found.events[0]) == {"users.customer_no:u-1"}
    assert "'joined' is empty in 67 % of the records" in found.notes


def test_a_draft_holds_no_values_of_people(drafted):
    yaml = drafted("kunden.csv", "Name;E-Mail;Telefon\nKäthe Berg;ada@example.org;+49 551 12345\n").draft.yaml
    assert [word for word in ("Käthe", "ada@", "12345") if word in yaml] == []
    assert "#   E-Mail: email, text" in yaml


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([{"id": 1}], ""),
        ({"id": 1, "customer": {"name": "Ada"}}, ""),
        ({"page": 1, "tickets": [{"id": 1}], "tags": ["a", "b", "c"]}, "tickets"),
        ({"few": [{"id": 1}], "data": {"many": [{"id": 1}, {"id": 2}]}}, "data.many"),
        ({"u-1": {"name": "a", "n": 1}, "u-2": {"name": "b"}}, "*"),
        ({"billing": {"street": "x"}, "shipping": {"carrier": "y"}}, ""),
    ],
)
def test_where_records_stand(document, path):
    assert records_path(json.dumps(document).encode()) == path


def test_where_records_stand_in_the_beginning_of_a_large_document():
    head = json.dumps({"meta": {"n": [1, 2]}, "data": {"rows": [{"id": 1}, {"id": 2}]}}).encode()[:-12]
    assert records_path(head) == "data.rows"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("a;b\n1;2\n", {}),
        ("'a';'b'\n'1;1';'2'\n", {"quote": "'"}),
        ("Bericht vom 1.3.; Filiale 3\n\na,b\n1,2\n3,4\n", {"skip_lines": 2}),
        ("Bericht;;\na;b;c\n1;2;3\n", {"skip_lines": 1}),
        ("2024;2025\n1;2\n", {"header": ["column_1", "column_2"]}),
        ("name\nAda\n", {}),
        ("", {}),
    ],
)
def test_how_a_csv_is_written(text, fields):
    assert csv_fields(text.encode())[0] == fields
