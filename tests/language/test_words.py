import re

import pytest
from babel.messages.pofile import read_po

from geleit.clock import DAY, SECOND
from geleit.language.formats import money, number, span, stamp
from geleit.language.words import FOLDER, plural, translate

CATALOGS = sorted((FOLDER / "de").glob("*.po"))
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def messages():
    for path in CATALOGS:
        with path.open("rb") as text:
            yield from ((path.name, message) for message in read_po(text, locale="de") if message.id)


@pytest.mark.parametrize(("name", "message"), list(messages()))
def test_every_text_has_its_german_with_the_same_places_to_fill(name, message):
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    assert all(strings), (name, ids)
    wanted = set(PLACEHOLDER.findall(" ".join(ids)))
    assert set(PLACEHOLDER.findall(" ".join(strings))) <= wanted, (name, ids)
    assert not message.fuzzy


def test_no_text_is_translated_in_two_ways():
    seen = {}
    for name, message in messages():
        assert seen.setdefault(str(message.id), str(message.string)) == str(message.string), (name, message.id)


def test_unknown_texts_and_languages_stay_english():
    assert translate("de", "no such text") == "no such text"
    assert plural("fr", "{count} step", "{count} steps", 2) == "2 steps"


def test_numbers_dates_and_money_are_written_as_the_reader_writes_them():
    assert (number(1234.5, "de"), number(1234.5, "en")) == ("1.234,5", "1,234.5")
    assert money(74900, "EUR", "de").replace("\xa0", " ") == "749,00 €"
    assert money(500, "JPY", "en") == "¥500"
    assert span(3 * DAY, "de") == "3 Tage"
    assert span(2 * 3600 * SECOND, "en") == "2 hours"
    assert stamp(1792891800000000, "de", "Europe/Berlin") == "25.10.2026, 02:30"
