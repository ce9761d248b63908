"""Answers made by hand: as large, as small and as wordy as they may come."""

import random

from geleit.analytics.flow import Flow, Link
from geleit.analytics.funnel import Funnel, FunnelStep, Instead
from geleit.analytics.result import Other, Result
from geleit.analytics.selection import Population
from geleit.charts.words import Words
from geleit.events.kinds import Catalogue, Kind, Kinds
from geleit.history.delta import AsOf

WORDY = (
    "nimmt das Garantieverlängerungsangebot der Kundendienstzentrale an",
    "Donaudampfschifffahrtsgesellschaftskapitänswitwenversicherungsanstalt",
    "fragt",
    "vergleicht Energieeffizienzklassen/Geräuschpegel/Anschlussmaße im Preisvergleichsportal eines Wettbewerbers",
    "kauft",
    "ruft_in_der_Filiale.an@example.com",
    "liest einen Ratgeber",
    "bekommt einen Termin für die Gewährleistungsreparatur zwischen acht und zwölf Uhr",
    "sieht sich um",
)
KINDS = tuple(f"kind_{number}" for number in range(30))
STAGES = ("need", "inform", "configure", "order", "service", "resolved", "")


def catalogue(*, wordy=True):
    kinds = {
        kind: Kind(
            stage=STAGES[at % len(STAGES)],
            label={"de": WORDY[at % len(WORDY)] if wordy else f"Art {at}", "en": f"kind of event number {at}"},
        )
        for at, kind in enumerate(KINDS)
    }
    return Catalogue(Kinds(kinds=kinds))


def words(language="de", *, wordy=True):
    return Words(language, catalogue(wordy=wordy), "Europe/Berlin")


def answer(question, rows, journeys=0, folded=()):
    population = Population(journeys, journeys, journeys * 3, 0, 0, 5, 0)
    other = Other(len(folded), lambda: tuple(folded))
    return Result(question, AsOf(1, 2, 3, 1792891800000000), population, tuple(rows), other, lambda _: [])


def flow(depth, journeys, *, seed=1, **values):
    """Every journey at random through ``depth`` steps; one in five ends at each."""
    chance = random.Random(seed)
    question = Flow(depth=depth, **values)
    at = dict.fromkeys(question.anchor or KINDS[:3], 0)
    for value in at:
        at[value] = journeys // len(at)
    at[next(iter(at))] += journeys - sum(at.values())
    links = []
    for step in range(1, depth + 1):
        nearer = {}
        for value, many in at.items():
            if not many or value in question.goal:
                continue
            weights = [(target, chance.random() ** 6) for target in (*KINDS, "")]
            left = many
            for target, weight in weights:
                part = left if target == "" else min(left, int(many * weight / sum(w for _, w in weights)))
                left -= part
                if part:
                    ends = (value, target) if question.direction == "after" else (target, value)
                    links.append(Link(step, *ends, part, part))
                    if target:
                        nearer[target] = nearer.get(target, 0) + part
        at = nearer
    return answer(question, links, journeys)


def funnel(depth, journeys, *, instead=20, **values):
    """Two thirds of those at each step go on."""
    question = Funnel(steps=[(KINDS[step % len(KINDS)],) for step in range(depth)], **values)
    rows, here = [], journeys
    for step in range(1, depth + 1):
        onward = here * 2 // 3 if step < depth else here
        lost, gone = here - onward, []
        for kind in (*KINDS[:instead], ""):
            part = lost if kind == "" else lost // 3
            lost -= part
            if part:
                gone.append(Instead(kind, part, part))
        share = here / journeys if journeys else None
        spans = (step * 86_400_000_000, step * 90_000_000_000) if here else (None, None)
        rows.append(FunnelStep(step, question.steps[step - 1], here, here, share, share, *spans, tuple(gone)))
        here = onward
    return answer(question, rows, journeys)
