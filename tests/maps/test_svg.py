import re
import xml.etree.ElementTree as ET

import pytest
from map_events import LONG, context_of, long_journey
from map_washing import washing_machine

from geleit.maps.scene import Node, Scene, Text
from geleit.maps.style import literal, page_css, rules
from geleit.maps.svg import inline, scrolled, standalone
from geleit.maps.tall import tall
from geleit.maps.type import FONTS
from geleit.maps.wide import wide

SVG = "{http://www.w3.org/2000/svg}"
HREF = "/people/4711/events?ids={ids}"


def parsed(text):
    return ET.fromstring(text)  # noqa: S314 (our own output)


@pytest.mark.parametrize("shape", [wide, tall])
def test_every_step_is_a_link_to_its_events_with_its_whole_text(shape):
    journey = washing_machine("en")
    links = parsed(inline(shape(journey), href=HREF)).findall(".//a")
    assert len(links) == 18
    for link, step in zip(links, journey.steps, strict=True):
        assert link.get("href") == f"/people/4711/events?ids={','.join(step.event_ids)}"
    label = links[12].get("aria-label")
    for part in (
        "Step 13 of 18: negotiates price and day",
        "19 Feb 2026, 09:00",
        "phone",
        "Stage: Configure",
        "contact",
        "Evidence: Phone system: and CRM",
        "Feeling: said: +1, Phone system",
        "Ms Kern is there",
        "Judges by: expects: delivery on Friday",
        "Promise: delivery on Friday (Ms Kern, due 27 Feb)",
        "not designed",
        "Opportunity: the same person at the phone",
    ):
        assert part in label
    assert "Feeling: not asked" in links[1].get("aria-label")


def test_a_page_s_picture_carries_no_style_of_its_own():
    text = inline(wide(washing_machine()), href=HREF)
    assert "style" not in re.sub(r'aria-label="[^"]*"', "", text)
    assert re.search(r"#[0-9a-f]{6}", text) is None


def test_every_role_has_a_rule():
    journey = long_journey(18, "en")
    used = set()
    for scene in (wide(washing_machine()), tall(washing_machine()), wide(journey), tall(journey)):
        used |= set(re.findall(r'class="(m-[^"]+)"', inline(scene, href=HREF)))
    classes = {name for one in used for name in one.split()}
    assert classes <= set(rules(literal("light")))


def test_the_stylesheet_of_pages_is_what_the_rules_say():
    assert (FONTS.parent / "map.css").read_text("utf-8") == page_css()


def test_themes_differ_only_in_their_style():
    scene = wide(washing_machine())
    bodies = {standalone(scene, theme, embed=False).split("</style>")[1] for theme in ("light", "dark", "print")}
    assert len(bodies) == 1
    assert "#141a1c" in standalone(scene, "dark", embed=False)
    assert "var(" not in standalone(scene, "dark")


def test_a_picture_alone_has_its_letters_inside_and_leads_nowhere():
    text = standalone(wide(washing_machine("de")))
    assert text.count("@font-face") == 4
    assert parsed(text).findall(f".//{SVG}a") == []
    groups = [group for group in parsed(text).iter(f"{SVG}g") if group.get("role") == "img"]
    assert len(groups) == 18


def test_words_of_people_cannot_break_out():
    scene = Scene(100, 20, (Text(0, 12, "<script>&\x00", 12), Node(1, ("a&b",), '"<i>', (), 50, 10)), "<t>", "&", "en")
    for text in (standalone(scene, embed=False), inline(scene, href=HREF)):
        assert "<script>" not in text
        assert "<i>" not in text
        parsed(text)


def test_a_cut_text_keeps_its_whole_in_its_title():
    scene = Scene(100, 20, (Text(0, 12, "Donau…", 12, full=LONG["de"]),), "", "", "de")
    assert parsed(standalone(scene, embed=False)).find(f".//{SVG}text/{SVG}title").text == LONG["de"]


def test_a_scrolling_picture_keeps_its_heads():
    text = scrolled(long_journey(60, "en"), href=HREF)
    heads = parsed(text).findall("svg")[1]
    assert heads.get("class") == "map map-heads"
    said = [one.text for one in heads.iter("text")]
    assert "Feeling" in said
    assert "Our touchpoints" in said
    assert "1" not in said


def test_names_of_pictures_are_the_need():
    scene = wide(washing_machine("en"))
    root = parsed(standalone(scene, embed=False))
    assert root.find(f"{SVG}title").text == "“I need a new washing machine before the children come to visit.”"
    assert "10\u00a0are in the log" in root.find(f"{SVG}desc").text
    assert context_of("en").customer_name in root.find(f"{SVG}desc").text
