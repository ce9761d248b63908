"""CJML 2.0: a journey as XML in the Customer Journey Modelling Language, planned and actual strictly apart.

What two sides take part in is a communication point, what the person does alone an action; phases are the stages. Feelings
stay out: how the language writes them is not published. Every reference points at something that is in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from geleit.clock import iso
from geleit.events.event import Event
from geleit.events.kinds import Catalogue, in_language
from geleit.language.words import translate
from geleit.maps.journey import Journey
from geleit.needs.designed import DesignedJourney, DesignedStep

VERSION = "2.0"
PERSON, COMPANY, OTHERS = "person", "company", "others"
ELSEWHERE = ("earned", "paid", "other")  # ownership of places where somebody else than the company is met


@dataclass(frozen=True, slots=True)
class Point:
    """One touchpoint: who begins it, with whom (empty: an action alone), its phase and channel, and a note."""

    label: str
    begins: str
    meets: str
    phase: str
    channel: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Actors:
    """Names of those who take part."""

    person: str
    company: str
    others: str


def actual(journey: Journey, company: str = "") -> bytes:
    """The journey of one need as it went, with the moment of each step."""
    phases = [(stage.id, stage.label) for stage in journey.stages]
    points = []
    for step in journey.steps:
        other = OTHERS if step.ownership in ELSEWHERE else COMPANY
        first, second = (PERSON, other) if step.initiator == "person" else (other, PERSON)
        channel = step.channel_label if step.channel else ""
        points.append(Point(step.text, first, second if step.contact else "", step.stage, channel, iso(step.t)))
    names = _names(journey.language, journey.customer_name, company)
    said = (journey.need_id, journey.quote or journey.topic)
    return _document("actual", said, phases, names, points)


def planned(design: DesignedJourney, catalogue: Catalogue, language: str, company: str = "") -> bytes:
    """A journey as it was designed; what a step asks besides its kind is its note."""
    phases = [(stage.id, in_language(stage.label, language)) for stage in catalogue.stages]
    points = [_planned(step, catalogue, language) for step in design.steps]
    said = (design.name, in_language(design.label, language))
    return _document("planned", said, phases, _names(language, "", company), points)


def _planned(step: DesignedStep, catalogue: Catalogue, language: str) -> Point:
    where = catalogue.touchpoint(Event(source="", key="", kind=step.kinds[0], t=0))
    label = (
        in_language(step.label, language)
        if step.label
        else " / ".join(catalogue.label(k, language) for k in step.kinds)
    )
    channels = step.channels or ((where.channel,) if where.channel else ())
    other = OTHERS if where.ownership in ELSEWHERE else COMPANY
    first, second = (PERSON, other) if where.initiator == "person" else (other, PERSON)
    notes = [translate(language, "optional")] if step.optional else []
    notes += [translate(language, "may repeat")] if step.repeats else []
    return Point(
        label,
        first,
        second if where.contact else "",
        step.stage or where.stage,
        " / ".join(catalogue.channel_label(one, language) for one in channels),
        ", ".join(notes),
    )


def _names(language: str, person: str, company: str) -> Actors:
    return Actors(
        person or translate(language, "the person"),
        company or translate(language, "the company"),
        translate(language, "other firms"),
    )


def _document(
    state: str, said: tuple[str, str], phases: Iterable[tuple[str, str]], names: Actors, points: Sequence[Point]
) -> bytes:
    root = ET.Element("CJML", version=VERSION)
    journey = ET.SubElement(root, f"{state}Journey")
    _text(journey, "journeyID", said[0])
    used = {point.phase for point in points}
    there = ET.SubElement(journey, "journeyPhases")
    for phase, name in phases:
        if phase in used:
            _text(ET.SubElement(there, "journeyPhase", phaseID=phase), "phaseName", name)
    _text(journey, "journeyShortSummary", said[1])
    actors = ET.SubElement(journey, "actors")
    _text(ET.SubElement(actors, "endUser", actorID=PERSON), "actorName", names.person)
    _text(ET.SubElement(actors, "serviceProvider", actorID=COMPANY), "companyName", names.company)
    if any(OTHERS in (point.begins, point.meets) for point in points):
        _text(ET.SubElement(actors, "serviceProvider", actorID=OTHERS), "companyName", names.others)
    listed = ET.SubElement(journey, "touchpoints")
    for number, point in enumerate(points, 1):
        _point(listed, state, number, point)
    ET.indent(root)
    found: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return found + b"\n"


def _point(listed: ET.Element, state: str, number: int, point: Point) -> None:
    made = ET.SubElement(listed, f"{state}{'CommunicationPoint' if point.meets else 'Action'}")
    _text(made, "touchpointID", f"TP{number}")
    if point.phase:
        ET.SubElement(made, "belongsTo", phaseIDref=point.phase)
    for role, actor in (("initiator", point.begins), ("receiver", point.meets)):
        if actor:
            part = ET.SubElement(made, role)
            ET.SubElement(part, "refersTo", actorIDref=actor)
            _text(part, f"{role}Label", point.label)
    if point.channel:
        _text(ET.SubElement(made, "channel"), "channelName", point.channel)
    if point.note:
        _text(made, "comment", point.note)


def _text(parent: ET.Element, name: str, text: str) -> None:
    """An element with a text, without the characters that XML may not hold."""
    made = ET.SubElement(parent, name)
    made.text = "".join(letter for letter in text if letter.isprintable() or letter in "\u00a0\u00ad\n")
