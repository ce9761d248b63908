"""Looks for what no single definition can know to be wrong: files and columns that are missing, kinds that nobody delivers."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from geleit.errors import GeleitError
from geleit.events.vocabulary import VOCABULARY
from geleit.segments.definition import kinds_asked
from geleit.sources.files import look
from geleit.sources.mapping import Setting
from geleit.sources.preview import preview
from geleit.workspace.definitions import Definitions


def doubts(definitions: Definitions, now: int) -> list[str]:
    """What would fail or never happen, a sentence each; reads the first record of every source."""
    return [*_unreadable(definitions, now), *_undelivered(definitions), *_nowhere(definitions)]


def _unreadable(definitions: Definitions, now: int) -> Iterator[str]:
    setting = Setting(definitions.catalogue, definitions.company.zone, now)
    for source in definitions.sources.values():
        if not source.pulled or (source.hook and not look(source, definitions.root)[0]):
            continue
        try:
            preview(source, 1, root=definitions.root, setting=setting)
        except GeleitError as error:
            yield str(error)


def _undelivered(definitions: Definitions) -> Iterator[str]:
    """Kinds that needs.yaml or a designed journey waits for and no source can give."""
    events = [event for source in definitions.sources.values() for event in source.events]
    if any(event.kind_from for event in events):
        return  # these sources name their kinds record by record
    known = {*VOCABULARY, *definitions.kinds.kinds, *(event.kind for event in events if event.kind)}
    for place, kind in _awaited(definitions):
        if kind not in known and kind != "*":
            close = difflib.get_close_matches(kind, known, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "define it in kinds.yaml, or let a source deliver it"
            yield f"{place}: no source delivers the kind '{kind}'\nHint: {hint}"


def _awaited(definitions: Definitions) -> Iterator[tuple[str, str]]:
    for rule in definitions.needs.needs:
        for match in (*rule.opens, *rule.continues, *rule.closes):
            yield f"needs.yaml: {rule.topic}", match.kind
    for name, journey in definitions.journeys.items():
        for kind in (*journey.beginnings, *(kind for step in journey.steps for kind in step.kinds)):
            yield f"journeys/{name}.yaml", kind
    for name, segment in definitions.segments.items():
        for kind in kinds_asked(segment):
            yield f"segments/{name}.yaml", kind


def _nowhere(definitions: Definitions) -> Iterator[str]:
    """Stages, channels and topics of designed journeys that there are not: such a step never happens."""
    catalogue = definitions.catalogue
    topics = {rule.topic for rule in definitions.needs.needs}
    for name, journey in definitions.journeys.items():
        if journey.topic and journey.topic not in topics:
            yield f"journeys/{name}.yaml: no need has the topic '{journey.topic}'\nHint: topics: {', '.join(sorted(topics))}"
        for number, step in enumerate(journey.steps, 1):
            at = f"journeys/{name}.yaml: step {number}"
            if step.stage and step.stage not in catalogue.stage_index:
                known = ", ".join(catalogue.stage_index)
                yield f"{at}: '{step.stage}' is none of the stages\nHint: stages: {known}"
            for channel in step.channels:
                if channel not in catalogue.channels:
                    known = ", ".join(sorted(catalogue.channels))
                    yield f"{at}: '{channel}' is no channel\nHint: channels: {known}"
