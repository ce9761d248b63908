"""The words of a journey map: its sentences, its lane heads, and the full text of every step, in the reader's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from babel.lists import format_list

from geleit.events.event import Evidence
from geleit.language.formats import day, number, span, stamp
from geleit.language.words import plural, translate
from geleit.maps.journey import Feeling, Journey, PromiseMark, Step, Verdict

MINUTE = 60_000_000
EVIDENCES: tuple[Evidence, ...] = ("log", "told", "public", "gap")


def quoted(text: str, language: str) -> str:
    """A person's words in the quotation marks of the reader's language.

    >>> quoted("zu laut", "de")
    '»zu laut«'
    """
    bare = text.strip().strip("\"'»«\u201c\u201d\u201e\u2018\u2019").strip()
    return f"»{bare}«" if language == "de" else f"\u201c{bare}\u201d"


def title(journey: Journey) -> str:
    """The need in the person's words, else its topic."""
    return quoted(journey.quote, journey.language) if journey.quote.strip() else journey.topic


def evidence_sentence(journey: Journey) -> str:
    """What of the journey is known and how, as a sentence with its numbers."""
    language, total = journey.language, len(journey.steps)
    counts = Counter(step.evidence for step in journey.steps)
    if total == 0:
        return translate(language, "No step of it is known yet.")
    if total == 1:
        return {
            "log": translate(language, "Its one step is in the log."),
            "told": translate(language, "Its one step was told."),
            "public": translate(language, "Its one step is public."),
            "gap": translate(language, "Its one step is a gap: we do not know what happened there."),
        }[journey.steps[0].evidence]
    if counts["log"] == total:
        return translate(language, "All {count} steps are in the log.", count=number(total, language))
    parts = [_evidence_part(evidence, counts[evidence], language) for evidence in EVIDENCES if counts[evidence]]
    listed = ", ".join(parts)
    first = next(counts[evidence] for evidence in EVIDENCES if counts[evidence])
    values = {"steps": number(total, language), "listed": listed}
    if counts["gap"]:
        return plural(
            language,
            "Of {steps} steps {listed}: we do not know what happened there.",
            "Of {steps} steps {listed}: we do not know what happened there.",
            first,
            **values,
        )
    return plural(language, "Of {steps} steps {listed}.", "Of {steps} steps {listed}.", first, **values)


def _evidence_part(evidence: Evidence, count: int, language: str) -> str:
    shown = number(count, language)
    part = {
        "log": plural(language, "{shown} is in the log", "{shown} are in the log", count, shown=shown),
        "told": plural(language, "{shown} was told", "{shown} were told", count, shown=shown),
        "public": plural(language, "{shown} is public", "{shown} are public", count, shown=shown),
        "gap": plural(language, "{shown} is a gap", "{shown} are gaps", count, shown=shown),
    }[evidence]
    return part.replace(" ", "\u00a0", 1)  # a number stays with its word


def period(journey: Journey) -> str:
    """Who, from when until when, and how it ended."""
    language = journey.language
    values = {
        "name": journey.customer_name,
        "start": day(journey.opened_at, language, journey.zone),
        "end": day(journey.closed_at, language, journey.zone) if journey.closed_at is not None else "",
    }
    if journey.closed_at is None:
        return translate(language, "{name}, since {start}, still open.", **values)
    return {
        "person": translate(language, "{name}, {start} to {end}, settled as the person said.", **values),
        "rule": translate(language, "{name}, {start} to {end}, closed by rule.", **values),
        "gap": translate(language, "{name}, {start} to {end}, closed after a long silence.", **values),
    }.get(journey.closed_by, translate(language, "{name}, {start} to {end}.", **values))


def contact_sentence(journey: Journey) -> str:
    """Who is there for this person; empty if nobody is named."""
    if not journey.contact_person:
        return ""
    return translate(journey.language, "Contact person: {person}.", person=journey.contact_person)


def skipped_sentence(journey: Journey) -> str:
    """Designed steps that never happened; empty without any."""
    if not journey.skipped:
        return ""
    listed = format_list(list(journey.skipped), style="standard", locale=journey.language)
    return translate(journey.language, "Designed, but not taken: {steps}.", steps=listed)


def as_of(journey: Journey) -> str:
    """The moment up to which the picture knows."""
    return translate(journey.language, "As of {time}", time=stamp(journey.as_of, journey.language, journey.zone))


def elapsed(before: Step, after: Step, language: str) -> str:
    """Time between two steps; empty below a minute."""
    return span(after.t - before.end, language) if after.t - before.end >= MINUTE else ""


def later(before: Step, after: Step, language: str) -> str:
    """Time between two steps as a line of its own; empty below a minute."""
    passed = elapsed(before, after, language)
    return translate(language, "{span} later", span=passed) if passed else ""


def stage_name(journey: Journey, stage: str) -> str:
    """The stage as the reader knows it; a step without one says so."""
    known = {head.id: head.label for head in journey.stages}
    return known.get(stage) or translate(journey.language, "no stage")


def tone(journey: Journey, stage: str) -> int | None:
    """The stage's colour place, None for a step without a stage."""
    return {head.id: head.tone for head in journey.stages}.get(stage)


def medium_name(medium: str, language: str) -> str:
    """Online, offline or phone; empty if not known."""
    return {
        "online": translate(language, "online"),
        "offline": translate(language, "offline"),
        "phone": translate(language, "phone"),
    }.get(medium, "")


OWNERSHIPS = ("home", "earned", "paid", "other", "owned", "")


def ownership_name(ownership: str, language: str) -> tuple[str, str]:
    """Head of an ownership lane and the line below it."""
    return {
        "home": (translate(language, "At home"), ""),
        "earned": (translate(language, "Earned"), translate(language, "others, friends, web")),
        "paid": (translate(language, "Paid"), translate(language, "adverts")),
        "other": (translate(language, "Other firms"), ""),
        "owned": (translate(language, "Our touchpoints"), ""),
    }.get(ownership, (translate(language, "Elsewhere"), translate(language, "place not known")))


def evidence_name(evidence: str, language: str) -> str:
    """How well a step is known."""
    return {
        "log": translate(language, "in the log"),
        "told": translate(language, "told"),
        "public": translate(language, "public"),
        "gap": translate(language, "gap, not evidenced"),
    }[evidence]


def evidence_text(evidence: Evidence, source: str, note: str, language: str) -> str:
    """What a step rests on: its source and a note to it, or that there is nothing."""
    if evidence == "log":
        return translate(language, "{source}: {note}", source=source, note=note) if note else source
    if note:
        return {
            "told": translate(language, "told: {note}", note=note),
            "public": translate(language, "public: {note}", note=note),
            "gap": translate(language, "no evidence: {note}", note=note),
        }[evidence]
    return {
        "told": translate(language, "told, {source}", source=source),
        "public": translate(language, "public, {source}", source=source),
        "gap": translate(language, "no evidence"),
    }[evidence]


def facet_name(facet: str, language: str) -> str:
    """A facet of judgement; one that is not ours keeps its name."""
    return {
        "functional": translate(language, "functional"),
        "social": translate(language, "social"),
        "personal": translate(language, "personal"),
    }.get(facet, facet)


def repeated(what: str, count: int, language: str) -> str:
    """A step that stands for several of the same kind in a row."""
    return translate(language, "{what}, {count} times", what=what, count=number(count, language))


def verdict_name(verdict: Verdict, language: str) -> str:
    """The verdict in words."""
    return {
        "as_designed": translate(language, "as designed"),
        "extra": translate(language, "not designed"),
        "other_order": translate(language, "in another order"),
        "late": verdict.note or translate(language, "late"),
    }[verdict.kind]


def promise_line(promise: PromiseMark, journey: Journey) -> str:
    """Who promised and how it stands, below the promise's text."""
    language, zone = journey.language, journey.zone
    due = day(promise.due_at, language, zone, "short") if promise.due_at is not None else ""
    kept = day(promise.kept_at, language, zone, "short") if promise.kept_at is not None else ""
    if promise.state == "kept":
        status = translate(language, "kept on {day}", day=kept)
    elif promise.state == "late":
        status = (
            translate(language, "kept late, on {day}", day=kept)
            if kept
            else translate(language, "overdue since {day}", day=due)
        )
    elif due:
        status = translate(language, "due {day}", day=due)
    else:
        status = translate(language, "given") if promise.state == "made" else translate(language, "stands")
    return ", ".join(part for part in (promise.by, status) if part)


def judged(value: float, language: str) -> str:
    """A judgement with its sign: +2, 0, or minus 1.5."""
    shown = number(abs(value), language)
    return shown if value == 0 else f"{'+' if value > 0 else chr(0x2212)}{shown}"


def feeling_line(feeling: Feeling, language: str) -> str:
    """A judgement in one line: value, how it is known, facet and source."""
    value = judged(feeling.value, language)
    if feeling.estimated:
        head = translate(language, "estimated from text: {value}", value=value)
    else:
        head = translate(language, "said: {value}", value=value)
    words = quoted(feeling.words, language) if feeling.words else ""
    return ", ".join(part for part in (head, feeling.facet, feeling.source, words) if part)


def presence(staff: str, language: str) -> str:
    """That a colleague was there."""
    return translate(language, "{person} is there", person=staff)


def supposed(text: str, language: str) -> str:
    """A criterion that is only supposed ends in a question mark."""
    return translate(language, "{criterion} ?", criterion=text).replace(" ?", "\u00a0?")


def expected(text: str, language: str) -> str:
    """What the person expects."""
    return translate(language, "expects: {what}", what=text)


def spoken(step: Step, language: str) -> str:
    """What the person does, with the words that were said, in one line."""
    if not step.quote:
        return step.text
    said = quoted(step.quote, language)
    return said if step.text == step.quote else f"{step.text} {said}"


def place(step: Step, language: str) -> str:
    """Where it happened: channel, medium, whose place it is."""
    parts = (step.channel_label, medium_name(step.medium, language), ownership_name(step.ownership, language)[0])
    once = {part.casefold(): part for part in reversed(parts) if part}  # the channel may be called like its medium
    return ", ".join(reversed(once.values()))


def initiator_name(step: Step, language: str) -> str:
    """Who began it and whether somebody was met."""
    if step.initiator == "company":
        return translate(language, "started by us")
    return translate(language, "contact") if step.contact else translate(language, "action without a counterpart")


def alternative(step: Step, journey: Journey) -> str:
    """The whole step as text: everything its column shows."""
    language = journey.language
    head = translate(language, "Step {number} of {count}", number=step.number, count=len(journey.steps))
    parts: Iterable[str] = (
        f"{head}: {spoken(step, language)}",
        stamp(step.t, language, journey.zone),
        place(step, language),
        translate(language, "Stage: {stage}", stage=stage_name(journey, step.stage)),
        initiator_name(step, language),
        translate(language, "Evidence: {evidence}", evidence=step.evidence_text),
        presence(step.staff, language) if step.staff else "",
        *(translate(language, "Feeling: {feeling}", feeling=feeling_line(one, language)) for one in step.feelings),
        "" if step.feelings else translate(language, "Feeling: not asked"),
        *(translate(language, "Judges by: {criterion}", criterion=text) for text in criteria(step, language)),
        *(
            translate(language, "Promise: {promise}", promise=f"{one.text} ({promise_line(one, journey)})")
            for one in step.promises
        ),
        verdict_name(step.verdict, language) if step.verdict else "",
        *(translate(language, "Opportunity: {opportunity}", opportunity=one) for one in step.opportunities),
    )
    return ". ".join(part.rstrip(". ") for part in parts if part) + "."


def criteria(step: Step, language: str) -> list[str]:
    """What the person judges by and expects, as the criteria lane shows it."""
    stated = [supposed(one.text, language) if one.supposed else one.text for one in step.criteria]
    return stated + [expected(text, language) for text in step.expectations]


def description(journey: Journey) -> str:
    """The picture in a few sentences, for those who cannot see it."""
    parts = (
        period(journey),
        evidence_sentence(journey),
        contact_sentence(journey),
        skipped_sentence(journey),
        as_of(journey),
    )
    return " ".join(part for part in parts if part)
