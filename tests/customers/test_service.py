from geleit.customers.service import Happened, service


def event(t, kind, reference="", *, contact=True, stage="service"):
    return Happened(f"e{t}", kind, stage, contact, t, reference)


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
