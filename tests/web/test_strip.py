import itertools
import re

import pytest

from geleit.clock import DAY
from geleit.web.lines import Mark
from geleit.web.reader import Reader
from geleit.web.strip import STEP, Frame, Head, Point, Strand, strip

READER = Reader("de", "Europe/Berlin", "EUR", ("de", "en"))
HEADS = [Head(name, f"tone-{n}") for n, name in enumerate(["Bedarf", "Informieren", "Konfigurieren", "Bestellen"])]


def point(n, level=0, **changed):
    mark = Mark(f"tone-{level}", changed.pop("evidence", "log"), contact=True, escorted=changed.pop("escorted", False))
    return Point(n * DAY, level, mark, f"Schritt {n}", f"{n:012x}", **changed)


def strand(*points, **changed):
    return Strand(changed.pop("name", "Waschmaschine"), "offen seit 8 Tagen", points, **{"open": False} | changed)


def drawn(strands, width=1168):
    return strip(strands, HEADS, Frame(width, "/people/1/events", "Reise", READER))


def places(picture):
    return [float(x) for x in re.findall(r'class="nd" cx="([\d.]+)"', picture)]


def test_each_step_is_a_link_to_its_events_with_a_name():
    found = drawn([strand(point(1), point(2, 1))])
    picture = found.picture
    assert (found.left_out, found.earlier) == (0, 0)
    assert re.findall(r'href="([^"]+)" aria-label="([^"]+)"', picture) == [
        ("/people/1/events?ids=000000000001", "Schritt 1"),
        ("/people/1/events?ids=000000000002", "Schritt 2"),
    ]


@pytest.mark.parametrize("width", [358, 656, 1168])
@pytest.mark.parametrize("count", [1, 3, 18, 60, 400])
def test_steps_never_leave_the_picture_nor_stand_closer_than_can_be_pressed(width, count):
    picture = drawn([strand(*(point(n, n % 4) for n in range(count)), open=True)], width).picture
    found = places(picture)
    assert all(0 <= x <= width - 12 for x in found)
    assert all(b - a >= STEP - 1e-6 for a, b in itertools.pairwise(found))


def test_what_is_folded_or_left_out_is_counted():
    picture = drawn([strand(*(point(n, 1) for n in range(100)))], 358).picture
    assert "100&#215;" in picture
    found = drawn([strand(*(point(n, n % 4) for n in range(100)))], 358)
    assert len(places(found.picture)) + found.earlier == 100


def test_older_needs_that_find_no_room_are_told():
    many = [strand(*(point(n) for n in range(10)), name=f"Bedarf {k}") for k in range(9)]
    found = drawn(many)
    picture = found.picture
    assert found.left_out > 0
    assert "Bedarf 8" in picture
    assert "Bedarf 0" not in picture


def test_a_gap_is_drawn_as_not_known_and_the_escort_as_a_thin_line():
    picture = drawn([strand(point(1), point(2, evidence="gap"), point(3, escorted=True))]).picture
    assert picture.count('class="path unsure"') == 2
    assert picture.count('class="with"') == 1


def test_texts_of_people_cannot_break_out():
    picture = drawn([strand(point(1), name='<script>"&')]).picture
    assert "<script" not in picture
