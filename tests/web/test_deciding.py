"""What hangs on the people follows decisions, both ways; the ledger afterwards differs in the history of them only."""

from dataclasses import replace

import pytest
from household import Teller, at
from sisters import ADA, BEN, PHONE, ada, ben, folder_of, whole

from geleit.errors import GeleitError, NotFoundError
from geleit.events.event import Identifier
from geleit.identity import resolution
from geleit.identity.decisions import Note
from geleit.workspace import deciding, naming, open_workspace

NOW = at("2026-11-22T08:15")
NOTE = Note("Anja Kern", "she said so on the telephone")
NEWSLETTER = ("marketing", "email")


@pytest.fixture
def space(tmp_path):
    with open_workspace(folder_of(tmp_path / "w"), clock=lambda: NOW) as opened:
        opened.intake.accept([*ada(), *ben()])
        opened.sync()
        yield opened


def consents(space, key):
    profile = space.profile(space.customer(str(key)))
    return {(one.purpose, one.channel): one.given for one in profile.consents}


def tell(space, *identifiers, when, kind, **properties):
    one = Teller(*((end.type, end.value) for end in identifiers))
    one.tell("website", when, kind, **properties)
    assert space.intake.accept([replace(event, key=f"{kind} {when}") for event in one.events]).new == 1
    space.sync()


def test_a_merge_takes_everything_along_and_its_undoing_leaves_everything_as_it_was(space):
    before = whole(space.ledger)
    done = deciding.decide(space, "merge", [[ADA, BEN]], NOTE)
    (one,) = done.outcome.after
    assert space.customer(str(ADA)) == space.customer(str(PHONE)) == one.customer_id
    assert (one.orders, one.promises, one.open_needs, one.events) == (2, 2, ("dishwasher",), 10)
    assert consents(space, ADA) == {NEWSLETTER: False}
    assert [(c.name, c.purpose, c.channel) for c in done.outcome.withdrawn] == [("Ada Sommer", "marketing", "email")]
    (need,) = space.needs(one.customer_id)
    assert len(need.event_ids) == 4
    assert whole(space.ledger) != before
    undone = deciding.undo(space, done.decision.number, Note("Anja Kern", "two sisters"))
    assert [(p.name, p.orders, p.promises, p.open_needs) for p in undone.outcome.after] == [
        ("Ada Sommer", 1, 1, ("dishwasher",)),
        ("Ada Sommer-Berg", 1, 1, ("dishwasher",)),
    ]
    assert whole(space.ledger) == before
    assert consents(space, ADA) == {NEWSLETTER: True}
    assert consents(space, BEN) == {NEWSLETTER: False}


def test_a_separation_of_the_merged_leaves_everything_as_it_was(space):
    before = whole(space.ledger)
    deciding.decide(space, "merge", [[ADA, BEN]], NOTE)
    sides = [[ADA, Identifier("website.user_id", "5")], [BEN, PHONE]]
    done = deciding.decide(space, "separate", sides, NOTE)
    assert len(done.outcome.before) == 1
    assert len(done.outcome.after) == 2
    assert whole(space.ledger) == before


def test_what_was_withdrawn_while_they_were_one_stays_withdrawn_for_both(space):
    done = deciding.decide(space, "merge", [[ADA, BEN]], NOTE)
    tell(space, BEN, when="2026-11-23T10:00", kind="consent_withdrawn", purpose="marketing", channel="email")
    deciding.undo(space, done.decision.number, NOTE)
    assert consents(space, ADA) == consents(space, BEN) == {NEWSLETTER: False}
    tell(space, ADA, when="2026-11-24T10:00", kind="consent_given", purpose="marketing", channel="email")
    assert consents(space, ADA) == {NEWSLETTER: True}  # she herself may agree again
    assert consents(space, BEN) == {NEWSLETTER: False}


def test_what_evidence_joined_keeps_its_withdrawals_on_both_sides(space):
    tell(space, ADA, PHONE, when="2026-11-05T10:00", kind="page_viewed")
    assert space.customer(str(ADA)) == space.customer(str(BEN))
    tell(space, PHONE, when="2026-11-06T10:00", kind="consent_withdrawn", purpose="survey", channel="phone")
    tell(space, ADA, when="2026-10-06T10:00", kind="consent_given", purpose="survey", channel="phone")
    deciding.decide(space, "separate", [[ADA], [PHONE, BEN]], NOTE)
    assert consents(space, ADA) == {NEWSLETTER: False, ("survey", "phone"): False}


def test_what_a_person_separated_never_rejoins(space):
    tell(space, ADA, PHONE, when="2026-11-05T10:00", kind="page_viewed")
    deciding.decide(space, "separate", [[ADA], [PHONE]], NOTE)
    for day in range(10, 20):
        tell(space, ADA, PHONE, when=f"2026-11-{day}T10:00", kind="page_viewed")
    assert space.customer(str(ADA)) != space.customer(str(PHONE))
    live = whole(space.ledger)
    with space.ledger.write() as connection:
        resolution.rebuild(connection, space.rules, space.ledger.next_change(connection))
    assert whole(space.ledger)["identifier_resolution"] == live["identifier_resolution"]
    assert whole(space.ledger)["resolution"] == live["resolution"]


def test_a_shared_identifier_joins_nobody_until_that_is_taken_back(space):
    tell(space, ADA, PHONE, when="2026-11-05T10:00", kind="page_viewed")
    done = deciding.decide(space, "shared", [[PHONE]], NOTE)
    assert len({space.customer(str(one)) for one in (ADA, BEN, PHONE)}) == 3
    deciding.undo(space, done.decision.number, NOTE)
    assert len({space.customer(str(one)) for one in (ADA, BEN, PHONE)}) == 1


def test_a_household_changes_nobody(space):
    before = whole(space.ledger)
    done = deciding.decide(space, "household", [[ADA, BEN]], NOTE)
    assert len(done.outcome.after) == 2
    assert whole(space.ledger) == before


def test_a_preview_says_what_happens_and_changes_nothing(space):
    before, change = whole(space.ledger), space.as_of().change
    seen = deciding.preview(space, "merge", [[ADA, BEN]])
    assert (whole(space.ledger), space.as_of().change) == (before, change)
    done = deciding.decide(space, "merge", [[ADA, BEN]], NOTE)
    assert done.outcome == seen
    assert (
        deciding.preview_undo(space, done.decision.number) == deciding.undo(space, done.decision.number, NOTE).outcome
    )


def test_a_decision_without_an_effect_is_taken_back_and_told(space, monkeypatch):
    monkeypatch.setattr(deciding.resolution, "redecide", lambda *_: resolution.Moved())
    before = whole(space.ledger)
    with pytest.raises(GeleitError, match="had not the effect"):
        deciding.decide(space, "merge", [[ADA, BEN]], NOTE)
    assert whole(space.ledger) == before


def test_who_is_unknown_or_one_already_is_refused(space):
    with pytest.raises(NotFoundError, match=r"no identifier 'email:nobody@example.com'"):
        deciding.decide(space, "merge", [[ADA, Identifier("email", "nobody@example.com")]], NOTE)
    with pytest.raises(GeleitError, match="one customer already"):
        deciding.decide(space, "merge", [[BEN, PHONE]], NOTE)


def test_a_customer_is_spoken_of_by_the_identifier_that_names_it(space):
    customer = space.customer(str(PHONE))
    assert naming.person(space, customer) == BEN
    assert naming.person(space, PHONE.value) == naming.exact(space, "phone:0561/44820") == PHONE
    for key in ("cnobody", "nobody@example.com"):
        with pytest.raises(NotFoundError):
            naming.person(space, key)
    with pytest.raises(NotFoundError, match="is a customer, not an identifier"):
        naming.exact(space, customer)


def test_who_leaves_takes_along_what_hangs_on_them_alone(space):
    browser, card = Identifier("web.anonymous_id", "b-1"), Identifier("loyalty_card", "99")
    user = Identifier("website.user_id", "5")
    tell(space, ADA, browser, when="2026-11-05T10:00", kind="page_viewed")
    for minute, one in enumerate((ADA, user, ADA)):
        tell(space, card, one, when=f"2026-11-06T10:0{minute}", kind="page_viewed")
    sides = naming.separation(space, str(user), [ADA])
    assert sides == ((card, user), (ADA,))
    deciding.decide(space, "separate", sides, NOTE)
    assert space.customer(str(browser)) == space.customer(str(ADA))
    assert space.customer(str(card)) == space.customer(str(user)) != space.customer(str(ADA))
    with pytest.raises(GeleitError, match="nobody would be left"):
        naming.separation(space, str(user), [card, user])


def test_whole_people_are_merged_where_each_has_a_number_of_the_same_system(space):
    for number, one in enumerate((ADA, BEN)):
        tell(
            space,
            one,
            Identifier("shop.user_id", f"u{number}"),
            when=f"2026-11-0{5 + number}T10:00",
            kind="page_viewed",
        )
    before = whole(space.ledger)
    named = naming.together(space, [str(ADA), str(PHONE)])
    done = deciding.decide(space, "merge", [named], NOTE)
    assert len(done.outcome.after) == 1
    assert {Identifier("shop.user_id", "u0"), Identifier("shop.user_id", "u1")} & set(named)
    deciding.undo(space, done.decision.number, NOTE)
    assert whole(space.ledger) == before
