"""From a page in Chromium, over the real collector, into the customer's history: once, whatever happens between."""

import time

import pytest
from collecting import collecting
from listening import listening
from shop import CLEAN, NOTHING, Shop, again, until

pytestmark = pytest.mark.browser
AGREE = "geleit.consent({analytics: true, marketing: false}, {wording: 'Ja, gern.'})"
BEGUN = ("consent_given", "identified")


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """One server for all, a person of its own for each test; in the end nothing else has been kept or refused."""
    with collecting(tmp_path_factory.mktemp("live")) as made:
        yield made
        made.stop()
        assert made.kept() == {"events": sum(made.told.values()), "customers": len(made.told), "refused": 0}


@pytest.fixture
def market(live):
    """Pages of a shop that embed the script of the real server with a real key."""
    made = Shop(live.address)
    with listening(made.app()) as port:
        made.port = port
        yield lambda path="/", **more: made.put(path, key=live.key, **more)


def knows(live, person, *kinds):
    """Wait until exactly these kinds are in the history, and a moment longer: each once."""
    until(lambda: len(live.kinds(f"user_id:{person}")) >= len(kinds), told=lambda: live.kinds(f"user_id:{person}"))
    time.sleep(1)
    assert sorted(live.kinds(f"user_id:{person}")) == sorted(kinds)
    live.told[person] = len(kinds)


def test_from_the_first_click_to_the_customers_history(visit, market, live):
    body = '<button data-geleit-track="Product Viewed" data-geleit-product-id="L7">Leise 7</button>'
    page = visit(market("/leise", body=body) + "?utm_source=brief")
    time.sleep(0.5)
    assert page.evaluate(CLEAN) == NOTHING
    page.evaluate(AGREE)
    page.get_by_role("button").click()
    page.evaluate("geleit.identify('helga', {email: 'helga@example.com', firstName: 'Helga'})")
    until(lambda: len(live.kinds("user_id:helga")) == 4, told=lambda: live.kinds("user_id:helga"))
    # Not their order: they are moments apart, and each batch has a way of its own through the net.
    events = {event["kind"]: event["properties"] for event in live.person("user_id:helga")}
    assert sorted(events) == ["consent_given", "identified", "page_viewed", "product_viewed"]
    assert events["consent_given"]["purpose"] == "analytics"
    assert events["page_viewed"]["path"] == "/leise"
    assert events["page_viewed"]["context"]["campaign"] == {"source": "brief"}
    assert events["product_viewed"]["product_id"] == "L7"
    assert page.context.cookies() == []
    again(page, market("/next"))
    knows(live, "helga", "consent_given", "page_viewed", "product_viewed", "identified", "page_viewed")


def test_withdrawal_arrives_and_the_device_is_clean(visit, market, live):
    page = visit(market(attributes="data-pages=none"))
    page.evaluate(f"{AGREE}; geleit.identify('bernd')")
    knows(live, "bernd", *BEGUN)
    page.evaluate("geleit.consent({analytics: false})")
    assert page.evaluate(CLEAN) == NOTHING
    page.evaluate("geleit.track('Secret')")
    knows(live, "bernd", "consent_given", "identified", "consent_withdrawn")


def test_whoever_objects_is_unknown(visit, market, live):
    page = visit(market(), extra_http_headers={"Sec-GPC": "1"})
    page.evaluate(f"{AGREE}; geleit.identify('nobody'); geleit.track('A')")
    time.sleep(1)
    assert page.evaluate(CLEAN) == NOTHING
    assert live.kinds("user_id:nobody") == []


def test_offline_then_online_arrives_once(visit, market, live):
    page = visit(market(attributes="data-pages=none"))
    page.evaluate(f"{AGREE}; geleit.identify('anna')")
    knows(live, "anna", *BEGUN)
    page.context.set_offline(True)
    page.evaluate("geleit.track('A'); geleit.track('B')")
    time.sleep(1)
    page.context.set_offline(False)
    knows(live, "anna", "consent_given", "identified", "a", "b")


def test_a_killed_server_gets_everything_once_when_it_is_back(visit, market, live):
    page = visit(market(attributes="data-pages=none"))
    page.evaluate(f"{AGREE}; geleit.identify('emre')")
    knows(live, "emre", *BEGUN)
    page.evaluate("window.n = 0; window.most = 40; setInterval(() => n < most && geleit.track(`Beat ${n++}`), 15)")
    page.wait_for_function("n >= 20")
    live.kill()
    page.evaluate("most = 80")  # more than 100 that wait would be dropped
    page.wait_for_function("n == 80")
    live.start()
    knows(live, "emre", "consent_given", "identified", *(f"beat_{i}" for i in range(80)))


def test_a_lost_answer_costs_nothing_and_doubles_nothing(visit, market, live):
    page = visit(market(attributes="data-pages=none"))
    page.evaluate(f"{AGREE}; geleit.identify('jana')")
    knows(live, "jana", *BEGUN)
    lost = []

    def lose(route):
        lost.append(route.fetch().status)
        route.abort()

    page.context.route("**/v1/**", lose, times=2)
    page.evaluate("geleit.track('A')")
    until(lambda: page.wait_for_timeout(50) or len(lost) == 2, told=lambda: lost)
    page.evaluate("geleit.track('B')")  # travels with A in one batch now
    assert lost == [200, 200]
    knows(live, "jana", "consent_given", "identified", "a", "b")


def test_two_tabs_and_a_closing_page_arrive_once(visit, market, live):
    first = visit(market(attributes="data-pages=none"))
    first.evaluate(f"{AGREE}; geleit.identify('olga')")
    knows(live, "olga", *BEGUN)
    second = visit(market("/second", attributes="data-pages=none"), context=first.context)
    second.evaluate("addEventListener('pagehide', () => geleit.track('Left'), true)")
    for number in range(5):
        first.evaluate(f"geleit.track('First {number}')")
        second.evaluate(f"geleit.track('Second {number}')")
    second.close(run_before_unload=True)
    names = [f"{tab}_{number}" for tab in ("first", "second") for number in range(5)]
    knows(live, "olga", "consent_given", "identified", *names, "left")


def test_a_strict_page_needs_two_words_in_its_policy(visit, market, live):
    policy = f"default-src 'none'; script-src {live.address}; connect-src {live.address}"
    page = visit(market(content_security_policy=policy))
    page.evaluate(f"geleit.identify('paul'); {AGREE}")
    knows(live, "paul", "consent_given", "identified", "page_viewed")
    assert [text for text in page.complaints if "favicon" not in text] == []
