"""Brings names, streets, numbers and dates into a form in which two spellings of one thing are alike."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TITLES = frozenset(
    [
        "dr",
        "prof",
        "professor",
        "doktor",
        "med",
        "phil",
        "ing",
        "dipl",
        "mag",
        "mr",
        "mrs",
        "ms",
        "miss",
        "sir",
        "lord",
        "lady",
        "dame",
        "herr",
        "frau",
        "hr",
        "fr",
        "rev",
        "reverend",
        "capt",
        "captain",
        "col",
        "jr",
        "sr",
        "jun",
        "sen",
        "ii",
        "iii",
        "iv",
        "esq",
        "the",
    ]
)
PARTICLES = frozenset(
    [
        "von",
        "van",
        "vom",
        "zu",
        "zum",
        "zur",
        "de",
        "der",
        "den",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "du",
        "la",
        "le",
        "ten",
        "ter",
        "te",
        "af",
        "av",
        "bin",
        "ibn",
        "el",
        "al",
        "st",
    ]
)
LEGAL_FORMS = frozenset(
    [
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "kgaa",
        "ohg",
        "gbr",
        "ug",
        "ev",
        "eg",
        "se",
        "co",
        "cie",
        "und",
        "and",
        "company",
        "ltd",
        "limited",
        "llc",
        "inc",
        "corp",
        "corporation",
        "plc",
        "sa",
        "sarl",
        "bv",
        "nv",
        "oy",
        "ab",
        "as",
        "haftungsbeschraenkt",
        "gesellschaft",
        "mit",
        "beschraenkter",
        "haftung",
    ]
)
NOTHING = frozenset(
    [
        "nan",
        "none",
        "null",
        "nil",
        "na",
        "n/a",
        "unknown",
        "unbekannt",
        "undefined",
        "missing",
        "not_available",
        "keine",
        "keiner",
        "-",
        "--",
        ".",
        "?",
        "x",
        "xx",
        "xxx",
        "test",
        "tbd",
        "#n/a",
    ]
)
_TRANSLITERATED = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"}
)
_STREET_WORDS = (
    (re.compile(r"(?<=\w)str(asse)?\b|\bstr(asse)?\b|\bstreet\b|\bstrt\b"), " str"),
    (re.compile(r"\bst\b$"), " str"),
    (re.compile(r"(?<=\w)pl(atz)?\b|\bplatz\b"), " pl"),
    (re.compile(r"\bavenue\b|\baven\b"), "ave"),
    (re.compile(r"\broad\b"), "rd"),
    (re.compile(r"\bdrive\b"), "dr"),
    (re.compile(r"\blane\b"), "ln"),
    (re.compile(r"\bcourt\b"), "ct"),
    (re.compile(r"\bplace\b"), "pl"),
    (re.compile(r"\bboulevard\b"), "blvd"),
    (re.compile(r"\bcircuit\b|\bcirc?\b|\bcrct\b"), "cct"),
    (re.compile(r"\bcrescent\b|\bcresc\b"), "cres"),
    (re.compile(r"\bclose\b"), "cl"),
    (re.compile(r"\b(north|nord)\b"), "n"),
    (re.compile(r"\b(south|sued)\b"), "s"),
    (re.compile(r"\b(east|ost)\b"), "e"),
    (re.compile(r"\bwest\b"), "w"),
)
# Cologne phonetics (Postel 1969), as a table over the letter and its neighbors.
_CODES = {
    **dict.fromkeys("aeijouy", "0"),
    "b": "1",
    "p": "1",
    "d": "2",
    "t": "2",
    **dict.fromkeys("fvw", "3"),
    **dict.fromkeys("gkq", "4"),
    "l": "5",
    **dict.fromkeys("mn", "6"),
    "r": "7",
    **dict.fromkeys("sz", "8"),
}


def plain(text: str) -> str:
    """Lower case without accents; ``Müller``, ``Mueller`` and ``Muller`` become one; words apart by one space."""
    low = unicodedata.normalize("NFC", text.strip()).casefold().translate(_TRANSLITERATED)
    low = unicodedata.normalize("NFKD", low).encode("ascii", "ignore").decode()
    low = re.sub(r"(?<=[a-z])(['`])(?=[a-z])", "", low)
    return " ".join(re.sub(r"[^a-z0-9@]+", " ", low).split())


def folded(text: str) -> str:
    """``plain`` with ae, oe, ue written as a, o, u, since both stand for one umlaut."""
    return re.sub(r"([aou])e", r"\1", plain(text))


def is_nothing(text: str) -> bool:
    """Whether a value only says that there is none."""
    low = text.strip().casefold()
    return not low or low in NOTHING


def person_name(text: str) -> str:
    """A first, last or full name without titles."""
    words = folded(text).split()
    kept = [word for word in words if word not in TITLES]
    return " ".join(kept or words)


def split_name(text: str) -> tuple[str, str, str]:
    """(first, middle, last) of a full name; ``Meyer, Eva`` is read from behind the comma; particles stay with the last."""
    head, comma, tail = text.partition(",")
    words, turned = person_name(text).split(), person_name(tail).split() if comma else []
    if (
        comma
        and turned
        and len(turned) <= 3
        and len(person_name(head).split()) <= 2
        and not any(w.isdigit() or w[0].isdigit() for w in turned)
    ):
        return turned[0], " ".join(turned[1:]), person_name(head)
    if comma:
        words, more = person_name(head).split(), turned
    else:
        more = []
    if not words:
        return "", "", ""
    if len(words) == 1:
        return words[0], " ".join(more), ""
    start = len(words) - 1
    while start > 1 and words[start - 1] in PARTICLES:
        start -= 1
    return words[0], " ".join(words[1:start] + more), " ".join(words[start:])


def company(text: str) -> str:
    """A firm's name without its legal form."""
    words = folded(text).split()
    kept = [word for word in words if word not in LEGAL_FORMS]
    return " ".join(kept or words)


def street(text: str) -> str:
    """A street with its usual words shortened: ``Haupt-Straße``, ``Hauptstr.`` -> ``haupt str``."""
    low = plain(text)
    for pattern, short in _STREET_WORDS:
        low = pattern.sub(short, low)
    return " ".join(re.sub(r"([aou])e", r"\1", low).split())


def split_street(text: str) -> tuple[str, str]:
    """(street, house number) of one line: ``Hauptstr. 5 a`` or ``12 High Street``."""
    low = text.strip()
    if found := re.match(r"^(.*?\D)[\s,]+(\d+\s*(?:[a-zA-Z](?![a-zA-Z]))?(?:\s*[-/]\s*\d+\s*[a-zA-Z]?)?)$", low):
        return found[1], found[2]
    if found := re.match(r"^(\d+\s*[a-zA-Z]?(?:\s*[-/]\s*\d+)?)[\s,]+(\D.*)$", low):
        return found[2], found[1]
    return low, ""


def house_number(text: str) -> str:
    """``5 A`` -> ``5a``."""
    return (
        re.sub(r"[^a-z0-9]", "", plain(text)).removesuffix("0")
        if re.fullmatch(r"\d+\.0", text.strip())
        else re.sub(r"[^a-z0-9]", "", plain(text))
    )


def code(text: str) -> str:
    """A postcode or another code without spaces and marks; ``12345.0`` of a spreadsheet is ``12345``."""
    return re.sub(r"[^a-z0-9]", "", plain(re.sub(r"\.0$", "", text.strip())))


def postcode(text: str) -> str:
    """A postcode; a leading zero that a spreadsheet took away comes back at four figures only when others have five."""
    return re.sub(r"^([dach]{1,2})(?=\d{4,5}$)", "", code(text))


def email(text: str) -> str:
    """An address in lower case, without what follows a plus."""
    local, _, domain = text.strip().casefold().partition("@")
    return f"{local.split('+')[0]}@{domain}" if domain else ""


def phone(text: str) -> str:
    """The last nine figures of a number; they are the same with and without a country's prefix."""
    figures = re.sub(r"\D", "", re.sub(r"\(0\)", "", text))
    figures = figures.lstrip("0")
    return figures[-9:] if len(figures) >= 5 else ""


def gender(text: str) -> str:
    """``f``, ``m`` or the word itself."""
    low = plain(text)
    if low in {"f", "w", "female", "weiblich", "frau", "woman", "mrs", "ms", "miss", "fem", "fraulein"}:
        return "f"
    return "m" if low in {"m", "male", "mannlich", "maennlich", "herr", "man", "mr", "hr"} else low


@lru_cache(maxsize=1 << 16)
def sound(word: str) -> str:
    """Cologne phonetics of the longest word: ``mayer``, ``meier`` and ``maier`` sound alike."""
    letters = max(re.findall(r"[a-z]+", word), key=len, default="")
    written: list[str] = []
    for place, letter in enumerate(letters):
        before = letters[place - 1] if place else ""
        after = letters[place + 1] if place + 1 < len(letters) else ""
        written.append(_code(letter, before, after))
    joined = re.sub(r"(.)\1+", r"\1", "".join(written))
    return joined[:1] + joined[1:].replace("0", "")


def _code(letter: str, before: str, after: str) -> str:
    if letter == "h":
        return ""
    if letter == "p" and after == "h":
        return "3"
    if letter in "dt" and after and after in "csz":
        return "8"
    if letter == "x":
        return "8" if before and before in "ckq" else "48"
    if letter == "c":
        hard = after and after in ("ahkloqrux" if not before else "ahkoqux")
        return "4" if hard and before not in {"s", "z"} else "8"
    return _CODES[letter]


# Everyday short forms whose letters do not show the name; the others are found by likeness.
_NICKNAMES = {
    short: name
    for name, shorts in {
        "robert": "bob rob bobby robbie",
        "william": "bill will billy willy",
        "richard": "dick rick ricky",
        "edward": "ted ed eddie ned",
        "james": "jim jimmy jamie",
        "john": "jack johnny",
        "elizabeth": "liz lizzie beth betty eliza bess",
        "margaret": "peggy maggie meg greta",
        "catherine": "kate cathy katie kitty",
        "charles": "chuck charlie",
        "henry": "harry hank",
        "thomas": "tom tommy",
        "anthony": "tony",
        "alexander": "alex sascha sasha xander",
        "michael": "mike mick micha michi",
        "joseph": "joe sepp",
        "josef": "sepp jupp pepi",
        "johannes": "hans hannes jo",
        "johann": "hans",
        "georg": "schorsch",
        "heinrich": "heinz heiner",
        "friedrich": "fritz",
        "wilhelm": "willi",
        "maximilian": "max",
        "ulrich": "uli",
        "ulrike": "uli",
        "susanne": "susi",
        "katharina": "kathi kati",
        "elisabeth": "lisa sissi elli",
        "margarete": "grete gretel",
        "franziska": "franzi",
        "sebastian": "basti",
        "stefan": "steffen",
        "andreas": "andi",
        "antonia": "toni",
        "patricia": "pat patty",
        "dorothy": "dot dolly",
        "helen": "nell nellie",
        "theodore": "theo",
        "lawrence": "larry",
        "gerald": "gerry jerry",
    }.items()
    for short in shorts.split()
}


def nickname(name: str) -> str:
    """The name that a short form stands for, else the name itself."""
    return _NICKNAMES.get(name, name)
