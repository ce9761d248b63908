"""What the columns of an unknown file hold."""

import pyarrow as pa
import pytest

from geleit.identity.linkage.columns import recognize
from geleit.identity.linkage.headings import role_of_heading
from geleit.identity.linkage.records import normalized


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("given_name", "first"),
        ("fname_c1", "first"),
        ("fname_c2", "middle"),
        ("lname_c1", "last"),
        ("Vorname", "first"),
        ("Nachname", "last"),
        ("surname", "last"),
        ("first_and_surname", "full_name"),
        ("Geburtsdatum", "birthday"),
        ("dob", "birthday"),
        ("by", "birth_year"),
        ("bm", "birth_month"),
        ("bd", "birth_day"),
        ("PLZ", "postcode"),
        ("postcode_fake", "postcode"),
        ("zipcode", "postcode"),
        ("Straße", "street"),
        ("address_1", "street"),
        ("address_2", "address_more"),
        ("street_number", "house_number"),
        ("Hausnr", "house_number"),
        ("soc_sec_id", "national_id"),
        ("mailing_address_city", "city"),
        ("Wohnort", "city"),
        ("birth_place", "place"),
        ("EMail", "email"),
        ("Handy", "phone"),
        ("Anrede", "gender"),
        ("employer_name", "other"),
        ("occupation", ""),
        ("status", ""),
    ],
)
def test_headings_name_their_role(heading, role):
    assert role_of_heading(heading) == role


def roles(**columns):
    return {
        one.name: one.role for one in recognize(pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}))
    }


def test_numbers_of_the_system_are_left_out():
    found = roles(rec_id=["rec-1-org", "rec-1-dup"], cluster=["1", "1"], Vorname=["Eva", "Ewa"])
    assert found == {"rec_id": "", "cluster": "", "Vorname": "first"}


def test_content_decides_where_the_heading_says_nothing():
    found = roles(a=["eva@example.com", "bo@example.com"], b=["male", "female"], c=["1980-02-01", "1971-12-24"])
    assert found == {"a": "email", "b": "gender", "c": "birthday"}


def test_empty_and_constant_columns_are_left_out():
    found = roles(Vorname=["Eva", "Bo"], leer=["", None], Land=["DE", "DE"])
    assert found == {"Vorname": "first", "leer": "", "Land": ""}


def test_a_column_that_is_kept_out_is_never_seen():
    table = pa.table({"Vorname": ["Eva", "Bo"], "wahr": ["1", "2"]})
    assert [one.name for one in recognize(table, ["wahr"])] == ["Vorname"]


def records_of(**columns):
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return normalized(table, recognize(table)).fields


def test_two_spellings_come_to_one_form():
    found = records_of(
        Nachname=["Müller", "MUELLER", "Huber"],
        Strasse=["Hauptstraße 5 A", "Haupt-Str. 5a", "Parkweg 6"],
        Telefon=["+49 30 1234567", "030/1234567", "030 99"],
        Geburtsdatum=["03.04.1980", "1980-04-03", "04.05.1980"],
    )
    assert found["last"] == ["muller", "muller", "huber"]
    assert found["street"][0] == found["street"][1] != found["street"][2]
    assert found["house_number"] == ["5a", "5a", "6"]
    assert found["phone"][0] == found["phone"][1] != found["phone"][2]
    assert found["birthday"] == ["19800403", "19800403", "19800504"]


def test_a_split_birthday_is_joined():
    assert records_of(by=["1980", "1975"], bm=["4", "12"], bd=["3", "24"])["birthday"] == ["19800403", "19751224"]


def test_a_full_name_is_split_and_its_titles_go():
    found = records_of(full_name=["Sir Thomas Chaloner", "Meyer, Eva Maria", "Ludwig van Beethoven"])
    assert found["first"] == ["thomas", "eva", "ludwig"]
    assert found["last"] == ["chaloner", "meyer", "van beethoven"]


def test_two_names_for_one_role_are_filled_from_each_other():
    found = records_of(
        street_name=["High Street", None, "Low Road"],
        mailing_street_name=[None, "High St", None],
        given_name=["Ida", "Bo", "Udo"],
    )
    assert found["street"] == ["high str", "high str", "low rd"]
