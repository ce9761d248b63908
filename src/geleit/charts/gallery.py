"""Which question has which picture, and the one way to draw any of them: on a page, in a file, in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from geleit.charts import (
    attribution,
    coming,
    designed,
    differences,
    flow,
    frequency,
    funnel,
    loops,
    occurrences,
    positions,
    retention,
    rfm,
    stages,
    transitions,
    trend,
    typical,
    variants,
)
from geleit.charts.drawing import EDGE, Drawing, Fact
from geleit.charts.twin import Twin
from geleit.charts.words import Words
from geleit.errors import GeleitError
from geleit.events.kinds import Catalogue
from geleit.files import write_durably
from geleit.language.words import translate
from geleit.maps import sheet
from geleit.maps.scene import Scene
from geleit.maps.style import Theme
from geleit.maps.svg import standalone

if TYPE_CHECKING:
    from geleit.analytics.result import Result

READABLE = 0o644


class Draws(Protocol):
    """Draws an answer; with a title the picture says itself what it shows."""

    def __call__(self, result: Any, drawing: Drawing, *, title: str = ...) -> Scene: ...


def _none(_result: Any, _drawing: Drawing) -> list[Any]:
    return []


@dataclass(frozen=True, slots=True)
class Chart:
    """One question's picture, its table twin, the numbers said in words above it, and what its signs mean (role, words)."""

    title: str
    draw: Draws
    twin: Callable[[Any, Drawing], Twin]
    facts: Callable[[Any, Drawing], Sequence[Fact]] = _none
    signs: Callable[[Any, Drawing], Sequence[tuple[str, str]]] = _none
    asks: Callable[[Any], str] | None = None

    def title_of(self, result: Any) -> str:
        """What this very answer was asked, where that is not always the same."""
        return self.asks(result) if self.asks else self.title


CHARTS: dict[str, Chart] = {
    "flow": Chart("What happens next, what came before?", flow.draw, flow.twin, flow.facts, flow.signs, flow.asks),
    "funnel": Chart("How many come how far?", funnel.draw, funnel.twin, funnel.facts, funnel.signs),
    "retention": Chart("Who comes again?", retention.draw, retention.twin, retention.facts, retention.signs),
    "transitions": Chart(
        "What follows what?", transitions.draw, transitions.twin, transitions.facts, transitions.signs
    ),
    "stages": Chart("How far through the stages?", stages.draw, stages.twin, stages.facts, stages.signs),
    "frequency": Chart("How often do they come?", frequency.draw, frequency.twin, frequency.facts, frequency.signs),
    "attribution": Chart(
        "What comes before a success?", attribution.draw, attribution.twin, attribution.facts, attribution.signs
    ),
    "correlation": Chart(
        "What goes with success?", differences.draw, differences.twin, differences.facts, differences.signs
    ),
    "compare": Chart(
        "What is different with others?", differences.draw, differences.twin, differences.facts, differences.signs
    ),
    "trend": Chart("When does it happen?", trend.draw, trend.twin, trend.facts, trend.signs),
    "conformance": Chart("Do journeys go as designed?", designed.draw, designed.twin, designed.facts, designed.signs),
    "lifecycle": Chart(
        "Who comes, who stays away?",
        coming.draw_lifecycle,
        coming.lifecycle_twin,
        coming.lifecycle_facts,
        coming.lifecycle_signs,
    ),
    "stickiness": Chart(
        "How often do the same people come?",
        coming.draw_stickiness,
        coming.stickiness_twin,
        signs=coming.stickiness_signs,
    ),
    "rfm": Chart("Who buys how?", rfm.draw, rfm.twin, rfm.facts, rfm.signs),
    "typical": Chart("Which way is typical?", typical.draw, typical.twin, typical.facts, typical.signs),
    "occurrences": Chart(
        "What happens how often?", occurrences.draw, occurrences.twin, occurrences.facts, occurrences.signs
    ),
    "positions": Chart("What is at which place?", positions.draw, positions.twin, positions.facts, positions.signs),
    "loops": Chart("What happens again?", loops.draw, loops.twin, loops.facts, loops.signs),
    "variants": Chart("Which ways do they take?", variants.draw, variants.twin, variants.facts, variants.signs),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn answer; shows itself in notebooks."""

    scene: Scene

    def svg(self, theme: Theme = "light") -> str:
        """A file of its own, with its letters inside."""
        return standalone(self.scene, theme, margin=EDGE)

    def png(self, theme: Theme = "light") -> bytes:
        """Two dots per px."""
        return sheet.picture(self.scene, theme, EDGE)

    def save(self, target: Path | str, form: str = "", *, theme: Theme = "light") -> Path:
        """Write it as svg or png, by default as the file's name ends.

        Errors: GeleitError for another form.
        """
        path = Path(target)
        form = form or path.suffix.removeprefix(".").lower()
        if form not in ("svg", "png"):
            raise GeleitError(f"'{form}' is no form of a chart", hint="end the file's name in .svg or .png")
        write_durably(path, self.svg(theme).encode() if form == "svg" else self.png(theme), mode=READABLE)
        return path

    def _repr_svg_(self) -> str:
        return self.svg()


def chart_of(name: str) -> Chart:
    """The chart of a question.

    Errors: GeleitError for a question that has no picture.
    """
    if name not in CHARTS:
        raise GeleitError(f"'{name}' has no picture", hint=f"there are pictures of {', '.join(CHARTS)}")
    return CHARTS[name]


def draw(
    result: Result[Any],
    language: str = "en",
    *,
    catalogue: Catalogue | None = None,
    zone: str = "UTC",
    **chosen: object,
) -> Picture:
    """The picture of an answer in the company's words (``catalogue``); ``chosen`` is what the reader chooses of it.

    Errors: GeleitError for a question that has no picture.
    """
    chart = chart_of(result.question.name)
    drawing = Drawing(Words(language, catalogue or Catalogue(), zone), chosen={k: str(v) for k, v in chosen.items()})
    return Picture(chart.draw(result, drawing, title=translate(language, chart.title_of(result))))
