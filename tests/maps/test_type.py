import pytest
from hypothesis import given
from hypothesis import strategies as st

from geleit.maps.type import syllables, width, wrap

words = st.text(st.characters(categories=["L", "N", "P"], max_codepoint=0x2FF), min_size=1, max_size=40)


def bare(lines):
    return "".join(lines).replace("-", "").replace(" ", "")


def test_width_is_the_sum_of_what_the_font_says():
    assert width("iiii", "record", 12) < width("mmmm", "record", 12)
    assert width("ab", "record", 24) == pytest.approx(2 * width("ab", "record", 12))
    assert width("Konfigurieren", "strong", 12) > width("Konfigurieren", "record", 12)


def test_letters_our_fonts_lack_are_reckoned_wide():
    assert width("\u4e2d", "record", 12) == pytest.approx(12)


def test_compounds_break_at_their_joints():
    assert wrap("Bewertungsportal", "record", 12, 70).lines == ("Bewertungs-", "portal")
    assert wrap("Telefonanlage", "record", 12, 60).lines == ("Telefon-", "anlage")
    assert wrap("Konfigurieren", "strong", 12, 63).lines == ("Konfigu-", "rieren")


def test_lines_break_after_hyphens_and_slashes_before_syllables():
    assert wrap("Elektronik-Markt", "record", 12, 60).lines == ("Elektronik-", "Markt")
    assert wrap("Abholung/Aufbau", "record", 12, 60).lines == ("Abholung/", "Aufbau")


def test_a_no_break_space_holds():
    assert wrap("zwei\u00a0drei vier", "record", 12, 50).lines == ("zwei\u00a0drei", "vier")


def test_beyond_the_limit_an_ellipsis_says_that_something_is_missing():
    wrapped = wrap("eins zwei drei vier fünf", "record", 12, 30, 2)
    assert wrapped.cut
    assert len(wrapped.lines) == 2
    assert wrapped.lines[-1].endswith("…")


def test_syllables_leave_three_letters_on_either_side():
    assert all(3 <= place <= len("Waschmaschine") - 3 for place in syllables("Waschmaschine"))


@given(st.lists(words, min_size=1, max_size=8), st.floats(14, 200))
def test_no_line_is_wider_than_allowed_and_nothing_is_lost(given_words, room):
    text = " ".join(given_words)
    wrapped = wrap(text, "record", 12, room, 10_000)
    assert not wrapped.cut
    assert bare(wrapped.lines) == bare(text.replace("\u00ad", "").split())
    assert all(width(line, "record", 12) <= room + 0.01 or len(line) <= 2 for line in wrapped.lines)
