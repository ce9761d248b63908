"""The snippet in Debian's Chromium: what it sends, and above all what it does not."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from shop import CLEAN, KEY, NOTHING, again, until

from geleit.web.embedding import embedding

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.browser


def quiet(recorder):
    time.sleep(0.5)
    assert recorder.requests == []


def test_before_consent_nothing_is_sent_and_nothing_is_stored(visit, shop, recorder):
    body = '<button data-geleit-track="Asked">?</button>'
    page = visit(shop.put(body=body))
    page.evaluate("geleit.page('x'); geleit.track('a'); geleit.identify('u1', {email: 'h@example.com'})")
    page.evaluate("geleit.group('g'); geleit.alias('u2'); geleit.reset(); geleit.consent({marketing: true})")
    page.get_by_role("button").click()
    again(page, shop.put("/next"))
    quiet(recorder)
    assert page.evaluate(CLEAN) == NOTHING
    assert page.context.cookies() == []


def test_a_refusal_stores_and_sends_nothing(visit, shop, recorder):
    page = visit(shop.put())
    page.evaluate("geleit.consent({analytics: false, marketing: false})")
    again(page)
    quiet(recorder)
    assert page.evaluate(CLEAN) == NOTHING


def test_consent_tells_itself_then_the_open_page(visit, shop, recorder):
    page = visit(shop.put("/leise", attributes='data-query="groesse"') + "?utm_campaign=Herbst&utm_source=brief&token=geheim&groesse=60#unten")  # fmt: skip
    page.evaluate("geleit.identify('u1', {city: 'Kassel'})")
    page.evaluate("geleit.consent({analytics: true, marketing: false}, {wording: 'Ja, gern.'})")
    given, known, seen = recorder.wait(3)
    assert (given["event"], given["properties"]) == ("consent_given", {"purpose": "analytics", "wording": "Ja, gern."})
    assert (known["type"], known["userId"], known["traits"]) == ("identify", "u1", {"city": "Kassel"})
    assert seen["type"] == "page"
    where = {
        "path": "/leise",
        "url": f"{shop.address}/leise?utm_campaign=Herbst&utm_source=brief&groesse=60",
        "search": "?utm_campaign=Herbst&utm_source=brief&groesse=60",
        "title": "Leise Geräte",
        "referrer": "",
    }
    assert seen["context"]["page"] == where
    assert seen["properties"] == where
    assert seen["context"]["campaign"] == {"name": "Herbst", "source": "brief"}
    assert seen["context"]["locale"] == "de-DE"
    assert "Chrome" in seen["context"]["userAgent"]
    for event in (given, known, seen):
        assert event["context"]["consent"] == {"categoryPreferences": {"analytics": True, "marketing": False}}
    assert len({event["messageId"] for event in (given, known, seen)}) == 3
    assert len({event["anonymousId"] for event in (given, known, seen)}) == 1
    assert given["timestamp"] < known["timestamp"] < seen["timestamp"]


def test_requests_are_as_the_segment_spec_says_and_need_no_preflight(visit, shop, recorder):
    page = visit(shop.put(attributes="data-pages=none"))
    page.evaluate("geleit.consent({analytics: true})")
    recorder.wait(1)
    for count, call in enumerate(("page('Start')", "identify('u')", "group('g')", "alias('v')"), 2):
        page.evaluate(f"geleit.{call}")
        recorder.wait(count)
    page.evaluate("geleit.track('A'); geleit.track('B')")
    recorder.wait(7)
    assert [path for path, *_ in recorder.requests] == ["/v1/t", "/v1/p", "/v1/i", "/v1/g", "/v1/a", "/v1/b"]
    for _, headers, body, _ in recorder.requests:
        assert headers["content-type"].startswith("text/plain")
        assert "cookie" not in headers
        assert body["writeKey"] == KEY
        assert datetime.fromisoformat(body["sentAt"]).tzinfo is not None
    alias = recorder.events()[4]
    assert (alias["userId"], alias["previousId"]) == ("v", alias["anonymousId"])


def test_the_next_page_goes_on_without_asking_again(visit, shop, recorder):
    page = visit(shop.put())
    page.evaluate("geleit.consent({analytics: true}); geleit.identify(7)")
    recorder.wait(3)
    again(page, shop.put("/next"))
    seen = recorder.wait(4)[-1]
    assert (seen["type"], seen["userId"], seen["context"]["page"]["referrer"]) == ("page", "7", f"{shop.address}/")
    page.evaluate("geleit.consent({analytics: true})")  # a consent tool says the same on every page
    recorder.wait(4)


def test_withdrawal_deletes_what_was_stored_and_is_told(visit, shop, recorder):
    page = visit(shop.put())
    page.evaluate("geleit.consent({analytics: true, marketing: true}); geleit.identify('u1')")
    first = recorder.wait(4)[0]
    page.context.set_offline(True)
    page.evaluate("geleit.track('Never Sent')")
    page.evaluate("geleit.consent({analytics: false, marketing: false})")
    assert page.evaluate(CLEAN) == NOTHING
    page.context.set_offline(False)
    told = recorder.wait(6)[4:]
    assert [event["event"] for event in told] == ["consent_withdrawn"] * 2
    assert {event["properties"]["purpose"] for event in told} == {"analytics", "marketing"}
    assert {event["anonymousId"] for event in told} == {first["anonymousId"]}
    page.evaluate("geleit.track('Nothing')")
    again(page)
    recorder.wait(6)
    assert page.evaluate(CLEAN) == NOTHING
    page.evaluate("geleit.consent({analytics: true})")
    assert recorder.wait(8)[-1]["anonymousId"] != first["anonymousId"]


def test_one_purpose_may_be_withdrawn_alone(visit, shop, recorder):
    page = visit(shop.put())
    page.evaluate("geleit.consent({analytics: true, marketing: true})")
    recorder.wait(3)
    page.evaluate("geleit.consent({marketing: false})")
    last = recorder.wait(4)[-1]
    assert (last["event"], last["properties"]) == ("consent_withdrawn", {"purpose": "marketing"})
    assert last["context"]["consent"]["categoryPreferences"] == {"analytics": True, "marketing": False}


@pytest.mark.parametrize(
    "objection",
    [
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {value: true})",
        "Object.defineProperty(Navigator.prototype, 'doNotTrack', {value: '1'})",
    ],
)
def test_the_browsers_objection_stands_above_a_click(visit, shop, recorder, objection):
    page = visit(shop.put(), before=objection)
    page.evaluate("geleit.consent({analytics: true}); geleit.identify('u'); geleit.track('A')")
    quiet(recorder)
    assert page.evaluate(CLEAN) == NOTHING


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_an_objection_that_only_the_header_says_holds_too(visit, shop, recorder, header):
    page = visit(shop.put(), extra_http_headers={header: "1"})
    page.evaluate("geleit.consent({analytics: true}); geleit.track('A')")
    quiet(recorder)
    assert page.evaluate(CLEAN) == NOTHING


def test_an_objection_that_comes_later_withdraws_consent(visit, shop, recorder):
    page = visit(shop.put())
    page.evaluate("geleit.consent({analytics: true})")
    recorder.wait(2)
    page.context.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {value: true})")
    again(page)
    told = recorder.wait(3)[-1]
    assert told["event"] == "consent_withdrawn"
    assert told["properties"] == {"purpose": "analytics", "by": "browser signal"}
    assert page.evaluate(CLEAN) == NOTHING


def test_another_category_may_be_the_one_that_is_needed(visit, shop, recorder):
    page = visit(shop.put(attributes='data-category="statistik"'))
    page.evaluate("geleit.consent({analytics: true})")
    quiet(recorder)
    page.evaluate("geleit.consent({statistik: true})")
    assert {event["properties"].get("purpose") for event in recorder.wait(3)[:2]} == {"analytics", "statistik"}


def test_who_logs_out_or_another_in_is_somebody_else(visit, shop, recorder):
    page = visit(shop.put(attributes="data-pages=none"))
    page.evaluate("geleit.consent({analytics: true}); geleit.identify('helga')")
    page.evaluate("geleit.identify('bernd'); geleit.reset(); geleit.track('Alone')")
    given, helga, bernd, alone = recorder.wait(4)
    assert given["anonymousId"] == helga["anonymousId"]
    assert len({event["anonymousId"] for event in (helga, bernd, alone)}) == 3
    assert "userId" not in alone


FORM = """
<form data-geleit-track="Question Asked" data-geleit-topic="repair" action="/next" method="get"
      data-geleit-fields="model,where:city,extras,size,pass,code,shown,cc,unknown">
  <input name="model" value="Leise 7"><input name="where" value="Kassel"><input name="email" value="h@example.com">
  <input type="checkbox" name="extras" value="a" checked><input type="checkbox" name="extras" value="b" checked>
  <input type="checkbox" name="extras" value="c"><input type="radio" name="size" value="60" checked>
  <input type="password" name="pass" value="geheim"><input name="code" autocomplete="one-time-code" value="123456">
  <input name="shown" autocomplete="current-password" value="geheim"><input name="cc" autocomplete="cc-number" value="4">
  <button>Senden</button>
</form>"""


def test_a_form_tells_only_the_fields_that_are_named(visit, shop, recorder):
    shop.put("/next", attributes="data-pages=none")
    page = visit(shop.put(body=FORM, attributes="data-pages=none"))
    page.evaluate("geleit.consent({analytics: true})")
    page.get_by_role("button").click()
    page.wait_for_url("**/next*")
    asked = recorder.wait(2)[-1]
    assert asked["event"] == "Question Asked"
    assert asked["properties"] == {
        "topic": "repair",
        "model": "Leise 7",
        "city": "Kassel",
        "extras": ["a", "b"],
        "size": "60",
    }
    assert "geheim" not in str(recorder.requests)
    assert "h@example.com" not in str(recorder.requests)


def test_clicks_are_told_where_the_page_says_so(visit, shop, recorder):
    body = """
      <button data-geleit-track="Product Viewed" data-geleit-product-id="L7"><b>Leise 7</b></button>
      <a href="https://maker.example/manual?token=geheim#x" target="_blank">Anleitung</a>
      <a href="/inside" onclick="return false">Innen</a><a href="tel:+49561">Anruf</a><button>stumm</button>"""
    page = visit(shop.put(body=body, attributes="data-pages=none data-outbound"))
    page.context.route("**/maker.example/**", lambda route: route.fulfill(body="there"))
    page.evaluate("geleit.consent({analytics: true})")
    page.get_by_text("Leise 7").click()
    for name in ("Innen", "stumm", "Anleitung"):
        page.get_by_text(name).click()
    # Not their order: a page that is hidden by a new one sends at once, beside what is under way.
    assert {event["event"]: event["properties"] for event in recorder.wait(3)} == {
        "consent_given": {"purpose": "analytics"},
        "Product Viewed": {"product_id": "L7"},
        "Link Followed": {"url": "https://maker.example/manual"},
    }


def test_outbound_links_are_told_only_if_wanted(visit, shop, recorder):
    page = visit(shop.put(body='<a href="https://maker.example/" target="_blank">fort</a>'))
    page.context.route("**/maker.example/**", lambda route: route.fulfill(body="there"))
    page.evaluate("geleit.consent({analytics: true})")
    page.get_by_text("fort").click()
    recorder.wait(2)


def test_pages_made_by_script_are_told_if_wanted(visit, shop, recorder):
    page = visit(shop.put(attributes="data-pages=history data-query=id"))
    page.evaluate("geleit.consent({analytics: true})")
    recorder.wait(2)
    page.evaluate("history.pushState({}, '', '/a?filter=1')")
    recorder.wait(3)
    page.evaluate("history.replaceState({}, '', '/a?filter=2#tab')")  # the same page, seen otherwise
    recorder.wait(3)
    page.evaluate("history.pushState({}, '', '/a?id=7')")
    recorder.wait(4)
    page.evaluate("history.back()")
    told = [event["context"]["page"] for event in recorder.wait(5)[1:]]
    assert [one["path"] + one["search"] for one in told] == ["/", "/a", "/a?id=7", "/a"]
    assert [one["referrer"].removeprefix(shop.address) for one in told] == ["", "/", "/a", "/a"]


def test_calls_before_the_script_is_there_are_kept_in_order(visit, shop, recorder):
    made = embedding(recorder.address, KEY)
    calls = "<script>geleit.consent({analytics: true}); geleit.identify('u1'); geleit.track('Early')</script>"
    shop.pages["/"] = (f"<!doctype html><title>x</title>{made.stub}{calls}{made.tag}", {})
    visit(shop.address)
    assert [event.get("event", event["type"]) for event in recorder.wait(4)] == [
        "consent_given",
        "identify",
        "Early",
        "page",
    ]


def test_a_page_with_a_strict_policy_works_without_complaint(visit, shop, recorder):
    policy = f"default-src 'none'; script-src {recorder.address}; connect-src {recorder.address}; require-trusted-types-for 'script'"
    page = visit(shop.put(content_security_policy=policy))
    page.evaluate("geleit.consent({analytics: true})")
    recorder.wait(2)
    assert [text for text in page.complaints if "favicon" not in text] == []


def test_a_mistake_in_a_call_is_named_and_breaks_nothing(visit, shop, recorder):
    page = visit(shop.put())
    page.evaluate("geleit.consent({analytics: true})")
    page.evaluate("const round = {}; round.round = round; geleit.track('Round', round); geleit.track('After')")
    assert recorder.wait(3)[-1]["event"] == "After"
    until(lambda: page.wait_for_timeout(50) or any("geleit:" in text for text in page.complaints))


def test_where_storing_is_blocked_the_page_itself_remembers(visit, shop, recorder):
    page = visit(
        shop.put(), before="Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked') }})"
    )
    page.evaluate("geleit.consent({analytics: true}); geleit.track('A')")
    assert recorder.wait(3)[-1]["event"] == "A"
    page.evaluate("geleit.consent({analytics: false})")
    recorder.wait(4)


def manual(recorder):
    """The page of the manual, with this collector's address and key."""
    text = (ROOT / "docs" / "browser-snippet.md").read_text(encoding="utf-8")
    html = text.partition("<!-- page: consent -->\n```html\n")[2].partition("```")[0]
    return html.replace("https://collect.example.com", recorder.address).replace("WRITE_KEY", KEY)


def test_the_page_of_the_manual_asks_tells_and_takes_back(visit, shop, recorder):
    shop.pages["/"] = (manual(recorder), {})
    page = visit(shop.address)
    page.get_by_role("button", name="No, thank you").click()
    page.get_by_role("button", name="Leise 7").click()
    again(page)
    quiet(recorder)
    page.get_by_role("button", name="Yes, gladly").click()
    page.get_by_role("button", name="Leise 7").click()
    given, seen, viewed = recorder.wait(3)
    assert given["properties"]["wording"].startswith("If you agree, we note")
    assert (seen["type"], viewed["properties"]) == ("page", {"product_id": "L7"})
    again(page)
    assert not page.get_by_role("button", name="Yes, gladly").is_visible()
    page.get_by_role("button", name="Take my consent back").click()
    assert recorder.wait(5)[-1]["event"] == "consent_withdrawn"
    assert page.evaluate(CLEAN) == NOTHING
    assert page.get_by_role("button", name="Yes, gladly").is_visible()
    assert [text for text in page.complaints if "favicon" not in text] == []


def test_the_page_of_the_manual_does_not_ask_who_objects_already(visit, shop, recorder):
    shop.pages["/"] = (manual(recorder), {})
    page = visit(shop.address, extra_http_headers={"Sec-GPC": "1"})
    page.wait_for_load_state("load")
    assert not page.get_by_role("button", name="Yes, gladly").is_visible()
    quiet(recorder)


def test_the_manual_holds_the_stub_that_the_command_prints():
    assert embedding("https://collect.example.com", "WRITE_KEY").stub in (
        ROOT / "docs" / "browser-snippet.md"
    ).read_text(encoding="utf-8")


def test_cookies_of_the_collectors_host_stay_at_home(visit, shop, recorder):
    page = visit(shop.put().replace("localhost", "127.0.0.1"))  # the same site as the collector's
    page.context.add_cookies([{"name": "session", "value": "geheim", "url": recorder.address}])
    page.evaluate("geleit.consent({analytics: true})")
    recorder.wait(2)
    assert "cookie" not in recorder.requests[-1][1]
    page.evaluate(
        "address => fetch(address + '/v1/t', {method: 'POST', body: '{}', mode: 'no-cors', credentials: 'include'})",
        recorder.address,
    )
    assert "geheim" in recorder.requests[-1][1]["cookie"]
