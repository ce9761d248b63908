from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from geleit.clock import DAY, SECOND, micros
from geleit.events.event import Event
from geleit.events.kinds import Catalogue
from geleit.needs.need import ReadEvent
from geleit.web.timeline import (
    PAGE,
    Choice,
    day_of,
    histogram,
    options,
    page,
    rows,
    seam,
    starting_at,
    starting_on,
)

ZONE = "Europe/Berlin"
CATALOGUE = Catalogue()
START = micros(datetime(2026, 2, 9, 8, tzinfo=UTC))


def read(kind, at, *, source="web", channel="", record="", **properties):
    place = {"channel": channel} if channel else {}
    event = Event(source, f"{kind}-{at}-{source}", kind, at, properties=properties, place=place, record=record)
    return ReadEvent(event, CATALOGUE.touchpoint(event))


def ordered(events):
    return sorted(events, key=lambda r: (r.event.t, r.event.order, r.event.id))


def ids(lines):
    return [name for row in lines for name in row.ids]


def test_repeats_within_one_visit_are_one_row_with_all_its_events():
    events = [read("product_viewed", START + n * 60 * SECOND, name=f"P{n}") for n in range(9)]
    (row,) = rows(events, ZONE)
    assert row.size == 9
    assert len(rows([*events, read("product_viewed", START + 3 * 3600 * SECOND)], ZONE)) == 2


def test_words_and_orders_are_never_folded():
    said = [read("contact_made", START + n * SECOND, words="zu laut") for n in range(2)]
    bought = [read("order_completed", START + n * SECOND, order_id=str(n)) for n in range(2)]
    assert len(rows(said, ZONE)) == 2
    assert len(rows(bought, ZONE)) == 2


def test_a_note_stands_with_its_step_on_the_same_day_and_alone_later():
    step = read("contact_made", START)
    near = read("promise_made", START + 60 * SECOND, promise_id="1", text="delivery")
    later = read("promise_kept", START + 9 * DAY, promise_id="1")
    newest, oldest = rows([step, near, later], ZONE)
    assert newest.events == [later]
    assert oldest.notes == [near]


def test_what_was_noted_in_one_moment_is_one_row():
    step = read("contact_made", START)
    later = START + 9 * DAY
    notes = [
        read("opportunity_noted", later, source="crm", text="call"),
        read("criterion_stated", later, source="crm", criterion="price"),
    ]
    newest, _ = rows(ordered([step, *notes]), ZONE)
    assert newest.size == 2


def test_without_any_step_nothing_is_lost():
    notes = [read("consent_given", START + n * DAY, purpose="service") for n in range(3)]
    assert sorted(ids(rows(notes, ZONE))) == sorted(str(n.event.id) for n in notes)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["product_viewed", "promise_made", "contact_made", "consent_given", "step_told"]),
            st.integers(0, 900),
            st.sampled_from(["web", "crm"]),
        ),
        max_size=60,
        unique=True,
    )
)
def test_every_event_stands_in_exactly_one_row_and_every_page_can_be_reached(made):
    events = ordered([read(kind, START + hour * 3600 * SECOND, source=source) for kind, hour, source in made])
    lines = rows(events, ZONE)
    assert sorted(ids(lines)) == sorted(str(r.event.id) for r in events)
    seen, name = [], ""
    while True:
        shown = page(lines, start=starting_at(lines, name))
        seen += ids(shown.rows)
        name = shown.older
        if not name:
            break
    assert seen == ids(lines)


def test_the_very_first_event_is_on_the_last_page():
    events = [read("page_viewed", START + n * DAY) for n in range(3 * PAGE + 5)]
    lines = rows(events, ZONE)
    first = page(lines, start=0)
    last = page(lines, start=starting_at(lines, first.oldest))
    assert last.rows[-1].first is events[0]
    assert last.older == ""
    assert last.events_before + last.events_here == last.events == len(events)


def test_a_day_leads_to_the_newest_row_on_or_before_it():
    lines = rows([read("page_viewed", START + n * 10 * DAY) for n in range(5)], ZONE)
    assert starting_on(lines, date(2026, 3, 1), ZONE) == 2
    assert starting_on(lines, date(2020, 1, 1), ZONE) == 4
    assert starting_on(lines, date(2030, 1, 1), ZONE) == 0


def test_silence_is_a_seam_with_the_number_of_events_before_it():
    newer, older = rows([read("page_viewed", START), read("page_viewed", START + 45 * DAY)], ZONE)
    found = seam(newer, older, ZONE, 1)
    assert found is not None
    assert (found.days, found.before) == (45, 1)
    near = rows([read("page_viewed", START), read("page_viewed", START + 5 * DAY)], ZONE)
    assert seam(near[0], near[1], ZONE, 1) is None


def test_a_choice_shows_as_many_events_as_its_option_says():
    events = ordered(
        [read("product_viewed", START + n * DAY, channel="web") for n in range(5)]
        + [read("contact_made", START + n * DAY + SECOND, source="crm", channel="store") for n in range(3)]
    )
    lines = rows(events, ZONE)
    found = options(lines)
    for channel, count in found.channels.items():
        assert sum(row.size for row in lines if Choice(channel=channel).takes(row)) == count
    for source, count in found.sources.items():
        assert sum(row.size for row in lines if Choice(source=source).takes(row)) == count
    assert sum(row.size for row in lines if Choice(people=True).takes(row)) == found.people == 3


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=40))
def test_the_histogram_counts_every_event_once(days):
    events = ordered([read("page_viewed", START + day * DAY + n) for n, day in enumerate(days)])
    buckets = histogram(rows(events, ZONE), ZONE, None)
    assert sum(bucket.count for bucket in buckets) == len(events)
    assert [b.last_day for b in buckets] == sorted({b.last_day for b in buckets})


def test_each_month_leads_to_its_own_events():
    lines = rows([read("page_viewed", START + n * 20 * DAY) for n in range(60)], ZONE)
    for bucket in histogram(lines, ZONE, None):
        if bucket.count:
            at = lines[starting_on(lines, bucket.last_day, ZONE)]
            assert day_of(at.last.event.t, ZONE) <= (bucket.last_day - date(1970, 1, 1)).days
