"""What a search shows of each person, and what the start page offers to search for."""

import re
from html import unescape

import pytest
from household import HOSTILE, LONG, Teller
from test_pages import words_of

from geleit.needs.need import Need
from geleit.web.pages.people import fitting


def need_of(site, topic):
    return next(one.id for one in site.workspace.needs(site.helga.rpartition("/")[2]) if one.topic == topic)


@pytest.mark.parametrize(
    ("language", "label"), [("de", "Reisekarte: Waschmaschine"), ("en", "Journey map: Washing machine")]
)
def test_a_hit_leads_to_the_journey_of_the_need_spoken_of(site, language, label):
    html = site.page("/people?q=neue+waschmaschine", language).text
    link = re.search(rf'<a class="small" href="([^"]+)">{label}</a>', html)
    assert link is not None
    assert unescape(link[1]) == f"{site.helga}/journey?need={need_of(site, 'washing_machine')}"
    assert "Ich brauche eine neue Waschmaschine." in html if language == "de" else "»" not in html


def test_a_hit_by_name_has_no_need_to_lead_to(site):
    assert 'class="small" href' not in site.page("/people?q=Sommer").text


def test_products_and_records_are_named_as_what_they_are(site):
    assert "gekauft oder angesehen: modell" in words_of(site.page("/people?q=Modell").text)
    assert "im Protokoll: reparatur" in words_of(site.page("/people?q=Reparatur").text)
    assert "in the record: repair" in words_of(site.page("/people?q=repair+within", "en").text)


def test_of_two_needs_the_one_with_more_of_the_words_fits_then_the_newer():
    def need(id_, quote):
        return Need(id_, "t", 0, None, "", quote, "", ())

    needs = [need("a", "Es brummt. Mein Kühlschrank ist zu laut."), need("b", "Der Herd ist zu laut")]
    labels = {"t": "Haushalt"}
    fit = fitting(needs, labels, [("kuehlschrank", "kuhlschrank"), ("laut",)])
    assert (fit.need.id, fit.sentence) == ("a", "Mein Kühlschrank ist zu laut.")
    assert fitting(needs, labels, [("laut",)]).need.id == "b"
    assert fitting(needs, labels, [("haush",)]).sentence == ""
    assert fitting(needs, labels, [("anders",)]) is None
    assert fitting([], {}, [("laut",)]) is None


def test_the_start_page_offers_names_and_words_never_numbers(site):
    html = site.page("/").text
    offered = re.search(r'class="small q2 examples">(.*?)</p>', html, re.DOTALL)[1]
    assert re.findall(r">([^<]+)</a>", offered) == ["Helga Sommer", "»Geschirrspüler«"]
    for href in re.findall(r'href="([^"]+)"', offered):
        assert site.helga in site.page(unescape(href)).text


def test_the_person_page_leads_to_the_map_of_each_need_and_names_the_person(site):
    html = site.page(site.helga).text
    assert re.findall(r'<a class="btn( go)?" href="[^"]+need=(\w+)">Reisekarte: (\w+)</a>', html) == [
        (" go", need_of(site, "dishwasher"), "Geschirrspüler"),
        ("", need_of(site, "washing_machine"), "Waschmaschine"),
    ]
    assert re.search(r'class="crumb">.* / Helga Sommer</p>', html)
    assert re.search(rf'class="crumb">.* / Änne {LONG}</p>', site.page(site.visitor).text)


def test_what_is_said_and_happened_in_the_same_words_stands_once(site):
    row = site.page(site.helga).text.partition('class="timeline"')[2].partition("</article>")[0]
    assert words_of(row).count(HOSTILE) == 1
    assert re.search(r'class="said"><a class="open" href="[^"]+/events', row)
    asked = next(one.event.id for one in site.workspace.read_events(site.helga.rpartition("/")[2]) if one.event.properties.get("words") == HOSTILE)  # fmt: skip
    head = site.page(f"{site.helga}/events?ids={asked}").text.partition('class="event-head"')[2].partition("<dl")[0]
    assert words_of(head).count(HOSTILE) == 1


def test_orders_without_lines_need_no_column_for_them(site, empty_site):
    one = Teller(("crm.customer_no", "5"))
    one.tell("till", "2026-01-02T10:00", "order_completed", order_id="A-5", total=5, currency="EUR")
    empty_site.workspace.intake.accept(one.events)
    html = empty_site.page(f"/people/{empty_site.workspace.customer('crm.customer_no:5')}").text
    assert "A-5" in html
    assert 'data-name="Was"' not in html
    assert 'data-name="Was"' in site.page(site.helga).text
