"""How one row of the timeline reads: its words, its notes, where it happened, how its mark is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from geleit.clock import deadline
from geleit.events.kinds import Catalogue
from geleit.events.properties import affirmed, amount, wording
from geleit.maps.sentences import MINUTE, evidence_name, judged, medium_name, ownership_name
from geleit.needs.need import ReadEvent
from geleit.web.reader import Reader
from geleit.web.timeline import Row

ICONS = {
    "home": "home", "web": "web", "app": "app", "shop": "web", "search": "search", "portal": "web", "social": "talk",
    "print": "paper", "advert": "paper", "store": "store", "till": "till", "talk": "talk", "phone": "phone",
    "email": "mail", "sms": "app", "chat": "talk", "post": "mail", "delivery": "delivery", "desk": "talk",
    "survey": "paper",
}  # fmt: skip
SHORT = 12  # digits of an event's id that addresses carry
BY_MEDIUM = {"online": "web", "offline": "store", "phone": "phone"}


@dataclass(frozen=True, slots=True)
class Mark:
    """How an event is drawn: stage colour, evidence, circle for contact or square, whether one of us was there."""

    tone: str
    evidence: str
    contact: bool
    escorted: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it reads. ``said`` are the person's own words (then ``text`` is what happened, in small)."""

    mark: Mark
    t: int
    said: str
    text: str
    stage: str
    notes: tuple[str, ...]
    place: str
    icon: str
    ids: str
    count: int


@dataclass(frozen=True, slots=True)
class Words:
    """What it takes to put events into words: the catalogue, the names of sources, the reader."""

    catalogue: Catalogue
    source_label: Callable[[str, str], str]
    reader: Reader

    def line(self, row: Row) -> Line:
        """One row of the timeline."""
        read, reader = row.last, self.reader
        return Line(
            mark=self.mark(read),
            t=read.event.t,
            said=self.said(read),
            text=self.text(row),
            stage=self.catalogue.stage_label(read.touchpoint.stage, reader.language),
            notes=tuple(dict.fromkeys([*self.around(row), *self.notes(row)])),
            place=self.place(read),
            icon=self.icon(read),
            ids=",".join(name[:SHORT] for name in row.ids),
            count=row.size,
        )

    def mark(self, read: ReadEvent) -> Mark:
        """How an event is drawn."""
        where = read.touchpoint
        known = where.stage in self.catalogue.stage_index
        tone = f"tone-{self.catalogue.tone(where.stage)}" if known else "no-tone"
        return Mark(tone, where.evidence, where.contact, bool(read.event.properties.get("staff")))

    def text(self, row: Row) -> str:
        """What happened; of repeats that name different things, the kind."""
        texts = {self.what(read) for read in row.events}
        if len(texts) == 1:
            return texts.pop()
        return self.catalogue.label(row.first.event.kind, self.reader.language)

    def what(self, read: ReadEvent) -> str:
        """What one event says, in the reader's language."""
        return self.catalogue.text(read.event, self.reader.language) if read.touchpoint.step else self.note(read)

    def around(self, row: Row) -> list[str]:
        """Who of us was there; how many repeats in how long."""
        staff = wording(row.last.event.properties.get("staff"), self.reader.language)
        found = [self.reader.say("{person} was there", person=staff)] if staff else []
        if row.last.touchpoint.initiator == "company" and (words := self.words(row.last)):
            found.append(self.reader.say("Our words: {words}", words=self.reader.quoted(words)))
        if len(row.events) > 1:
            spent = row.last.event.t - row.first.event.t
            count = len(row.events)
            found.append(
                self.reader.counted("{n} event in {span}", "{n} events in {span}", count, span=self.reader.span(spent))
                if spent >= MINUTE
                else self.reader.counted("{n} event at once", "{n} events at once", count)
            )
        return found

    def notes(self, row: Row) -> list[str]:
        """What was noted with it; that somebody said who they are needs no words beside what they did."""
        told = (self.note(note) for note in row.notes if note.touchpoint.kind != "identified")
        return [text for text in told if text]

    def place(self, read: ReadEvent) -> str:
        """Channel and source."""
        language = self.reader.language
        source = self.source_label(read.event.source, language)
        channel = read.touchpoint.channel
        label = self.catalogue.channel_label(channel, language) if channel else ""
        if not label or label.lower() == source.lower():
            return source
        return self.reader.say("{channel}, {source}", channel=label[:1].upper() + label[1:], source=source)

    def icon(self, read: ReadEvent) -> str:
        """One of the icons: the channel's, else by its medium."""
        channel = self.catalogue.channels.get(read.touchpoint.channel)
        given = channel.icon if channel else ""
        if given in ICONS.values():
            return given
        return ICONS.get(read.touchpoint.channel) or BY_MEDIUM.get(read.touchpoint.medium, "paper")

    def note(self, read: ReadEvent) -> str:
        """What an event that is no step says: a promise, a criterion, a judgement, a consent."""
        reader, said = self.reader, read.event.properties
        text = wording(said.get("text"), reader.language)
        match read.touchpoint.kind:
            case "promise_made":
                return self.promise(read, text)
            case "promise_kept":
                return reader.say("Promise kept: {text}", text=text) if text else reader.say("Promise kept")
            case "criterion_stated":
                criterion = wording(said.get("criterion"), reader.language)
                supposed = affirmed(said.get("supposed")) or read.touchpoint.evidence == "gap"
                if supposed:
                    return reader.say("Criterion, only supposed: {text}", text=criterion)
                return reader.say("Criterion: {text}", text=criterion)
            case "expectation_stated":
                return reader.say("Expects: {text}", text=text)
            case "judgement_given":
                return self.judgement(read, text)
            case "opportunity_noted":
                return reader.say("We could help: {text}", text=text)
            case "consent_given":
                return reader.say("Agrees to: {purpose}", purpose=self.purpose(str(said.get("purpose"))))
            case "consent_withdrawn":
                return reader.say("Withdraws consent to: {purpose}", purpose=self.purpose(str(said.get("purpose"))))
            case _:
                return self.catalogue.text(read.event, reader.language)

    def promise(self, read: ReadEvent, text: str) -> str:
        """A promise with its day."""
        due = deadline(read.event.properties.get("due_at"), self.reader.zone)
        if due is None:
            return self.reader.say("Promise: {text}", text=text)
        return self.reader.say("Promise: {text}, due {day}", text=text, day=self.reader.day(due))

    def said(self, read: ReadEvent) -> str:
        """The person's own words, if the event carries any."""
        return "" if read.touchpoint.initiator == "company" else self.words(read)

    def words(self, read: ReadEvent) -> str:
        """The words that were said or written, whoever began."""
        return wording(read.event.properties.get("words"), self.reader.language)

    def evidence(self, read: ReadEvent) -> str:
        """How well the event is known, with the note that stands beside it."""
        note = wording(read.event.properties.get("evidence_note"), self.reader.language)
        name = evidence_name(read.touchpoint.evidence, self.reader.language)
        return self.reader.say("{evidence}: {note}", evidence=name, note=note) if note else name

    def touch(self, read: ReadEvent) -> list[str]:
        """Where it happened and who began it: channel, medium, whose place, initiator."""
        where, language = read.touchpoint, self.reader.language
        channel = self.catalogue.channel_label(where.channel, language) if where.channel else ""
        begun = (
            self.reader.say("started by us")
            if where.initiator == "company"
            else self.reader.say("started by the person")
        )
        named = (channel, medium_name(where.medium, language), ownership_name(where.ownership, language)[0], begun)
        return [one for one in named if one]

    def judgement(self, read: ReadEvent, text: str) -> str:
        """A judgement with its number and whether the number was only estimated."""
        value = amount(read.event.properties.get("judged"))
        shown = "" if value is None else judged(value, self.reader.language)
        if affirmed(read.event.properties.get("estimated")):
            return self.reader.say("Judgement, estimated: {value} {text}", value=shown, text=text).strip()
        return self.reader.say("Judgement: {value} {text}", value=shown, text=text).strip()

    def purpose(self, purpose: str) -> str:
        """A consent's purpose in words; one that is not ours is called as the company calls it."""
        say = self.reader.say
        ours = {
            "marketing": say("offers"),
            "service": say("service and answers"),
            "analytics": say("analysis of use"),
            "newsletter": say("newsletter"),
            "profiling": say("profiling"),
        }
        return ours.get(purpose, purpose.replace("_", " "))
