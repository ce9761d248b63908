"""The person: the need in their words first, then stage, criteria, journey, all that happened; money last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from geleit.customers.profile import Profile
from geleit.events.event import Identifier
from geleit.maps.journey import Criterion
from geleit.needs.need import Need
from geleit.web import standing
from geleit.web.lines import Words
from geleit.web.pages import facts, happened
from geleit.web.screen import reader_of, show, workspace_of
from geleit.workspace import Workspace
from geleit.workspace.households import households


@dataclass(frozen=True, slots=True)
class PersonView:
    """All that the person page shows; ``base`` is the page's own address."""

    base: str
    profile: Profile
    salutation: str
    now: standing.NeedView | None
    others: list[standing.NeedView]
    maps: list[standing.NeedView]
    criteria: list[Criterion]
    strips: list[standing.StripView]
    timeline: happened.TimelineView
    contact: facts.Contact | None
    promises: list[facts.PromiseView]
    consents: list[facts.ConsentView]
    traits: list[facts.TraitView]
    accounts: list[facts.AccountView]
    products: list[facts.ProductView]
    service: list[facts.ServiceView]
    visits: list[facts.VisitView]
    sums: list[str]
    orders: list[facts.OrderView]
    lives_with: list[tuple[str, str]]


def person(request: Request) -> Response:
    """GET /people/{id}: follows redirects of merged customers to the one page."""
    workspace = workspace_of(request)
    key = request.path_params["id"]
    customer = workspace.customer(key)
    if customer != key:
        return RedirectResponse(f"{base_of(customer)}{'?' if request.url.query else ''}{request.url.query}")
    view = view_of(request, workspace, customer)
    return show(request, "person.html", area="people", view=view)


def base_of(customer: str) -> str:
    """The address of a person's page."""
    return f"/people/{quote(customer, safe='')}"


def words_of(request: Request) -> Words:
    """How events read on this page."""
    workspace = workspace_of(request)
    return Words(workspace.catalogue, workspace.source_label, reader_of(request))


def view_of(request: Request, workspace: Workspace, customer: str) -> PersonView:
    """Everything the page shows of one person."""
    words, base = words_of(request), base_of(customer)
    profile, events = workspace.profile(customer), workspace.read_events(customer)
    needs = _in_view(workspace.needs(customer, words.reader.language))
    place = standing.Place(base, workspace.clock())
    label = {need.topic: workspace.topic_label(need.topic, words.reader.language) for need in needs}
    views = [(need, standing.view_need(need, label[need.topic], events, words, place)) for need in needs]
    now = needs[-1] if needs else None
    newest_first = [view for _, view in reversed(views)]
    return PersonView(
        base=base,
        profile=profile,
        salutation=facts.salutation(profile, words.reader),
        now=newest_first[0] if views else None,
        others=newest_first[1:],
        maps=list({view.topic: view for view in reversed(newest_first)}.values())[::-1][:MAPS_SHOWN],
        criteria=standing.criteria(events, now, words.reader.language) if now else [],
        strips=standing.strips(views, events, words, base) if views else [],
        timeline=happened.timeline(request.query_params, events, words, base),
        contact=facts.contact(events),
        promises=facts.promises(events, place.as_of, words),
        consents=facts.consents(profile, words),
        traits=facts.traits(profile, words),
        accounts=facts.accounts(profile, words),
        products=facts.products(profile, words),
        service=facts.service(workspace.service(events), words, base),
        visits=facts.visits(workspace.visits(events), words, base),
        sums=facts.sums(profile, words),
        orders=facts.orders(profile, words),
        lives_with=_lives_with(workspace, profile),
    )


def _lives_with(workspace: Workspace, profile: Profile) -> list[tuple[str, str]]:
    """Addresses and names of those who live with the person, as somebody noted."""
    known = [Identifier(one.type, one.value) for one in profile.identifiers]
    people = {one for home in households(workspace, known) for one in home.people}
    others = sorted((name, customer) for customer, name in people if customer != profile.customer_id)
    return [(base_of(customer), name) for name, customer in others]


MAPS_SHOWN = 3  # buttons that lead to a map, one a topic
NEEDS_SHOWN = 12  # older ones stand in the timeline, and on the map page of any of them


def _in_view(needs: Sequence[Need]) -> list[Need]:
    """The newest needs, oldest first, with the current one at the end."""
    now = standing.current(needs)
    rest = [need for need in needs if need is not now]
    return [*rest[-NEEDS_SHOWN:], now] if now else []
