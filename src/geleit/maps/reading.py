"""Reads the events of one need into a journey: what the picture says, in one language, with nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from geleit.clock import deadline, local_day
from geleit.events.kinds import Catalogue, in_language
from geleit.events.properties import affirmed, amount, wording
from geleit.language.words import translate
from geleit.maps.annotations import Told, attach
from geleit.maps.designed import Done, Judging, judge
from geleit.maps.journey import Criterion, Feeling, Journey, PromiseMark, PromiseState, StageHead, Step, Verdict
from geleit.maps.sentences import evidence_text, facet_name, repeated
from geleit.needs.designed import DesignedJourney
from geleit.needs.need import Need, ReadEvent


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What the events alone do not say: whose journey, for whom to read, as of when (microseconds UTC).

    ``source_labels`` name sources per language; a source without a label is called by its name.
    """

    customer_key: str
    customer_name: str
    language: str
    zone: str
    as_of: int
    contact_person: str = ""
    topic_label: str = ""
    source_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    designed: DesignedJourney | None = None

    def source(self, name: str) -> str:
        """What a reader calls a source."""
        label = self.source_labels.get(name)
        return in_language(label, self.language) if label else name


def read_journey(events: Sequence[ReadEvent], need: Need, *, catalogue: Catalogue, context: ReadingContext) -> Journey:
    """The journey of one need from its events (steps and annotations) in total order.

    Pure: the same events, catalogue and context give the same journey. Events of other needs must not be among them.
    """
    reader = _Reader(catalogue, context, promises_of(events, context))
    groups = repeats(attach(events), context)
    steps = [_once(reader.step(place + 1, group), need.quote) for place, group in enumerate(groups)]
    done = [reader.done(told.step) for group in groups for told in group]
    judged = judge(done, context.designed, reader.rules(need))
    verdicts = _of_groups(judged.verdicts, groups)
    heads = [
        StageHead(stage.id, in_language(stage.label, context.language), catalogue.tone(stage.id))
        for stage in catalogue.stages
    ]
    return Journey(
        customer_key=context.customer_key,
        customer_name=context.customer_name,
        need_id=need.id,
        topic=context.topic_label or need.topic,
        quote=need.quote,
        opened_at=need.opened_at,
        closed_at=need.closed_at,
        closed_by=need.closed_by,
        contact_person=context.contact_person,
        language=context.language,
        zone=context.zone,
        as_of=context.as_of,
        stages=tuple(heads),
        steps=tuple(replace(step, verdict=verdict) for step, verdict in zip(steps, verdicts, strict=True)),
        skipped=tuple(reader.designed_label(at) for at in judged.skipped),
    )


@dataclass(frozen=True, slots=True)
class _Promise:
    text: str
    by: str
    due_at: int | None
    kept_at: int | None


def promises_of(events: Sequence[ReadEvent], context: ReadingContext) -> dict[str, _Promise]:
    """Every promise of the need by its id, made or only reported as kept."""
    found: dict[str, _Promise] = {}
    for event in events:
        kind, properties = event.touchpoint.kind, event.event.properties
        identity = str(properties.get("promise_id") or event.event.id)
        if kind == "promise_made":
            by = wording(properties.get("by") or properties.get("staff"), context.language)
            due = deadline(properties.get("due_at"), context.zone)
            kept_at = found[identity].kept_at if identity in found else None
            found[identity] = _Promise(wording(properties.get("text"), context.language), by, due, kept_at)
        elif kind == "promise_kept":
            known = found.get(identity) or _Promise(wording(properties.get("text"), context.language), "", None, None)
            found[identity] = known if known.kept_at else replace(known, kept_at=event.event.t)
    return found


def repeats(steps: Sequence[Told], context: ReadingContext) -> list[list[Told]]:
    """Steps in groups: pure repeats in a row on one local day stand together, everything else alone."""
    groups: list[list[Told]] = []
    last: tuple[object, ...] | None = None
    for told in steps:
        mark = _repeat_mark(told, context)
        if groups and mark is not None and mark == last:
            groups[-1].append(told)
        else:
            groups.append([told])
        last = mark
    return groups


def _repeat_mark(told: Told, context: ReadingContext) -> tuple[object, ...] | None:
    """What must be equal for two steps to be the same again; None for a step that stands for itself."""
    event, where = told.step.event, told.step.touchpoint
    properties = event.properties
    if told.about or properties.get("staff") or properties.get("words") or where.kind in ("need_opened", "need_closed"):
        return None
    own_text = wording(properties.get("text"), context.language)
    note = wording(properties.get("evidence_note"), context.language)
    return (event.source, where, own_text, note, local_day(event.t, context.zone))


_WEIGHT = {"late": 0, "as_designed": 1, "other_order": 2, "extra": 3}


def _of_groups(verdicts: Sequence[Verdict | None], groups: Sequence[Sequence[Told]]) -> list[Verdict | None]:
    """A verdict per drawn step: of several events in a row that of the one which is a designed step."""
    left = iter(verdicts)
    found = []
    for group in groups:
        mine = [verdict for _, verdict in zip(group, left, strict=False) if verdict]
        found.append(min(mine, key=lambda verdict: _WEIGHT[verdict.kind], default=None))
    return found


def _once(step: Step, need_quote: str) -> Step:
    """The step without the words that stand over the whole picture already."""
    return replace(step, quote="") if step.quote == need_quote and step.text != step.quote else step


@dataclass(frozen=True, slots=True)
class _Reader:
    catalogue: Catalogue
    context: ReadingContext
    promises: Mapping[str, _Promise]

    def step(self, place: int, group: Sequence[Told]) -> Step:
        """One column: a step, or several pure repeats of it."""
        told = group[0]
        event, where = told.step.event, told.step.touchpoint
        language = self.context.language
        quote = wording(event.properties.get("words"), language)
        only_words = quote and not event.properties.get("text")
        staff = wording(event.properties.get("staff"), language)
        return Step(
            number=place,
            event_ids=tuple(str(one.event.id) for each in group for one in (each.step, *each.about)),
            t=event.t,
            kind=where.kind,
            text=quote if only_words else self.text(group),
            stage=where.stage,
            channel=where.channel,
            channel_label=self.catalogue.channel_label(where.channel, language) if where.channel else "",
            medium=where.medium,
            ownership=where.ownership,
            contact=where.contact,
            initiator=where.initiator,
            evidence=where.evidence,
            evidence_text=self.evidence(told.step),
            quote=quote,
            staff=staff,
            criteria=self.criteria(told),
            feelings=self.feelings(told),
            promises=self.marks(told, staff),
            opportunities=self.texts(told, "opportunity_noted"),
            expectations=self.texts(told, "expectation_stated"),
            count=len(group),
            until=group[-1].step.event.t if len(group) > 1 else 0,
        )

    def text(self, group: Sequence[Told]) -> str:
        """What the person did; of repeats that name different things only what they have in common, with their count."""
        language = self.context.language
        texts = {self.catalogue.text(told.step.event, language) for told in group}
        first = group[0].step
        text = texts.pop() if len(texts) == 1 else self.catalogue.label(self.kind_word(first), language)
        return text if len(group) == 1 else repeated(text, len(group), language)

    @staticmethod
    def kind_word(event: ReadEvent) -> str:
        """The kind as its source calls it; a told step by what it tells of."""
        told = event.event.kind == "step_told" and event.event.properties.get("step")
        return str(told or event.event.kind)

    def evidence(self, step: ReadEvent) -> str:
        """What the step rests on, in words: the source and its note, or that there is nothing."""
        language = self.context.language
        note = wording(step.event.properties.get("evidence_note"), language)
        source = self.context.source(step.event.source)
        return evidence_text(step.touchpoint.evidence, source, note, language)

    def texts(self, told: Told, kind: str) -> tuple[str, ...]:
        """The texts of the annotations of a kind, empty ones left out."""
        found = (wording(note.event.properties.get("text"), self.context.language) for note in told.of(kind))
        return tuple(text for text in found if text)

    def criteria(self, told: Told) -> tuple[Criterion, ...]:
        """What the person judges by, as stated or supposed here."""
        found = []
        for note in told.of("criterion_stated"):
            text = wording(note.event.properties.get("criterion"), self.context.language)
            supposed = affirmed(note.event.properties.get("supposed")) or note.touchpoint.evidence == "gap"
            found += [Criterion(text, supposed)] if text else []
        return tuple(found)

    def feelings(self, told: Told) -> tuple[Feeling, ...]:
        """Judgements given here; one whose number cannot be read is not drawn."""
        found = []
        for note in told.of("judgement_given"):
            properties = note.event.properties
            value = amount(properties.get("judged"))
            facet = wording(properties.get("facet"), self.context.language)
            if value is not None:
                words = wording(properties.get("words") or properties.get("text"), self.context.language)
                source = wording(properties.get("evidence_note"), self.context.language) or self.context.source(
                    note.event.source
                )
                found.append(
                    Feeling(
                        value,
                        affirmed(properties.get("estimated")),
                        source,
                        facet_name(facet, self.context.language),
                        words,
                    )
                )
        return tuple(found)

    def marks(self, told: Told, staff: str) -> tuple[PromiseMark, ...]:
        """Promises made or kept at this step, each with how it stands as of now."""
        found = []
        for note in told.of("promise_made", "promise_kept"):
            promise = self.promises[str(note.event.properties.get("promise_id") or note.event.id)]
            made = note.touchpoint.kind == "promise_made"
            state = self.made_state(promise) if made else kept_state(promise)
            kept_at = None if made else note.event.t
            text = promise.text or translate(self.context.language, "a promise")
            found.append(PromiseMark(text, promise.by or (staff if made else ""), state, promise.due_at, kept_at))
        return tuple(found)

    def made_state(self, promise: _Promise) -> PromiseState:
        """At the step where it was given: made if it was kept later, else open, or late once its day has passed."""
        if promise.kept_at is not None:
            return "made"
        return "late" if promise.due_at is not None and promise.due_at < self.context.as_of else "open"

    def done(self, read: ReadEvent) -> Done:
        """An event as the judge of designed against actual wants it."""
        properties, where = read.event.properties, read.touchpoint
        due = deadline(properties.get("due_at"), self.context.zone)
        order, state = str(properties.get("order_id") or ""), str(properties.get("state") or "")
        return Done(where.kind, read.event.t, where.channel, where.stage, order, state, due)

    def rules(self, need: Need) -> Judging:
        """How designed and actual are compared for this need."""
        return Judging(self.catalogue.canonical, self.context.language, self.context.zone, need.closed_at is not None)

    def designed_label(self, at: int) -> str:
        """What a reader calls a designed step."""
        designed = self.context.designed
        if designed is None:  # only asked for steps that a designed journey has
            return ""
        step, language = designed.steps[at], self.context.language
        return in_language(step.label, language) if step.label else self.catalogue.label(step.kinds[0], language)


def kept_state(promise: _Promise) -> PromiseState:
    """At the step where it was kept: in time, or late."""
    late = promise.due_at is not None and promise.kept_at is not None and promise.kept_at > promise.due_at
    return "late" if late else "kept"
