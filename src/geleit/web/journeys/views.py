"""Which questions have a page under /journeys, what their forms ask, and what the hub says of them.

To add a question that ``geleit.analytics`` can answer:

1. Draw it: ``geleit/charts/NAME.py`` with ``draw(result, drawing, *, title="") -> Scene`` (flow.py and funnel.py show how:
   marks on a ``Canvas``, numbers as doors by ``drawing.lead(cell)``, where ``cell`` names columns of ``question.keys``) and
   ``twin(result, drawing) -> Twin``, the same numbers as a table; optionally ``facts`` (numbers said above the picture) and
   ``signs`` (what a legend must say). Charts import answers for typing only, so that pages do not load what compiles kernels.
2. Hang it up: a ``Chart`` in ``geleit.charts.gallery.CHARTS`` under the question's name (that of its model).
3. Give it a page: a ``View`` here in ``VIEWS``, with the fields of the question that people choose. Names of fields
   are the model's; ``control`` says how they are chosen, ``more`` puts them below "More filters". Unit, period and
   notes come by themselves. ``narrow=True`` draws the picture in three widths (``drawing.width`` is 1168, 656 and
   358); without it one wide picture of 1344 px or more scrolls in its own room, and with ``phone=True`` phones get one
   of their own (358), which stands tall and does not scroll sideways. ``start`` gives values to begin with where nothing was chosen yet; ``live`` the number
   that the hub shows.
4. Put the German words into ``language/de/charts.po`` (pictures) and ``journeys.po`` (pages); texts of views stand in
   ``say(...)``-less tuples, so tests/web/test_journeys.py looks at them here.

Then /journeys/NAME, its people, CSV, SVG, PNG, errors, empty states, print and the link in the hub are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from geleit.charts.drawing import Fact
from geleit.charts.words import Words

Control = Literal["values", "segment", "topic", "design", "choice", "number", "day", "span", "flag"]
Ask = Callable[..., Any]  # name of a question, its fields -> its answer
BOUGHT = "order_completed"
SHOP = ("product_viewed", "product_added", "checkout_started", BOUGHT)
FEWEST = 2  # steps of a way
SPANS = ("1 hour", "1 day", "2 days", "7 days", "14 days", "30 days", "90 days", "365 days")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a form asks: a field of the question, and how it is chosen.

    ``values``: a kind, channel or stage that exists, ``several`` = so many at once at least; ``empty`` = the words for none.
    ``topic``: one of the company's needs. ``design``: one of its designed journeys. ``choice``: one of ``options`` (value, words). ``number``: from the first option to the second. ``flag``: yes or no.
    """

    name: str
    label: str
    control: Control
    options: tuple[tuple[str, str], ...] = ()
    several: int = 1
    empty: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A value that exists, what people call it, and in how many journeys it is."""

    value: str
    label: str
    place: int  # of its stage in the model, -1 without one
    journeys: int


def _nothing(_known: Sequence[Known]) -> Mapping[str, Any]:
    return {}


def _silent(_ask: Ask, _known: Sequence[Known], _words: Words) -> Fact | None:
    return None


@dataclass(frozen=True, slots=True)
class View:
    """A question's page: ``name`` is that of the question; ``title`` asks it in plain words, ``tells`` says what it shows.

    Where one of ``unless`` is given, nothing is begun with. ``ways``: the ways most taken stand below the picture.
    """

    name: str
    title: str
    tells: str
    fields: tuple[Field, ...]
    narrow: bool = False
    phone: bool = False
    ways: bool = False
    start: Callable[[Sequence[Known]], Mapping[str, Any]] = _nothing
    unless: tuple[str, ...] = ()
    live: Callable[[Ask, Sequence[Known], Words], Fact | None] = _silent


OF = Field("of", "Steps are", "choice", (("kind", "events"), ("channel", "channels"), ("stage", "stages")), more=True)
WHEN = (
    Field("topic", "Need", "topic", empty="any"),
    Field("segment", "Segment", "segment", empty="everybody"),
    Field("since", "Began from", "day"),
    Field("until", "until before", "day"),
)
COMMON = (
    Field(
        "unit",
        "A journey is",
        "choice",
        (("need", "what belongs to one need"), ("customer", "all that one person did")),
        more=True,
    ),
    Field(
        "period_of",
        "The days choose",
        "choice",
        (("journeys", "journeys that began then, whole"), ("events", "only the events of these days")),
        more=True,
    ),
    Field("own_kinds", "Count the kinds that sources have of their own", "flag", more=True),
    Field("notes", "Count notes like steps", "flag", more=True),
)


def _beginning(ask: Ask, _known: Sequence[Known], words: Words) -> Fact | None:
    """With what most journeys begin."""
    links = ask("flow", depth=1).rows
    starts: dict[str, int] = {}
    for link in links:
        starts[link.source] = starts.get(link.source, 0) + link.journeys
    if not starts:
        return None
    most = max(starts, key=lambda value: (starts[value], value))
    said = words.say("journeys begin like this: {name}", name=words.name(most))
    return Fact(words.number(starts[most]), "/journeys/flow", said)


def _usual_steps(known: Sequence[Known]) -> Mapping[str, Any]:
    """A way that can be asked at once: the shop's, else of each stage (but the first and last) the most frequent kind."""
    there = {one.value: one.place for one in known}
    if len(found := [kind for kind in SHOP if kind in there]) < FEWEST + 1:
        end = there.get(BOUGHT, -1)
        steps: dict[int, str] = {}
        for one in known:
            if 0 < one.place < (end if end > 0 else max(there.values())):
                steps.setdefault(one.place, one.value)
        found = [value for _, value in sorted(steps.items())] + ([BOUGHT] if end > 0 else [])
    found = found if len(found) >= FEWEST else [one.value for one in known[:FEWEST]]
    return {"steps": found} if len(found) >= FEWEST else {}


def _lost(ask: Ask, known: Sequence[Known], words: Words) -> Fact | None:
    """How many of those who begin the usual way come to its end."""
    steps = _usual_steps(known).get("steps")
    if not steps:
        return None
    rows = ask("funnel", steps=steps).rows
    said = words.say(
        "of {n} come from “{first}” to “{last}”",
        n=words.number(rows[0].journeys),
        first=words.names(rows[0].kinds),
        last=words.names(rows[-1].kinds),
    )
    return Fact(words.number(rows[-1].journeys), "/journeys/funnel", said)


def _success(known: Sequence[Known], name: str) -> Mapping[str, Any]:
    """What is bought, else the most frequent kind of the latest stage."""
    there = [one.value for one in known]
    latest = max(known, key=lambda one: (one.place, one.journeys), default=None)
    return {name: [BOUGHT if BOUGHT in there else latest.value]} if latest else {}


VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        View(
            "flow",
            "What happens next, what came before?",
            "Step by step what follows, from the beginning or from any event, and where journeys go no further.",
            (
                Field("anchor", "From", "values", empty="the beginning of the journey"),
                Field("goal", "Up to", "values", empty="the end of the journey"),
                Field("direction", "Look", "choice", (("after", "at what follows"), ("before", "at what came before"))),
                Field("depth", "Steps", "number", (("1", ""), ("12", ""))),
                OF,
            ),
            phone=True,
            live=_beginning,
        ),
        View(
            "funnel",
            "How many come how far?",
            "How many journeys take the steps of a way, where they are lost, and what came instead.",
            (
                Field("steps", "Step", "values", several=3, empty="no further step"),
                Field(
                    "order",
                    "In between",
                    "choice",
                    (
                        ("ordered", "anything may happen"),
                        ("strict", "nothing may happen"),
                        ("unordered", "in any order"),
                    ),
                ),
                Field("window", "From first to last at most", "span"),
                Field("step_window", "From step to step at most", "span", more=True),
            ),
            narrow=True,
            start=_usual_steps,
            live=_lost,
        ),
        View(
            "trend",
            "When does it happen?",
            "Day by day, week by week or month by month: what happens how often, and when it was most.",
            (
                Field("values", "Of", "values", several=2, empty="everything"),
                Field("span", "In", "choice", (("week", "weeks"), ("day", "days"), ("month", "months"))),
                OF,
            ),
            narrow=True,
        ),
        View(
            "conformance",
            "Do journeys go as designed?",
            "What becomes of every step of a designed journey: as designed, late, in another order, left out; and what "
            "people do besides.",
            (Field("journey", "Designed journey", "design"),),
            narrow=True,
        ),
        View(
            "lifecycle",
            "Who comes, who stays away?",
            "In each month, week or day: who is new, who came before as well, who is back after a pause, who stayed away.",
            (
                Field("span", "In", "choice", (("month", "months"), ("week", "weeks"), ("day", "days"))),
                Field("active", "Counts as coming", "values", empty="all that the person begins"),
            ),
            narrow=True,
        ),
        View(
            "stickiness",
            "How often do the same people come?",
            "On how many days of a month or week the same people come, and how many of them on an average day.",
            (
                Field("span", "In", "choice", (("month", "months"), ("week", "weeks"))),
                Field("active", "Counts as coming", "values", empty="all that the person begins"),
            ),
            narrow=True,
        ),
        View(
            "rfm",
            "Who buys how?",
            "How lately, how often and for how much people bought, in fifths.",
            (Field("by", "Rows", "choice", (("score", "by the three scores"), ("group", "by group")), more=True),),
            narrow=True,
            start=lambda _known: {"by": "score"},
        ),
        View(
            "typical",
            "Which way is typical?",
            "The real way that all journeys are nearest to, what they do and say along it, and where they leave it.",
            (
                Field("having", "Only with", "values", empty="all journeys"),
                Field("columns", "Steps at most", "number", (("1", ""), ("30", "")), more=True),
            ),
            phone=True,
            ways=True,
            start=lambda _known: {"said": "1"},
        ),
        View(
            "variants",
            "Which ways do they take?",
            "The whole ways of journeys, step by step, the most frequent first, and how many are rarer.",
            (
                OF,
                Field("having", "Only with", "values", empty="all journeys"),
                Field("collapse", "The same step in a row counts once", "flag"),
                Field("limit", "Ways shown", "number", (("1", ""), ("50", ""))),
            ),
            narrow=True,
            start=lambda _known: {"limit": "12"},
        ),
        View(
            "transitions",
            "What follows what?",
            "All steps with the one directly before: arrows for the most frequent ones, with how many and how soon.",
            (
                Field("of", "Steps are", "choice", (("kind", "events"), ("channel", "channels"), ("stage", "stages"))),
                Field("limit", "Steps shown, the most frequent", "number", (("5", ""), ("100", ""))),
            ),
            phone=True,
            start=lambda _known: {"limit": "30"},
        ),
        View(
            "occurrences",
            "What happens how often?",
            "Every event, channel or stage: in how many journeys it is, how many times, of how many people.",
            (
                Field("of", "Look at", "choice", (("kind", "events"), ("channel", "channels"), ("stage", "stages"))),
                Field("having", "Only journeys with", "values", empty="all journeys", more=True),
                Field("limit", "Rows shown", "number", (("5", ""), ("100", ""))),
            ),
            narrow=True,
            start=lambda _known: {"limit": "30"},
        ),
        View(
            "positions",
            "What is at which place?",
            "The step matrix: what journeys have as their first step, as their second, and how many are at an end there.",
            (
                Field("of", "Steps are", "choice", (("kind", "events"), ("channel", "channels"), ("stage", "stages"))),
                Field("depth", "Places", "number", (("2", ""), ("15", ""))),
            ),
            narrow=True,
        ),
        View(
            "loops",
            "What happens again?",
            "What comes back in the same journey: events, channels that people return to, stages; how often, and how soon.",
            (
                Field("of", "Look at", "choice", (("kind", "events"), ("channel", "channels"), ("stage", "stages"))),
                Field("limit", "Rows shown", "number", (("5", ""), ("100", ""))),
            ),
            narrow=True,
            start=lambda _known: {"limit": "30"},
        ),
        View(
            "stages",
            "How far through the stages?",
            "How many journeys come to each stage, how many go further, how soon they come and how long they stay.",
            (),
            narrow=True,
        ),
        View(
            "frequency",
            "How often do they come?",
            "How many people came through each channel once, a few times or often.",
            (),
            narrow=True,
        ),
        View(
            "attribution",
            "What comes before a success?",
            "What people touched before a success, and how seven models share the successes among it; no cause is shown.",
            (
                Field("conversion", "Success is", "values", several=1),
                Field("of", "Touches are", "choice", (("channel", "channels"), ("kind", "events"))),
                Field("lookback", "before the success at most", "span", more=True),
                Field(
                    "support",
                    "Range from so many people with a success",
                    "number",
                    (("1", ""), ("1000", "")),
                    more=True,
                ),
            ),
            narrow=True,
            start=lambda known: _success(known, "conversion"),
        ),
        View(
            "correlation",
            "What goes with success?",
            "What happens more or less often in journeys that succeed than in those that do not, with intervals.",
            (Field("success", "Success is", "values", several=1), OF),
            narrow=True,
            start=lambda known: _success(known, "success"),
        ),
        View(
            "compare",
            "What is different with others?",
            "Journeys with something against those without it, or one segment against another or everybody else: what happens "
            "in which share of each, with intervals.",
            (
                Field("having", "Group a has", "values", several=1, empty="nothing: compare segments"),
                Field("segment", "or group a is the segment", "segment", empty="nothing"),
                Field("against", "and group b", "segment", empty="everybody else"),
                OF,
            ),
            narrow=True,
            unless=("segment", "against"),
            start=lambda known: {"having": [known[0].value]} if known else {},
        ),
        View(
            "retention",
            "Who comes again?",
            "Of those who came for the first time in the same week, month or day: how many came again in each one after.",
            (
                Field("span", "In", "choice", (("week", "weeks"), ("day", "days"), ("month", "months"))),
                Field("start", "First time is", "values", empty="anything"),
                Field("again", "Again is", "values", empty="anything"),
            ),
            narrow=True,
        ),
    )
}
