from geleit.customers.service import Happened, service


def event(t, kind, reference="", *, contact=True, stage="service", topic="", channel=""):
    return Happened(f"e{t}", kind, stage, contact, t, reference, topic, channel)


def test_only_contacts_about_service_count():
    found = service(
        [
            event(1, "order_completed", stage="order"),
            event(2, "product_registered", contact=False),
            event(3, "delivered"),
        ]
    )
    assert (found.contacts, found.last_t) == (("e3",), 3)


def test_a_question_counts_in_any_stage_and_stays_open_until_it_is_answered():
    asked = [event(1, "question_asked", "q1", stage="inform"), event(2, "question_asked", "q2", stage="inform")]
    assert service([*asked, event(3, "question_answered", "q1")]).open_questions == ("e2",)
    assert service([*asked, event(3, "question_answered")]).open_questions == ()


def test_a_complaint_stays_open_until_it_is_closed():
    opened = event(1, "complaint_opened", "c1")
    assert service([opened]).open_complaints == ("e1",)
    assert service([opened, event(2, "complaint_closed", "other")]).open_complaints == ("e1",)
    assert service([opened, event(2, "complaint_closed", "c1")]).open_complaints == ()


def test_nobody_who_never_came_has_a_last_time():
    assert service([]).last_t is None


def test_an_answer_settles_what_it_is_of_and_nothing_else():
    repair = event(1, "question_asked", topic="repair", channel="web")
    noise = event(2, "question_asked", topic="noise", channel="phone")
    plain = event(3, "question_asked", channel="phone")
    asked = [repair, noise, plain]

    def left(**answer):
        return service([*asked, event(4, "question_answered", **answer)]).open_questions

    assert left(topic="repair", channel="phone") == ("e2",)  # its topic; without a topic, its channel
    assert left(topic="noise", channel="desk") == ("e1", "e3")
    assert left(channel="phone") == ("e1",)
    assert left(topic="price", channel="desk") == ("e1", "e2", "e3")  # an answer to something else
    assert left(channel="desk") == ("e2", "e3")  # nothing fits: what waits longest
    assert left(reference="q9", channel="phone") == ("e1", "e2", "e3")


def test_what_is_asked_after_an_answer_waits_for_the_next_one():
    first, answer = event(1, "question_asked", topic="repair"), event(2, "question_answered", topic="repair")
    assert service([first, answer, event(3, "question_asked", topic="repair")]).open_questions == ("e3",)
