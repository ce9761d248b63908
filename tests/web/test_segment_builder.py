"""The builder's lists: what the workspace knows is chosen, not typed; several values each as a field of their own."""

import re
from html import unescape

import pytest
import yaml
from test_segments import own, post  # noqa: F401 (a fixture)

from geleit.segments.definition import Segment
from geleit.web.segments.rows import Row, _plain, drawn

NEW = "/segments/new"


def lists(page, field):
    """The values offered by each select of a field."""
    selects = re.findall(rf'<select name="{re.escape(field)}">(.*?)</select>', page.text, re.DOTALL)
    return [re.findall(r'<option value="([^"]*)"', one) for one in selects]


def chosen(page, field):
    selects = re.findall(rf'<select name="{re.escape(field)}">(.*?)</select>', page.text, re.DOTALL)
    return [value for one in selects for value in re.findall(r'<option value="([^"]*)" selected>', one)]


def test_kinds_channels_sources_and_needs_are_lists_of_what_the_workspace_knows(own):  # noqa: F811
    page = own.page(NEW, "en")
    assert {"question_asked", "page_viewed", "order_completed"} <= set(lists(page, "0.did")[0])
    happened = re.search(r'<optgroup label="It happened here">(.*?)</optgroup>', page.text, re.DOTALL)
    assert 'value="page_viewed"' in happened[1]
    assert 'value="order_refunded"' not in happened[1]
    assert set(own.workspace.definitions.sources) <= set(lists(page, "0.source")[0])
    assert "web" in lists(page, "0.channel")[0]
    assert 'value="30 days"' in page.text
    needs = post(own, NEW, row="0", **{"0.kind": "did", "0.did": "visit"}, action="add need")
    topics = [rule.topic for rule in own.workspace.definitions.needs.needs]
    assert lists(needs, "1.need")[0] == ["any", *topics]
    traits = post(own, NEW, row="0", **{"0.kind": "did", "0.did": "visit"}, action="add trait")
    assert "city" in lists(traits, "1.trait")[0]


def test_several_values_are_fields_of_their_own_and_any_of_them_will_do(own):  # noqa: F811
    row = {"row": "0", "0.kind": "did", "0.did": ["question_asked", "contact_made", "question_asked", ""]}
    page = post(own, NEW, **row, **{"0.channel": ["web", "phone"]}, action="look")
    assert page.status_code == 200
    assert chosen(page, "0.did") == ["question_asked", "contact_made"]
    assert len(lists(page, "0.did")) == 3  # one more to choose
    assert chosen(page, "0.channel") == ["web", "phone"]
    saved = post(own, NEW, **row, **{"0.channel": ["web", "phone"]}, action="save", name="both", author="Anja Kern")
    assert saved.status_code == 303
    who = yaml.safe_load((own.workspace.root / "segments" / "both.yaml").read_text())["who"]
    assert who == {"did": ["question_asked", "contact_made"], "channel": ["web", "phone"]}
    again = own.page("/segments/both/edit")
    assert chosen(again, "0.channel") == ["web", "phone"]


def test_a_value_with_a_comma_stays_one_value(own):  # noqa: F811
    row = {"row": "0", "0.kind": "orders", "0.products": ["Trommel, 8 kg", "Ablauf"]}
    page = post(own, NEW, **row, action="look")
    assert page.status_code == 200
    found = [unescape(one) for one in re.findall(r'name="0.products" value="([^"]*)"', page.text)]
    assert found == ["Trommel, 8 kg", "Ablauf", ""]
    assert _plain(Row("orders", values={"products": ("Trommel, 8 kg",)}))["products"] == "Trommel, 8 kg"


def test_german_spans_days_and_amounts_become_what_files_say(own):  # noqa: F811
    rows = {"row": ["0", "1", "2"], "0.kind": "did", "0.did": "visit", "0.span": "90 Tage"}
    rows |= {"1.kind": "orders", "1.amount": "1.500,00 EUR", "1.span": "1 Jahr"}
    rows |= {"2.kind": "trait", "2.trait": "city", "2.compare": "before", "2.value": "vor 30 Tagen"}
    saved = post(own, NEW, **rows, action="save", name="german", author="Anja Kern")
    assert saved.status_code == 303
    said = yaml.safe_load((own.workspace.root / "segments" / "german.yaml").read_text())["who"]["all"]
    assert (said[0]["within"], said[1]["spent_at_least"], said[1]["within"]) == ("90 days", "1500.00 EUR", "1 year")
    assert said[2]["before"] == "30 days ago"
    page = own.page("/segments/german/edit", "de").text
    for shown in ("90 Tage", "1 Jahr", "vor 30 Tagen"):
        assert f'value="{shown}"' in page


@pytest.mark.parametrize(
    "who",
    [
        {"did": ["visit", "page_viewed"], "channel": ["web"], "source": "crm", "within": "36 hours"},
        {"need": ["repair", "contact"], "stage": ["inform", "order"], "stage_for": "3 days"},
        {"orders": "any", "products": ["a, b", "c"], "spent_at_least": "500 EUR"},
        {"sequence": [{"did": ["visit", "page_viewed"]}, {"did": "order_completed"}], "within": "14 days"},
        {"trait": "warranty_until", "within_next": "30 days"},
    ],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_what_rows_show_is_what_the_file_said(who, language):
    segment = Segment.model_validate({"who": who})
    draft = drawn("x", segment, language, "")
    assert draft is not None
    assert Segment.model_validate({"who": draft.tree(language)["who"]}).digest == segment.digest


@pytest.mark.parametrize(
    "fields",
    [
        {"0.did": "visit", "0.span": "bald"},
        {"0.did": "visit", "0.count": "oft"},
        {"0.did": "visit", "0.property": "price", "0.compare": "above", "0.value": "viel"},
        {"0.did": "visit", "0.property": "price", "0.compare": "is"},
        {"0.did": "visit", "0.property": "day", "0.compare": "before", "0.value": "irgendwann"},
        {"0.did": "visit", "0.property": "day", "0.compare": "before", "0.value": "vor 3 Tagen"},
        {"0.did": "quesion_asked"},
        {"0.kind": "need", "0.need": "no_topic"},
        {"0.kind": "need", "0.need": "any", "0.stage": "nowhere"},
        {"0.kind": "segment", "0.segment": "akded"},
        {"0.kind": "orders", "0.amount": "viel Geld"},
        {"0.did": "visit", "name": "Großes"},
        {"0.did": "visit", "name": "asked"},
        {"0.did": "visit", "author": ""},
    ],
)
def test_what_is_wrong_is_said_in_german_wholly(own, fields):  # noqa: F811
    given = {"row": "0", "0.kind": "did", "name": "mine", "author": "Anja Kern", "action": "save"} | fields
    page = post(own, NEW, **given)
    assert page.status_code == 422
    told = re.search(r'<div class="wrong" role="alert">(.*?)</div>', page.text, re.DOTALL)[1]
    assert 'lang="en"' not in told
    assert not re.search(r"\b(the|did you|write|nothing was|Input|there is)\b", told), told
