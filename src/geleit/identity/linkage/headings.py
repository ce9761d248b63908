"""What columns are called: headings in German, English and short forms, each with the role it usually has."""

from __future__ import annotations

import re
import unicodedata

# The first pattern found decides, so the narrow ones stand before the wide ones.
ROLES: tuple[tuple[str, str], ...] = (
    ("email", r"e_?mail|(^|_)mail(_adr\w*)?$"),
    ("phone", r"phone|telefon|(^|_)(tel|mobil\w*|handy\w*|cell|fax|festnetz)(_|$)|rufnummer"),
    (
        "national_id",
        (
            r"(^|_)ssn|soc_?sec|social_sec|national_id|(^|_)(nino|nhs|itin|tin|svnr|iban)(_|$)|steuer_?(id|nr|num)|sozialvers"
            r"|passport|reisepass|ausweis|tax_?(id|num|no)|(^|_)vat(_|$)|ust_?id|handelsregister|(^|_)hrb(_|$)|(^|_)lei(_|$)"
        ),
    ),
    ("place", r"birth_?place|place_of_birth|geburts_?ort|birth_?(city|country|state|town)|pob$"),
    ("former_name", r"geburts_?name|maiden|geborene|birth_?name|former_name"),
    ("birth_year", r"^(by|yob)$|birth_?year|year_?(of_?)?birth|geburts_?jahr|(dob|birth)_y(ear|r)?$|^gruend\w*jahr"),
    ("birth_month", r"^(bm|mob)$|birth_?month|month_?(of_?)?birth|geburts_?monat|(dob|birth)_m(onth)?$"),
    ("birth_day", r"^bd$|birth_day$|day_?of_?birth|geburts_?tag$|(dob|birth)_d(ay)?$"),
    (
        "birthday",
        r"(^|_)dob(_|$)|birth_?da(te|y)|date_?of_?birth|geburts_?(datum|tag|dat)|(^|_)geb(_?dat\w*|_?am)?$|geboren|(^|_)born|(^|_)bday",
    ),
    ("age", r"^(age|alter|age_years|alter_jahre)$|^age_(at|in)"),
    ("gender", r"gender|(^|_)sex(_|$)|geschlecht|anrede|salutation"),
    ("title", r"^(title|titel|prefix|suffix|namenszusatz|name_suffix|name_prefix|akad\w*)$"),
    (
        "middle",
        r"middle|second_?(given|first|fore)?_?name|zweit_?(name|vorname)|(^|_)m_?name|weitere_vornamen|f_?name_?c2|fname_?2|vorname_?2|m_?i(nitial)?$",
    ),
    ("second_last", r"l_?name_?c2|lname_?2|nachname_?2|second_(sur|last)_?name|zweiter_nachname"),
    (
        "full_name",
        (
            r"full_?name|vollname|(first|fore)(_?name)?_and_(sur|last)_?name|(sur|last)_?name_first|(^|_)(person|customer|client|patient|kunden?|contact|kontakt)_?name$"
            r"|^(name|ganzer_name|vor_und_nachname|name_vorname|vorname_name|ansprechpartner|kontakt|contact|inhaber)$"
        ),
    ),
    ("first", r"given|first_?name|fore_?name|(^|_)f_?name|vorname|rufname|^first$|christian_name"),
    ("last", r"sur_?name|last_?name|(^|_)l_?name|nachname|famil(y|ien)_?name|zuname|^last$"),
    ("other", r"employer|arbeitgeber"),
    ("company", r"company|firm(a|en|_|$)|organi[sz]ation|unternehmen|business_?name|(^|_)org(_name)?$|betrieb$"),
    ("address_more", r"address_?(line)?_?[23]|addr_?[23]|adress_?zusatz|zusatz|address_extra"),
    ("unit", r"(^|_)(unit|apartment|apt|flat|suite|wohnung|stock|etage|stiege|tuer|po_box|postfach)"),
    (
        "house_number",
        r"house_?(n|$)|haus_?(n|$)|(^|_)h(au)?s?_?nr|street_?(num|no|nr)|str(asse\w*)?_?n(r|um|o)|building_n|^(nr|no|hnr)$",
    ),
    ("postcode", r"(^|_)plz|post_?(al_?)?code|(^|_)zip|postleit|(^|_)pcode|postal"),
    ("city", r"city|(^|_)town|(^|_)(wohn)?ort(_|$)|stadt|suburb|localit|gemeinde|(^|_)village|municipal"),
    ("state", r"(^|_)state|province|bundesland|(^|_)region|county|kanton|(^|_)district"),
    ("country", r"country|(^|_)land$|nation"),
    ("street", r"street|stra(ss|s)e|(^|_)str(_|$)|address|adress|anschrift|(^|_)addr|(^|_)road"),
    ("city", r"(^|_)place$"),
)
_COMPILED = tuple((role, re.compile(pattern)) for role, pattern in ROLES)
# Numbers and labels that a system gave to its rows; they say nothing about the person behind.
ROW_NUMBER = re.compile(
    r"^(id|uid|uuid|guid|pk|key|index|idx|row|nr|no|no_|num|lfd_?nr|cluster\w*|label\w*|truth\w*|entity\w*|group|gruppe|source|system|quelle|dataset)$"
    r"|(^|_)(id|uuid|guid|rowid|recid|key|index)$|^(unnamed|column|level)_?\d*$|^(rec|record|row|unique|entity|person|simulant|cluster|customer|kunden?)_?(id|no|nr|num\w*)$"
)


def heading(name: str) -> str:
    """A heading in plain letters: ``FirstName`` -> ``first_name``, ``Straße`` -> ``strasse``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    plain = spaced.lower().replace("ß", "ss")
    for letter, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        plain = plain.replace(letter, written)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def role_of_heading(name: str) -> str:
    """The role that a heading names, or nothing."""
    plain = heading(name)
    return next((role for role, pattern in _COMPILED if pattern.search(plain)), "")
