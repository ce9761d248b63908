"""Decisions and evidence in any order give the same customers; an oracle that knows only the words of the rules agrees."""

from collections import Counter, defaultdict

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geleit.clock import DAY
from geleit.events.event import Identifier
from geleit.identity import decisions
from geleit.identity.decisions import Decision, Decisions
from geleit.identity.graph import customer_id
from geleit.identity.rules import Identity, Rules

KINDS = {
    "shop.user_id": 3,
    "crm.contact_id": 3,
    "email": 4,
    "phone": 2,
    "web.anonymous_id": 3,
    "kiosk.device_id": 2,
    "till.order_id": 3,
    "parcel.tracking_no": 2,
}
RULES = {
    "usual": Rules(),
    "tight": Rules(
        Identity.model_validate(
            {
                "hub": {"user_ids": 2, "degree": 4},
                "identifiers": {"email": {"limit": 2, "per": "month"}, "phone": {"unique": True}},
            }
        )
    ),
    "trusting": Rules(
        Identity.model_validate(
            {
                "hub": {"user_ids": 99, "degree": 999},
                "classes": {"user_id": {"limit": "none"}, "device_id": {"shared_by": 9}},
                "sources": {
                    "till": {"strength": 1, "ignore": ["phone"]},
                    "kiosk": {"links": False},
                    "web": {"blocked": ["^p1@"]},
                },
                "exclude": ["email:p2@example.org"],
            }
        )
    ),
}


def value(type_, number):
    return {"email": f"{type_}:p{number}@example.org", "phone": f"{type_}:+49561448{number}00"}.get(
        type_, f"{type_}:v{number + 1}"
    )


ALL = [value(type_, number) for type_, many in KINDS.items() for number in range(many)]
WHO = st.sampled_from(ALL)
SEE = st.tuples(
    st.just("see"),
    st.integers(0, 400),
    st.sampled_from(["web", "till", "kiosk"]),
    st.lists(WHO, min_size=1, max_size=4),
)
MERGE = st.tuples(st.just("merge"), st.lists(WHO, min_size=2, max_size=3, unique=True))
APART = st.lists(WHO, min_size=2, max_size=4, unique=True).flatmap(
    lambda ends: st.integers(1, len(ends) - 1).map(lambda cut: ("separate", ends[:cut], ends[cut:]))
)
SHARED = st.tuples(st.just("shared"), st.lists(WHO, min_size=1, max_size=2, unique=True))
HOUSEHOLD = st.tuples(st.just("household"), st.lists(WHO, min_size=2, max_size=2, unique=True))
UNDO = st.tuples(st.just("undo"), st.integers(0, 5))
STEPS = st.lists(st.one_of(SEE, SEE, SEE, MERGE, APART, SHARED, HOUSEHOLD, UNDO), min_size=1, max_size=22)
SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def play(people, seen, steps):
    """Let things happen in this order; what stands in the end: (event steps, decisions that stand)."""
    numbers, standing, sights = [], {}, []
    for place, (what, *rest) in enumerate(steps):
        if what == "see":
            day, source, who = rest
            sights.append((place, day, source, who))
            people.take(seen(place, day, *who, source=source))
        elif what == "undo":
            open_ = [number for number in numbers if number in standing]
            if open_:
                number = open_[rest[0] % len(open_)]
                people.undo(number)
                del standing[number]
        else:
            number = people.decide(what, *rest)
            numbers.append(number)
            standing[number] = (what, *rest)
    return sights, standing


@SOME
@given(steps=STEPS, seed=st.integers(0, 1000), rules=st.sampled_from(sorted(RULES)))
def test_the_order_of_evidence_and_decisions_changes_nothing(fresh, seen, batches, *, steps, seed, rules):
    people = fresh()
    people.rules = RULES[rules]
    sights, standing = play(people, seen, steps)
    happened = people.state()
    assert people.rebuild() == set()
    assert people.state() == happened
    for early in (True, False):
        people = fresh()
        people.rules = RULES[rules]
        if early:
            for what, *sides in standing.values():
                people.decide(what, *sides)
        for batch in batches([seen(n, day, *who, source=source) for n, day, source, who in sights], seed):
            people.take(*batch)
        if not early:
            for what, *sides in standing.values():
                people.decide(what, *sides)
        assert people.state() == happened


@SOME
@given(steps=STEPS, last=st.one_of(MERGE, APART, SHARED))
def test_undoing_gives_exactly_what_was(fresh, seen, steps, last):
    people = fresh()
    play(people, seen, steps)
    before = people.state()
    people.undo(people.decide(*last))
    assert people.state() == before


@SOME
@given(steps=STEPS, apart=APART, later=st.lists(SEE, max_size=12), seed=st.integers(0, 1000))
def test_what_was_separated_never_rejoins(fresh, seen, batches, *, steps, apart, later, seed):
    """Whatever evidence comes: only a newer decision could."""
    people = fresh()
    play(people, seen, steps)
    _, one, other = apart
    people.decide(*apart)
    for batch in batches([seen(100 + n, day, *who) for n, (_, day, _, who) in enumerate(later)], seed):
        people.take(*batch)
        places = people.places()
        mine, theirs = ({places[end][0] for end in side if end in places} for side in (one, other))
        assert not mine & theirs


@SOME
@given(steps=STEPS, rules=st.sampled_from(sorted(RULES)))
def test_an_independent_oracle_agrees(fresh, seen, steps, rules):
    people = fresh()
    people.rules = RULES[rules]
    sights, standing = play(people, seen, steps)
    assert {name: who for name, (who, _) in people.places().items()} == oracle(sights, standing, rules)


def oracle(sights, standing, rules):
    """Customers by brute force over networkx graphs: no union-find, no bookkeeping; everything is asked of the whole anew."""
    rules = RULES[rules]
    first, shown = {}, defaultdict(lambda: [0, 10**20, 99])
    for _, day, source, who in sights:
        ends = sorted({named(text) for text in who})
        for end in ends:
            first[end] = min(first.get(end, 10**20), day * DAY)
        for a in ends:
            for b in (b for b in ends if a < b and rules.heeds(source, a) and rules.heeds(source, b)):
                link = shown[a, b]
                shown[a, b] = [link[0] + 1, min(link[1], day * DAY), min(link[2], rules.strength(source))]
    settled = Decisions(
        tuple(
            Decision(number, kind, tuple(tuple(sorted(map(named, side))) for side in sides), "", "", 0)
            for number, (kind, *sides) in standing.items()
        )
    ).settled()
    seen_with = nx.Graph(list(shown))
    alone = {end for end in first if lonely(end, seen_with, rules, settled)}
    joins = {end: rules.of(end.type).links for end in first}
    bonded = nx.Graph([(bond.a, bond.b) for bond in settled.bonds])
    known = nx.Graph(bonded.edges)
    known.add_nodes_from(first)

    def order(pair):
        priorities = sorted((rules.of(end.type).priority for end in pair), reverse=True)
        count, sooner, strength = shown[pair]
        return *priorities, strength, -count, sooner, *pair

    def whole(end):
        return nx.node_connected_component(known, end)

    def allowed(a, b, *, limits=True):
        together, mine, theirs = whole(a) | whole(b), whole(a), whole(b)
        if any(together & apart.one and together & apart.other for apart in settled.apart):
            return False
        if not limits:
            return True
        for type_ in {end.type for end in together if end in first}:
            limit = rules.of(type_).limit
            parts = [
                Counter(rules.of(type_).slot(first[e]) for e in part if e in first and e.type == type_)
                for part in (mine, theirs)
            ]
            if limit is not None and any(
                parts[0][s] and parts[1][s] and parts[0][s] + parts[1][s] > limit for s in parts[0]
            ):
                return False
        return True

    leaves = []
    for a, b in sorted(shown, key=order):
        if a in alone or b in alone:
            continue
        if not (joins[a] and joins[b]):
            leaves.append((a, b))
        elif b not in whole(a) and allowed(a, b):
            known.add_edge(a, b)
    placed = {end for end in first if any(joins.get(other) for other in whole(end))}
    while True:
        arrived = set()
        for a, b in leaves:
            for leaf, home in ((a, b), (b, a)):
                if leaf not in placed | arrived and home in placed and allowed(leaf, home, limits=False):
                    arrived |= {leaf} | (set(nx.node_connected_component(bonded, leaf)) if leaf in bonded else set())
                    known.add_edge(leaf, home)
        if not arrived:
            break
        placed |= arrived
    found = {}
    for some in nx.connected_components(known):
        here = [end for end in some if end in first]
        if here:
            eldest = min(here, key=lambda end: (not joins[end], first[end], rules.of(end.type).priority, end))
            found.update({str(end): customer_id(eldest) for end in here})
    return found


def lonely(end, seen_with, rules, settled):
    """Whether an identifier joins nobody."""
    if end in settled.shared or end in rules.exclude or rules.blocks(end):
        return True
    around = seen_with.adj.get(end, ())
    users = Counter(other.type for other in around if rules.of(other.type).class_ == "user_id")
    degree = sum(rules.of(other.type).class_ in ("user_id", "loyalty_card", "email", "phone") for other in around)
    most = max(users.values(), default=0)
    rule = rules.of(end.type)
    if rule.shared_by and most >= rule.shared_by:
        return True
    return rule.class_ not in ("user_id", "loyalty_card") and (most > rules.hub.user_ids or degree > rules.hub.degree)


def named(text):
    return Identifier(*text.split(":", 1))


@SOME
@given(sights=st.lists(SEE, min_size=1, max_size=16), steps=st.lists(st.one_of(MERGE, APART, SHARED), max_size=4))
def test_without_the_evidence_of_one_source_it_is_as_if_that_had_never_been(fresh, seen, sights, steps):
    """What erasing has to give: the customers of the evidence that is left, decisions standing."""
    people = fresh()
    play(people, seen, [*steps, *(one for one in sights if one[2] != "till")])
    expected = {name: who for name, (who, _) in people.places().items()}
    people = fresh()
    play(people, seen, [*sights, *steps])
    people.forget("till", [one for one in sights if one[2] != "till"])
    people.rebuild()
    assert {name: who for name, (who, _) in people.places().items()} == expected


def test_a_merge_joins_two_users_of_one_system_whatever_limits_say(people, seen):
    people.take(seen(1, 1, "shop.user_id:a"), seen(2, 2, "shop.user_id:b", "email:b@example.org"))
    number = people.decide("merge", ["shop.user_id:a", "shop.user_id:b"])
    assert people.who("shop.user_id:a") == people.who("shop.user_id:b") == people.who("email:b@example.org")
    people.take(seen(3, 3, "shop.user_id:c", "email:b@example.org"))
    assert people.who("shop.user_id:c") != people.who("shop.user_id:a")
    people.take(seen(4, 3, "shop.user_id:a", "crm.contact_id:k"))
    assert people.who("crm.contact_id:k") == people.who("shop.user_id:b")
    people.undo(number)
    assert people.who("shop.user_id:a") != people.who("shop.user_id:b")


def test_a_shared_address_joins_nobody_and_does_again_when_that_is_taken_back(people, seen):
    people.take(seen(1, 1, "shop.user_id:a", "email:office@example.org"))
    people.take(seen(2, 2, "crm.contact_id:b", "email:office@example.org"))
    one = people.who("shop.user_id:a")
    number = people.decide("shared", ["email:office@example.org"])
    assert people.places()["email:office@example.org"][1] == "shared"
    assert len({people.who(key) for key in ("shop.user_id:a", "crm.contact_id:b", "email:office@example.org")}) == 3
    people.undo(number)
    assert {who for who, _ in people.places().values()} == {one}


def test_a_decision_about_somebody_not_seen_yet_holds_when_they_come(people, seen):
    people.decide("separate", ["crm.contact_id:b"], ["email:office@example.org"])
    people.take(seen(1, 1, "shop.user_id:a", "email:office@example.org"))
    people.take(seen(2, 2, "crm.contact_id:b", "email:office@example.org"))
    assert people.who("shop.user_id:a") == people.who("email:office@example.org") != people.who("crm.contact_id:b")


@pytest.mark.parametrize("kind", ["household"])
def test_a_household_joins_nobody(people, seen, kind):
    people.take(seen(1, 1, "shop.user_id:a"), seen(2, 2, "shop.user_id:b"))
    people.decide(kind, ["shop.user_id:a", "shop.user_id:b"])
    assert people.who("shop.user_id:a") != people.who("shop.user_id:b")
    with people.ledger.read() as connection:
        assert decisions.naming(connection, {Identifier("shop.user_id", "a")}).standing == ()
