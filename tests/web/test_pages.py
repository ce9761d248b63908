import re
from html import unescape

import pytest
from household import HOSTILE, LONG, QUOTE

from geleit.web.pages.journey import FORMATS


def every_path(site):
    return [
        "/",
        "/people",
        "/people?q=sommer",
        "/people?q=nobodyatall",
        site.helga,
        f"{site.helga}?stage=inform",
        site.visitor,
        f"{site.helga}/journey",
        f"{site.visitor}/journey",
        f"{site.helga}/identity",
        f"{site.visitor}/identity",
        events_of(site),
        "/accounts/till:77",
        "/journeys",
        "/journeys/flow?unit=customer",
        "/journeys/funnel?steps=product_viewed&steps=need_closed",
        "/journeys/flow/people?cell.step=1",
        "/sources",
        "/sources/quarantine",
        "/sources/quarantine?source=till",
        "/keys",
    ]


def events_of(site):
    ids = ",".join(read.event.id[:12] for read in site.workspace.read_events(site.helga.rpartition("/")[2])[:3])
    return f"{site.helga}/events?ids={ids}"


def words_of(html):
    """The page as a reader sees it."""
    bare = re.sub(r"<(script|style|title|desc)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", bare))


def test_every_page_answers_in_both_languages(site):
    for path in every_path(site):
        for language in ("de", "en"):
            answer = site.page(path, language)
            assert answer.status_code == 200, (path, answer.text[:200])
            assert f'<html lang="{language}"' in answer.text


def test_the_person_page_begins_with_the_need_and_ends_with_money(site):
    html = site.page(site.helga).text
    order = [
        html.index(mark)
        for mark in (
            "Geschirrspüler ist so laut",
            "Konfigurieren</b>",
            "höchstens 81,5 cm hoch",
            'class="strip"',
            "Alles, was geschah",
            "Geld</h2>",
        )
    ]
    assert order == sorted(order)


def test_the_person_page_tells_what_is_known_and_how_well(site):
    text = words_of(site.page(site.helga).text)
    for said in (
        f"»{QUOTE['de']}«",
        "offen seit 8 Tagen",
        "Gesagt am 14.11.2026, Laden, CRM, notiert von Frau Kern.",
        "Außerdem: Waschmaschine, erledigt am 20.11.2026",
        "? Preis, nur vermutet",
        "Frau Kern",
        "Höhe nachmessen",
        "von Frau Kern, fällig 23.11.2026",
        "gehalten am 27.02.2026",
        "nein, 02.03.2026, Website",
        "Shift: arbeitet im Schichtdienst? vermutet",
        "Ort: Kassel auch: Göttingen (Kasse, 12.03.2019)",
        "Sommer & Wintertag GmbH & Co. KG",
        "Garantie bis 19.02.2028",
        "1.318,90 € in 2 Aufträgen",
        "9 Ereignisse in 8 Minuten",
        "232 Tage ohne Ereignis" if "232 Tage" in site.page(site.helga).text else "Tage ohne Ereignis",
    ):
        assert said in text, said


def test_hostile_text_is_shown_as_text_everywhere(site):
    for path in (site.helga, f"{site.helga}/journey", f"{site.helga}/identity", "/people"):
        html = site.page(path).text
        assert "<script>alert" not in html
    assert HOSTILE in unescape(site.page(site.helga).text)


def test_a_search_finds_by_name_number_and_words_and_keeps_the_question(site):
    for question in ("Sommer", "4711", "Arbeitsplatte"):
        html = site.page(f"/people?q={question}").text
        assert f'href="{site.helga}"' in html, question
        assert f'value="{question}"' in html
    assert "passt niemand" in site.page("/people?q=nobodyatall").text


def test_people_are_listed_with_their_need(site):
    text = words_of(site.page("/people").text)
    assert LONG in text
    assert "noch keiner bekannt" in text
    assert f"»{QUOTE['de']}«" in text


def test_every_event_can_be_reached_by_going_older(site):
    seen, path = set(), site.visitor
    for _ in range(10):
        html = site.page(path).text
        for ids in re.findall(r"/events\?ids=([0-9a-f,]+)", html[html.index('id="timeline"') : html.index("<aside")]):
            seen.update(ids.split(","))
        older = re.search(r'href="([^"]+)" rel="next"', html)
        if not older:
            break
        path = unescape(older[1]).partition("#")[0]
    everything = site.workspace.read_events(site.visitor.rpartition("/")[2])
    assert seen == {read.event.id[:12] for read in everything}
    assert "Hier fängt alles an." in html


def test_months_and_days_lead_into_the_timeline(site):
    html = site.page(f"{site.visitor}?day=2025-03-05").text
    first = re.search(r'<time datetime="([^"]+)"', html)
    assert first is not None
    assert first[1].startswith("2025-03-05")
    assert site.page(f"{site.visitor}?day=nonsense").status_code == 200
    assert site.page(f"{site.visitor}?from=nonsense&stage=none").status_code == 200


def test_filters_show_what_their_number_says(site):
    html = site.page(site.helga).text
    links = re.findall(r'<a href="([^"]+)"><span>([^<]+)</span><span class="num">(\d+)</span>', html)
    assert len(links) > 8
    for href, label, count in links:
        shown = words_of(site.page(unescape(href).partition("#")[0]).text)
        assert f"{count} von " in shown, (label, count)


def test_a_step_opens_its_events_with_source_times_and_raw_record(site):
    html = site.page(f"{site.helga}/journey").text
    href = re.search(rf'href="({re.escape(site.helga)}/events\?ids=[0-9a-f,]+)"', html)
    assert href is not None
    text = words_of(site.page(unescape(href[1])).text)
    for said in ("Wann", "14.11.2026, 10:15", "CRM", "Uns bekannt seit", "Kennungen", "crm.customer_no: 4711", "topic"):
        assert said in text, said
    assert "need_opened" in text
    assert '"art"' in text


def test_unknown_events_and_those_of_others_are_not_found(site):
    other = site.workspace.read_events(site.visitor.rpartition("/")[2])[0].event.id
    assert site.page(f"{site.helga}/events?ids={other}").status_code == 404
    assert site.page(f"{site.helga}/events?ids=").status_code == 404
    assert site.page(f"{site.helga}/events").status_code == 404


def test_the_map_and_its_table_say_the_same(site):
    html = site.page(f"{site.helga}/journey").text
    journey = site.workspace.journey(site.helga.rpartition("/")[2], None, "de")
    assert html.count('class="m-hit"') >= 2 * len(journey.steps)
    table = html[html.index('<table class="twin') :]
    assert table.count('<th scope="row"') == len(journey.steps)
    for step in journey.steps:
        assert step.text in unescape(table)


@pytest.mark.parametrize("form", FORMATS)
def test_the_map_can_be_taken_along(site, form):
    answer = site.page(f"{site.helga}/journey.{form}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert len(answer.content) > 500
    assert "script-src" not in answer.headers["content-security-policy"]


def test_other_forms_needs_people_and_pages_are_not_found(site):
    for path in (
        "/nothing",
        "/people/nobody@nowhere.example",
        f"{site.helga}/journey?need=none",
        f"{site.helga}/journey.exe",
        "/accounts/none",
        "/sources/quarantine?source=none",
        "/static/../app.py",
        "/static/fonts/none.woff2",
    ):
        answer = site.page(path)
        assert answer.status_code == 404, path
    text = words_of(site.page("/people/nobody@nowhere.example").text)
    assert "nobody@nowhere.example" in text
    assert "Das gibt es hier nicht" in text


def test_keys_of_a_person_lead_to_the_one_page(site):
    answer = site.page("/people/crm.customer_no:4711")
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(site.helga)


def test_identity_tells_the_chain_between_two(site):
    text = words_of(site.page(f"{site.helga}/identity?a=web.anonymous_id:a-9f31&b=loyalty_card:22047718").text)
    assert "Von Browser (web) bis Kundenkarte führen 2 Belege." in text
    assert "Kundennummer (crm) 4711" in text


def test_the_account_names_its_people(site):
    text = words_of(site.page("/accounts/till:77").text)
    assert "Sommer & Wintertag GmbH & Co. KG" in text
    assert "Helga Sommer" in text
    assert "10.11.2026" in text


def test_quarantine_tells_why_and_what_helps(site):
    text = words_of(site.page("/sources/quarantine").text)
    assert "1 Datensatz braucht eine Antwort" in text
    assert "Der Zeitpunkt ist nicht lesbar" in text
    assert "time_format" in text
    assert "geleit quarantine repair 1" in text
    assert "exports/till.csv:7" in text


def test_an_empty_workspace_says_what_to_do_next(empty_site):
    text = words_of(empty_site.page("/").text)
    assert "geleit source guess" in text
    assert "geleit import" in text
    for path in ("/people", "/sources", "/sources/quarantine", "/keys", "/people?q=x"):
        assert empty_site.page(path).status_code == 200


def test_pages_link_only_to_what_exists(site):
    seen, waiting = set(), ["/"]
    while waiting and len(seen) < 120:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = site.client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        if "html" in answer.headers["content-type"]:
            found = (unescape(href).partition("#")[0] for href in re.findall(r'href="(/[^"]*)"', answer.text))
            waiting += [href for href in found if href not in seen and not re.search(r"journey\.(png|pdf)", href)]
    assert len(seen) > 60
