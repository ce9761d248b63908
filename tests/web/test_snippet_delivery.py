"""What the snippet does when sending is hard: refusals, waits, no network, several tabs, pages that close."""

import json

import pytest
from shop import again, until

pytestmark = pytest.mark.browser
AGREE = "geleit.consent({analytics: true})"
COUNTED = """() => {  // how often the browser itself refuses to send
  const send = window.fetch;
  window.refused = 0;
  window.fetch = (...all) => send(...all).catch((error) => { window.refused += 1; throw error; });
}"""
PATIENT = """() => {  // after a try that failed the next one is an hour away
  const later = window.setTimeout;
  window.setTimeout = (work, wait) => {
    if (wait >= 500) window.failed = true;
    return later(work, wait >= 500 ? 3600000 : wait);
  };
}"""
HELD = "() => Object.keys(localStorage).filter((key) => key.startsWith('geleit.q.')).length"


def sends(recorder, kind):
    """How often an event was sent, acknowledged or not, and under which message ids."""
    bodies = [event for _, _, body, _ in recorder.requests for event in body.get("batch", [body])]
    return [event["messageId"] for event in bodies if event.get("event") == kind]


def rid(page):
    """Wait until the page knows that everything it held has come."""
    until(lambda: page.evaluate(HELD) == 0)


@pytest.fixture
def agreed(visit, shop, recorder):
    """A page whose person has agreed, and everything told so far."""
    page = visit(shop.put(attributes="data-pages=none"))
    page.evaluate(AGREE)
    recorder.wait(1)
    rid(page)
    return page


@pytest.mark.parametrize("status", [429, 503, 401])
def test_a_refusal_for_now_is_tried_again_with_the_same_id(agreed, recorder, status):
    recorder.answers += [(status, {}), (status, {})]
    agreed.evaluate("geleit.track('A')")
    recorder.wait(2)
    assert len(sends(recorder, "A")) == 3
    assert len(set(sends(recorder, "A"))) == 1
    rid(agreed)


def test_a_wait_that_is_asked_for_is_kept_by_the_next_page_too(agreed, shop, recorder):
    recorder.answers.append((429, {"retry-after": "3"}))
    agreed.evaluate("geleit.track('A')")
    until(lambda: agreed.evaluate("localStorage.getItem('geleit.w')"))
    again(agreed, shop.put("/next", attributes="data-pages=none"))
    agreed.evaluate("geleit.track('B')")
    recorder.wait(3)
    _, refused, following, *_ = recorder.came
    assert following - refused > 2.5
    assert len(sends(recorder, "A")) == 2
    assert len(sends(recorder, "B")) == 1


def test_what_the_collector_cannot_read_is_dropped_counted_and_told_once(agreed, recorder):
    recorder.answers.append((400, {}))
    agreed.evaluate("geleit.track('A')")
    until(lambda: sends(recorder, "A"))
    rid(agreed)
    for kind in ("B", "C"):
        agreed.evaluate(f"geleit.track('{kind}')")
    told = {event["event"]: event["context"].get("dropped") for event in recorder.wait(3)}
    assert told == {"consent_given": None, "B": 1, "C": None}
    assert len(sends(recorder, "A")) == 1


def test_an_event_that_is_too_large_is_dropped_and_told(agreed, recorder):
    agreed.evaluate("geleit.track('Large', {text: 'ü'.repeat(16000)}); geleit.track('B')")
    last = recorder.wait(2)[-1]
    assert (last["event"], last["context"]["dropped"]) == ("B", 1)


def test_many_and_large_events_travel_in_parts_that_outlive_their_page(agreed, recorder):
    agreed.evaluate(COUNTED)
    agreed.evaluate("for (let i = 0; i < 12; i++) geleit.track('Long', {i, text: 'ü'.repeat(10000)})")
    assert [event["properties"]["i"] for event in recorder.wait(13)[1:]] == list(range(12))
    assert agreed.evaluate("refused") == 0
    assert max(int(headers["content-length"]) for _, headers, *_ in recorder.requests) < 65_536


def test_offline_events_wait_and_arrive_once_even_from_a_later_page(agreed, shop, recorder):
    agreed.evaluate(COUNTED)
    agreed.context.set_offline(True)
    agreed.evaluate("geleit.track('A'); geleit.track('B')")
    until(lambda: agreed.evaluate("refused > 0"))
    assert agreed.evaluate(HELD) == 2
    agreed.close(run_before_unload=False)
    agreed.context.set_offline(False)
    later = agreed.context.new_page()
    later.goto(shop.put("/next"))
    assert {event.get("event") for event in recorder.wait(4)[1:]} == {"A", "B", None}
    assert len(sends(recorder, "A")) == 1
    rid(later)


def test_the_network_coming_back_is_noticed_at_once(agreed, recorder):
    agreed.evaluate(PATIENT)
    agreed.context.set_offline(True)
    agreed.evaluate("geleit.track('A')")
    until(lambda: agreed.evaluate("window.failed"))
    agreed.context.set_offline(False)
    recorder.wait(2)


def test_the_queue_is_bounded_and_never_loses_a_consent(agreed, recorder):
    agreed.context.set_offline(True)
    agreed.evaluate("geleit.consent({marketing: true})")
    agreed.evaluate("for (let i = 0; i < 150; i++) geleit.track('A', {i})")
    assert agreed.evaluate(HELD) == 100
    agreed.context.set_offline(False)
    told = recorder.wait(101)[1:]
    assert told[0]["properties"] == {"purpose": "marketing"}
    assert [event["properties"]["i"] for event in told[1:]] == list(range(51, 150))
    agreed.evaluate("geleit.track('Last')")
    counted = [event["context"].get("dropped", 0) for event in recorder.wait(102)]
    lost = sum(counted)
    assert lost == 51
    assert counted[-1] > 0


def test_two_tabs_do_not_send_each_others_events_twice(visit, shop, recorder):
    first = visit(shop.put(attributes="data-pages=none"))
    first.evaluate(AGREE)
    recorder.wait(1)
    second = visit(shop.put("/second", attributes="data-pages=none"), context=first.context)
    recorder.slow = 0.4
    for number in range(5):
        first.evaluate(f"geleit.track('First {number}')")
        second.evaluate(f"geleit.track('Second {number}')")
    recorder.wait(11)
    for number in range(5):
        assert len(sends(recorder, f"First {number}")) == 1
        assert len(sends(recorder, f"Second {number}")) == 1
    assert len({event["anonymousId"] for event in recorder.events()}) == 1


def test_two_tabs_come_online_together_and_send_once(visit, shop, recorder):
    first = visit(shop.put(attributes="data-pages=none"))
    first.evaluate(AGREE)
    recorder.wait(1)
    second = visit(shop.put("/second", attributes="data-pages=none"), context=first.context)
    for page in (first, second):
        page.evaluate(COUNTED)
    first.context.set_offline(True)
    first.evaluate("geleit.track('A')")
    second.evaluate("geleit.track('B')")
    until(lambda: first.evaluate("refused > 0") and second.evaluate("refused > 0"))
    recorder.slow = 0.4
    first.context.set_offline(False)
    recorder.wait(3)
    assert len(sends(recorder, "A")) == len(sends(recorder, "B")) == 1


def test_withdrawal_in_one_tab_silences_the_other(visit, shop, recorder):
    first = visit(shop.put(attributes="data-pages=none"))
    first.evaluate(AGREE)
    recorder.wait(1)
    second = visit(shop.put("/second", attributes="data-pages=none"), context=first.context)
    first.evaluate("geleit.consent({analytics: false})")
    recorder.wait(2)
    second.wait_for_function("!localStorage.getItem('geleit.me')")  # it is another process of the browser
    second.evaluate("geleit.track('A')")
    recorder.wait(2)
    assert second.evaluate("Object.keys(localStorage)") == []


@pytest.mark.parametrize("before", ["", "delete Request.prototype.keepalive"], ids=["keepalive", "beacon"])
def test_what_happens_while_a_page_closes_arrives(visit, shop, recorder, before):
    body = "<script>addEventListener('pagehide', () => geleit.track('Left'), true)</script>"
    page = visit(shop.put(body=body, attributes="data-pages=none"), before=before)
    page.evaluate(AGREE)
    recorder.wait(1)
    page.evaluate("addEventListener('pagehide', () => geleit.track('Left Late'), {capture: true, once: true})")
    page.context.new_page()  # so that the context goes on living
    page.close(run_before_unload=True)
    until(lambda: sends(recorder, "Left"))
    assert len(set(sends(recorder, "Left"))) == 1


def test_after_leaving_without_an_answer_the_next_page_asks_again_with_the_same_id(agreed, shop, recorder):
    recorder.free.clear()
    agreed.evaluate("geleit.track('A')")
    until(lambda: sends(recorder, "A"))
    again(agreed, shop.put("/next", attributes="data-pages=none"))
    until(lambda: len(sends(recorder, "A")) > 1)
    recorder.free.set()
    rid(agreed)
    assert len(set(sends(recorder, "A"))) == 1
    assert len(sends(recorder, "A")) == 2


def test_a_damaged_store_costs_only_itself(agreed, recorder):
    agreed.evaluate("localStorage.setItem('geleit.q.0', '{broken'); localStorage.setItem('own', 'stays')")
    agreed.evaluate("geleit.track('A')")
    recorder.wait(2)
    rid(agreed)
    agreed.evaluate("localStorage.setItem('geleit.me', '{broken')")
    agreed.evaluate("geleit.track('B')")
    again(agreed)
    recorder.wait(2)
    until(lambda: agreed.evaluate("localStorage.length") == 1)
    assert agreed.evaluate("Object.keys(localStorage)") == ["own"]


FILL = """() => {
  for (let size = 1 << 20, i = 0; size >= 1; i++) {
    try { localStorage.setItem('x' + i, 'x'.repeat(size)); } catch (error) { size >>= 1; }
  }
}"""


def test_a_full_store_is_no_loss_while_the_page_lives(agreed, recorder):
    agreed.evaluate(FILL)
    agreed.evaluate("geleit.track('A', {text: 'x'.repeat(500)})")
    assert recorder.wait(2)[-1]["event"] == "A"


def test_the_store_holds_an_id_and_the_choices_and_nothing_else(agreed):
    assert agreed.evaluate("Object.keys(localStorage)") == ["geleit.me"]
    assert json.loads(agreed.evaluate("localStorage.getItem('geleit.me')")).keys() == {"a", "c"}
