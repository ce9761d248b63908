import pytest

from geleit.errors import NotFoundError


@pytest.fixture
def _people(happens):
    happens(
        1,
        "identified",
        "crm.customer_no:4711 email:Helga.Sommer@example.de phone:0561/448217",
        traits={"first_name": "Helga", "last_name": "Müller-Sommer"},
    )
    happens(2, "identified", "crm.customer_no:4712", traits={"name": "Bernd Mueller"})
    happens(3, "question_asked", "crm.customer_no:4712", text="Ist die Maschine zu laut?")
    happens(4, "order_completed", "crm.customer_no:4711", order_id="B-2026-77", total=1)
    happens(5, "order_completed", "crm.customer_no:4711", order_id="2026-10042", total=1)


def names(workspace, query):
    return {hit.name for hit in workspace.find(query)}


@pytest.mark.usefixtures("_people")
@pytest.mark.parametrize("query", ["Müller", "mueller", "MULLER", "mül", "Bernd Müller"])
def test_umlauts_are_found_however_they_are_written(workspace, query):
    assert "Bernd Mueller" in names(workspace, query)


@pytest.mark.usefixtures("_people")
@pytest.mark.parametrize(
    "query",
    [
        "helga",
        "Sommer Helga",
        "helga.sommer@example.de",
        "0561 44 82 17",
        "+49 (0)561 448217",
        "+49 561 448217",
        "4711",
        "B-2026-77",
        "2026-10042",
    ],
)
def test_one_person_is_found_by_all_that_is_known(workspace, query):
    assert names(workspace, query) == {"Helga Müller-Sommer"}


@pytest.mark.usefixtures("_people")
def test_a_sentence_someone_said_is_found_and_said_why(workspace):
    (hit,) = workspace.find("zu laut")
    assert (hit.name, hit.why) == ("Bernd Mueller", "words")


@pytest.mark.usefixtures("_people")
@pytest.mark.parametrize("query", ["", "   ", "x", "nobody", "helga nobody", "%", "'; DROP TABLE customer"])
def test_nobody_is_found_without_complaint(workspace, query):
    assert workspace.find(query) == []


@pytest.mark.usefixtures("_people")
def test_keys_lead_to_one_customer_or_say_what_is_near(workspace):
    helga = workspace.customer("email:HELGA.Sommer@example.de")
    assert (
        helga == workspace.customer("crm.customer_no:4711") == workspace.customer("4711") == workspace.customer(helga)
    )
    assert workspace.customer("0561 448217") == helga
    with pytest.raises(NotFoundError) as caught:
        workspace.customer("crm.custmer_no:4711x")
    assert "crm.customer_no" in caught.value.hint


@pytest.mark.usefixtures("_people")
def test_a_value_of_two_people_asks_which(workspace, happens):
    happens(5, "identified", "till.customer_no:4711")
    with pytest.raises(NotFoundError, match="fits 2 customers") as caught:
        workspace.customer("4711")
    assert "till.customer_no:4711" in caught.value.hint


def test_browsing_goes_through_everybody_once(workspace, happens):
    for number in range(1, 8):
        happens(number % 3, "identified", f"crm.customer_no:{number}")
    seen, after = [], ""
    while page := workspace.people(after, 3):
        seen += [one.customer_id for one in page]
        after = seen[-1]
    assert len(seen) == len(set(seen)) == 7


def test_a_rare_name_is_found_behind_a_common_one(workspace, happens, monkeypatch):
    monkeypatch.setattr("geleit.customers.search.WIDEST", 5)
    for number in range(1, 12):
        happens(number, "identified", f"crm.customer_no:{number}", traits={"name": f"Anna Schmidt {number}th"})
    happens(20, "identified", "crm.customer_no:x99", traits={"name": "Xaver Schmidt"})
    assert names(workspace, "schmidt xaver") == {"Xaver Schmidt"}
    assert len(workspace.find("schmidt", 4)) == 4


def test_words_may_come_from_different_systems(workspace, happens):
    happens(1, "identified", "crm.customer_no:77 email:ada@example.org", traits={"first_name": "Ada"})
    happens(2, "question_asked", "email:ada@example.org", text="Ist der Geschirrspüler leise?")
    assert names(workspace, "ada geschirrspueler") == {"Ada"}


@pytest.mark.parametrize("query", ["Strasse", "Straße"])
def test_exact_words_come_before_longer_ones(workspace, happens, query):
    happens(1, "identified", "crm.customer_no:1a", traits={"name": "Anna Strassenmeier"})
    happens(2, "identified", "crm.customer_no:2a", traits={"name": "Zoe Straße"})
    assert [hit.name for hit in workspace.find(query)] == ["Zoe Straße", "Anna Strassenmeier"]


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        ("order_completed", {"order_id": "1", "total": 1, "products": [{"name": "Kühlschrank Eis 3"}]}, "product"),
        ("product_viewed", {"name": "Kühlschrank Eis 3"}, "product"),
        ("page_viewed", {"product_name": "Kühlschrank Eis 3"}, "product"),
        ("contact_made", {"text": {"de": "sieht Kühlschränke an, kuehlschrank", "en": "looks"}}, "text"),
        ("question_asked", {"text": "Ist der Kühlschrank leise?"}, "words"),
    ],
)
def test_products_and_notes_are_found_and_said_why(workspace, happens, kind, said, why):
    happens(1, kind, **said)
    (hit,) = workspace.find("Kühlschrank")
    assert hit.why == why


def test_who_said_it_comes_before_who_bought_it(workspace, happens):
    for number in range(1, 6):
        happens(number, "product_viewed", f"crm.customer_no:{number}k", name="Herd")
    happens(9, "question_asked", "crm.customer_no:9k", traits={"name": "Zoe"}, text="Ist der Herd noch da?")
    first, _ = workspace.find("herd", 2)
    assert (first.name, first.why) == ("Zoe", "words")
