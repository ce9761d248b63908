from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from map_events import CATALOGUE, at, context_of, need_of, read, step
from map_washing import washing_machine
from test_reading import journey

import geleit.language.words
import geleit.maps.sentences
from geleit.maps.reading import read_journey
from geleit.maps.sentences import evidence_sentence, judged, period, place, quoted

ROOM = Path(geleit.maps.sentences.__file__).parent
PO = Path(geleit.language.words.__file__).parent / "de" / "maps.po"
KEYWORDS = {"translate": (2,), "plural": (2, 3)}


def test_every_text_of_the_room_is_german_too():
    asked = set()
    for module in ROOM.glob("*.py"):
        with module.open("rb") as source:
            asked |= {message for _, message, _, _ in extract("python", source, keywords=KEYWORDS)}
    with PO.open("rb") as text:
        known = {message.id: message.string for message in read_po(text, locale="de") if message.id}
    assert asked == set(known)
    assert all(all(string) if isinstance(string, tuple) else string for string in known.values())


def steps_of(*evidences):
    events = [
        step(str(at_), f"2026-03-0{at_ + 1}T10:00", "contact_made", evidence=one) for at_, one in enumerate(evidences)
    ]
    return journey(*events), journey(*events, language="de")


@pytest.mark.parametrize(
    ("evidences", "english", "german"),
    [
        (["log"], "Its one step is in the log.", "Der eine Schritt steht im Protokoll."),
        (["log", "log"], "All 2 steps are in the log.", "Alle 2 Schritte stehen im Protokoll."),
        (
            ["log", "told", "told"],
            "Of 3 steps 1 is in the log, 2 were told.",
            "Von 3 Schritten ist 1 im Protokoll, 2 erzählt.",
        ),
        (
            ["public", "public", "gap"],
            "Of 3 steps 2 are public, 1 is a gap: we do not know what happened there.",
            "Von 3 Schritten sind 2 öffentlich, 1 eine Lücke: Wir wissen nicht, was dort geschah.",
        ),
    ],
)
def test_the_evidence_sentence_counts_correctly(evidences, english, german):
    found = [evidence_sentence(one).replace("\u00a0", " ") for one in steps_of(*evidences)]
    assert found == [english, german]


def test_the_washing_machine_s_sentence():
    assert evidence_sentence(washing_machine("en")).replace("\u00a0", " ") == (
        "Of 18 steps 10 are in the log, 3 were told, 1 is public, 4 are gaps: we do not know what happened there."
    )


def test_the_period_says_how_it_ended():
    assert period(washing_machine("de")) == "Helga Sommer, 09.02.2026 bis 20.11.2026, erledigt nach eigenem Wort."
    events = [step("a", "2026-03-01T10:00", "contact_made")]
    still = read_journey(read(events), need_of(events, closed=False), catalogue=CATALOGUE, context=context_of("en"))
    assert period(still) == "Helga Sommer, since 1 Mar 2026, still open."
    assert still.opened_at == at("2026-03-01T10:00")


def test_signs_and_quotation_marks():
    assert judged(2, "en") == "+2"
    assert judged(-1.5, "de") == "\u22121,5"
    assert quoted("„schon gut“", "en") == "“schon gut”"


def test_a_place_says_nothing_twice():
    assert place(washing_machine("de").steps[12], "de") == "Telefon, Eigene Kontaktpunkte"
