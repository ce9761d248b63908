import re
from html import unescape
from pathlib import Path

from babel.messages.extract import extract_from_dir
from test_pages import every_path, words_of

import geleit.web
from geleit.language.words import translations

KEYWORDS = {"say": None, "counted": (1, 2), "_": None, "ngettext": (1, 2), "words": None}


def sources():
    """Every text of ours in code and templates."""
    folder = str(Path(geleit.web.__file__).parent)
    found = extract_from_dir(
        folder,
        method_map=[("**.py", "python"), ("templates/**.html", "jinja2")],
        options_map={"**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}},
        keywords=KEYWORDS,
    )
    return {message for _, _, message, _, _ in found if message}


def test_every_text_has_its_german():
    german = translations("de")
    for message in sources():
        if isinstance(message, tuple):
            one, many = message
            assert (one, 0) in german._catalog, one
            assert german.ngettext(one, many, 2) or many
        else:
            assert message in german._catalog, message


def test_translations_fill_in_what_their_source_fills_in():
    german = translations("de")
    for message in sources():
        one, many = message if isinstance(message, tuple) else (message, message)
        told = {german.ngettext(one, many, n) for n in (1, 2)} if one != many else {german.gettext(one)}
        for text in told:
            assert set(re.findall(r"{(\w+)}", text)) <= set(re.findall(r"{(\w+)}", one + many)), one


def test_no_english_is_left_on_german_pages(site):
    english = {m for m in sources() if isinstance(m, str) and " " in m and "{" not in m}
    same = {m for m in english if translations("de").gettext(m) == m}
    for path in every_path(site):
        text = words_of(site.page(path).text)
        left = [m for m in english - same if re.search(rf"\b{re.escape(m)}\b", text)]
        assert not left, (path, left)


def test_the_company_chooses_first_then_the_reader(site):
    assert '<html lang="de"' in site.client.get("/keys").text or site.client.cookies
    site.client.cookies.clear()
    assert '<html lang="de"' in site.client.get("/keys").text
    answer = site.client.get("/keys?lang=en")
    assert '<html lang="en"' in answer.text
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert '<html lang="en"' in site.client.get("/keys").text
    assert '<html lang="de"' in site.client.get("/keys?lang=de").text
    assert '<html lang="de"' in site.client.get("/keys?lang=tlh").text
    site.client.cookies.clear()


def test_the_switch_keeps_the_page_and_its_choice(site):
    html = site.page(f"{site.helga}?stage=inform").text
    switch = re.search(r'class="tongue" href="([^"]+)"', html)
    assert switch is not None
    assert unescape(switch[1]) == "?stage=inform&lang=en"
