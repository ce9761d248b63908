"""Words of texts: the same for a name that is remembered as for a letter that is not."""

import sys

from geleit.customers import tokens


def test_a_long_text_has_its_first_words_and_is_not_remembered():
    words = [f"wort{number}" for number in range(tokens.MOST + 20)]
    text = " ".join(words) * 100
    before = sys.getrefcount(text)
    assert len(text) > tokens.NAME
    assert tokens.of_text(text) == tuple(sorted(words[: tokens.MOST]))
    assert sys.getrefcount(text) == before


def test_a_name_is_taken_apart_once():
    assert tokens.of_text("Müller & Söhne") is tokens.of_text("Müller & " + "Söhne")
