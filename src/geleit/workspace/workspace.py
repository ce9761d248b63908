"""One company's workspace, opened: everything that pages and commands ask for or do goes through here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from geleit.clock import Clock, system_clock
from geleit.customers import accounts, profiles, search
from geleit.customers.facts import Setting
from geleit.customers.profile import ChannelVisits, Profile
from geleit.customers.service import Service, service
from geleit.customers.visits import visits_by_channel
from geleit.errors import NotFoundError, StoreError
from geleit.events.event import Identifier
from geleit.events.kinds import Catalogue
from geleit.history.archive import Archive
from geleit.history.check import CheckReport, check
from geleit.history.delta import AsOf
from geleit.history.generation import Generation
from geleit.history.history import History
from geleit.history.journal import Journal
from geleit.history.owners import owned
from geleit.history.repair import rebuild_keys
from geleit.history.stored import StoredEvent
from geleit.identity import explanation, refused, resolution
from geleit.identity.linkage import queue
from geleit.identity.normalize import normalize
from geleit.identity.rules import Rules
from geleit.intake import slicing
from geleit.intake.adoption import adopt_all
from geleit.intake.following import keep_segments
from geleit.intake.imports import ImportSummary, import_all, replay, silent
from geleit.intake.live import Intake, Receipt
from geleit.ledger import tables
from geleit.ledger.ledger import Ledger
from geleit.maps.journey import Journey
from geleit.maps.reading import ReadingContext, read_journey
from geleit.needs import recut
from geleit.needs.designed import fitting
from geleit.needs.need import Need, ReadEvent
from geleit.sources import quarantine
from geleit.sources.collected import Reader
from geleit.sources.definition import SourceDefinition, require_pulled
from geleit.sources.mapping import Setting as MappingSetting
from geleit.sources.meter import Progress
from geleit.workspace.definitions import Definitions, find_workspace, load_definitions
from geleit.workspace.early import Early, before_its_turn
from geleit.workspace.live import Watch
from geleit.workspace.segment_files import SegmentFiles
from geleit.workspace.status import Counts, SourceStatus, contact_person, counts, happened, source_statuses
from geleit.workspace.steps import Synced, Told, in_bulk, said, summed
from geleit.workspace.stores import ledger_url, make_data

if TYPE_CHECKING:
    from geleit.analytics.analytics import Analytics

LONGEST = 200  # needs among which one in the person's words is sought
FEWEST_DIGITS = 5  # of what may be a telephone number


def open_workspace(path: Path | str, *, clock: Clock = system_clock) -> Workspace:
    """Open the workspace at ``path`` or above it; makes ``data/`` on the first opening.

    Errors: NotFoundError without geleit.yaml; DefinitionError with file, line, value and remedy; StoreError.
    """
    return Workspace(load_definitions(find_workspace(Path(path))), clock=clock)


class Workspace:
    """A company's folder with its stores. Reading is safe from many processes; writing takes the ledger's lock."""

    def __init__(self, definitions: Definitions, *, clock: Clock = system_clock, data: Path | None = None) -> None:
        self.definitions = definitions
        self.root = definitions.root
        self.company = definitions.company
        self.clock = clock
        self.data = data or make_data(self.root)  # elsewhere, with a ledger of its own: see ``early``
        self.ledger = Ledger(ledger_url(self.company, self.root, data), clock=clock)
        self.archive = Archive(self.data / "archive", self.ledger)
        self.journal = Journal(self.data / "journal", self.ledger, self.archive)
        self.history = History(self.ledger, self.archive, self.journal, self.catalogue)
        self.segment_files = SegmentFiles(definitions)
        self.watch = Watch(self.ledger, definitions.sources, self.company.zone)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Kinds, stages and channels as this company defines them."""
        return self.definitions.catalogue

    @cached_property
    def rules(self) -> Rules:
        """The rules of identity, ready to use."""
        return Rules(self.definitions.identity)

    @cached_property
    def intake(self) -> Intake:
        """Where events are taken in."""
        systems = {name: source.system_name for name, source in self.definitions.sources.items()}
        setting = Setting(self.catalogue, self.company.zone, self.company.currency, systems)
        listing = frozenset(name for name, source in self.definitions.sources.items() if source.changed == "add")
        country, needs = self.company.country, self.definitions.needs
        return Intake(self.ledger, setting, self.rules, country, self.archive.keys, needs, listing)

    @cached_property
    def analytics(self) -> Analytics:
        """Where questions about all journeys are asked."""
        from geleit.analytics.analytics import Analytics  # noqa: PLC0415 (what compiles kernels loads slowly)

        designs, topics = self.definitions.journeys, self.definitions.needs.topics
        return Analytics(self.history, self.catalogue, self.company.zone, designs, topics=topics)

    def readers(self) -> dict[str, Reader]:
        """What reads the events that sources send, by source; only of those that send."""
        setting = MappingSetting(self.catalogue, self.company.zone, self.clock())
        sending = {name: one for name, one in self.definitions.sources.items() if one.collect or one.hook}
        return {name: Reader(one, setting, self.root) for name, one in sending.items()}

    @cached_property
    def early(self) -> Early:
        """Whoever is shown before the ledger has them."""
        return Early(self)

    def close(self) -> None:
        """Let go of the stores."""
        self.early.close()
        self.history.close()
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing -------------------------------------------------------------------------------------------------

    @in_bulk()
    def import_sources(
        self,
        names: Sequence[str] = (),
        *,
        again: bool = False,
        progress: Progress = silent,
        told: Told = lambda _: None,
    ) -> list[ImportSummary]:
        """Import what is new in the named sources (default all), and bring needs, archive and journal up to date.

        ``again`` reads files anew that are as they were when they were read last.
        """
        chosen = [require_pulled(self.source(name)) for name in names] or [
            one for one in self.definitions.sources.values() if one.pulled
        ]
        summaries = import_all(self.intake, self.archive, chosen, self.root, again=again, progress=progress)
        self.sync(told=told)
        return summaries

    def replay_quarantine(self, name: str, ids: Iterable[int] = ()) -> tuple[Receipt, list[int]]:
        """Map the open records of a source's quarantine anew (or only those with the given ids)."""
        wanted = set(ids)
        entries = [e for e in quarantine.candidates(self.ledger, name) if not wanted or e.id in wanted]
        result = replay(self.intake, self.source(name), entries, self.root)
        self.sync()
        return result

    @in_bulk()
    def sync(self, *, told: Told = lambda _: None) -> Synced:
        """Apply changed definitions, cut waiting needs, archive the outbox, build a generation if anything changed."""
        self.apply_definitions(told=told)
        adopt_all(self.intake, self.archive, progress=summed(told, "customers"), known=self.build_generation)
        archived = sum(said(told, "archive", iter(self.archive.drain, 0), "events"))
        sum(said(told, "browsers", slicing.cut_waiting(self.intake, self.history), "browsers"))
        slices = recut.slices(self.ledger, self.history, self.catalogue, self.definitions.needs)
        cut = sum(said(told, "needs", slices, "customers"))
        keep_segments(self.intake, self.history, self.segment_files.now)
        told("journal")
        return Synced(cut, archived, self.build_generation())

    def build_generation(self) -> Generation:
        """The newest generation, made anew if anything changed since."""
        try:
            latest = self.journal.latest()
        except StoreError:  # damaged: made anew from archive and ledger
            latest = None
        with self.ledger.read() as connection:
            change = Ledger.change(connection)
        if latest is None or latest.change != change or latest.definitions_hash != self.definitions.hash():
            latest = self.journal.build(self.catalogue, self.definitions.hash())
        return latest

    def rebuild_keys(self, *, told: Told = lambda _: None) -> int:
        """Make the keys of events that came in bulk anew from the archive; returns how many there are."""
        return rebuild_keys(self.archive, told=told)

    def apply_definitions(self, *, told: Told = lambda _: None) -> list[str]:
        """Redo the projections whose definition changed since they were made; returns the names of those definitions."""
        hashes = self.definitions.hashes()
        with self.ledger.read() as connection:
            applied = {row.name: row.hash for row in connection.execute(sa.select(tables.applied_definition))}
        changed = [name for name, value in hashes.items() if applied.get(name) != value]
        if not changed:
            return []
        told(", ".join(changed))
        with self.ledger.write() as connection:
            change = self.ledger.next_change(connection)
            if "identity" in changed:
                resolution.rebuild(connection, self.rules, change)
            recut.ask_all(connection, change)
            connection.execute(sa.delete(tables.applied_definition))
            rows = [{"name": name, "hash": value} for name, value in hashes.items()]
            connection.execute(sa.insert(tables.applied_definition), rows)
        return changed

    # --- reading -------------------------------------------------------------------------------------------------

    def source(self, name: str) -> SourceDefinition:
        """A source by name. Errors: NotFoundError naming the sources there are."""
        if name not in self.definitions.sources:
            known = ", ".join(self.definitions.sources) or "none"
            raise NotFoundError(f"there is no source '{name}'", hint=f"sources of this workspace: {known}")
        return self.definitions.sources[name]

    def source_label(self, source: str, language: str) -> str:
        """The source's name as people read it."""
        definition = self.definitions.sources.get(source)
        label = definition.label if definition else {}
        return label.get(language) or next(iter(label.values()), source)

    def topic_label(self, topic: str, language: str) -> str:
        """The need's topic as people read it."""
        return self.definitions.needs.label(topic, language)

    def find(self, query: str, limit: int = 20) -> list[search.Found]:
        """Customers by name, phone, e-mail, number, or a sentence someone said."""
        with self.ledger.read() as connection:
            found = search.find(connection, query, limit)
            if not found and (number := self._dialed(query)):
                found = search.find(connection, number, limit)
        return [*self.early.find(query), *found][:limit]

    def _dialed(self, query: str) -> str:
        """A telephone number in any notation as identity keeps it; empty if the query is none."""
        if sum(letter.isdigit() for letter in query) < FEWEST_DIGITS:
            return ""
        found = normalize(Identifier("phone", query), self.rules, self.company.country)
        return found.value if isinstance(found, Identifier) and found.value.startswith("+") else ""

    def people(self, after: str = "", limit: int = 50) -> list[search.Found]:
        """Customers, the latest first, a page at a time."""
        with self.ledger.read() as connection:
            return search.people(connection, after, limit)

    def customer(self, key: str) -> str:
        """Customer id of a key: an id (old ones answer too), ``type:value``, a bare value. Errors: NotFoundError."""
        if known := self.early.customer(key.strip()):
            return known
        with self.ledger.read() as connection:
            return search.resolve_key(connection, self.normal(key.strip()))

    def fullest(self, limit: int = 5) -> list[tuple[str, str]]:
        """(customer, need) of needs with most to tell: of the longest those in the person's words first."""
        need = tables.need.c
        longest = sa.select(need.customer_id, need.id, need.quote).order_by(need.events.desc(), need.id).limit(LONGEST)
        with self.ledger.read() as connection:
            rows = connection.execute(longest.where(sa.text(tables.LONG_NEED))).all()
            if len(rows) < limit:  # all needs are short, so there is no index of them
                rows = connection.execute(longest).all()
        return [(row.customer_id, row.id) for row in sorted(rows, key=lambda row: not row.quote)[:limit]]

    @before_its_turn
    def profile(self, customer_id: str) -> Profile:
        """Everything known of one customer except the events."""
        with self.ledger.read() as connection:
            return profiles.profile(connection, customer_id)

    @before_its_turn
    def read_events(self, customer_id: str) -> list[ReadEvent]:
        """All events of one customer in total order, with touchpoint and need."""
        with self.ledger.read() as connection:
            query = sa.select(tables.need_event).join(tables.need, tables.need.c.id == tables.need_event.c.need_id)
            mine = connection.execute(query.where(tables.need.c.customer_id == customer_id))
            needs = {row.event_id: row.need_id for row in mine}
        return [
            ReadEvent(item.event, self.catalogue.touchpoint(item.event), needs.get(item.event_id, ""))
            for item in self._events(customer_id)
        ]

    def visits(self, events: Sequence[ReadEvent]) -> list[ChannelVisits]:
        """Days on which the person came, per channel; what the company began or what is only supposed does not count."""
        seen = [
            (read.touchpoint.channel, read.event.t)
            for read in events
            if read.touchpoint.step
            and read.touchpoint.evidence != "gap"
            and read.touchpoint.initiator == "person"  # a newsletter in the mailbox is no visit
        ]
        return visits_by_channel(seen, self.company.zone)

    def service(self, events: Sequence[ReadEvent]) -> Service:
        """Service contacts, and the questions and complaints that nobody has settled yet."""
        return service(map(happened, events))

    def raw_records(self, customer_id: str, event_ids: Sequence[str]) -> dict[str, str]:
        """The records that events of one customer came from, by event id; events of others are left out."""
        wanted = set(event_ids)
        mine = [one for one in self._events(customer_id) if one.event_id in wanted]
        raw = self.history.raws(mine)
        return {one.event_id: raw[one.seq] for one in mine}

    def _events(self, customer_id: str) -> list[StoredEvent]:
        with self.ledger.read() as connection:
            mine = owned(connection, [customer_id])
        return mine.of(customer_id, self.history.events_of(mine.keys)) or self.early.stored(customer_id)

    @before_its_turn
    def needs(self, customer_id: str, language: str = "en") -> list[Need]:
        """A customer's needs, oldest first."""
        with self.ledger.read() as connection:
            return recut.needs_of(connection, customer_id, language=language, now=self.clock())

    def journey(self, customer_id: str, need_id: str | None = None, language: str = "en") -> Journey:
        """One need's way as a picture needs it; without ``need_id`` the need with the most events, then the newest.

        Errors: NotFoundError if the customer has no need, or not this one.
        """
        needs = self.needs(customer_id, language)
        chosen = [n for n in needs if need_id in (None, n.id)]
        if not chosen:
            known = f"needs: {', '.join(n.id for n in needs)}" if needs else "needs.yaml says which events open a need"
            missing = "no journey yet" if need_id is None else f"no need {need_id}"
            raise NotFoundError(f"this customer has {missing}", hint=known)
        need = max(chosen, key=lambda n: (len(n.event_ids), n.opened_at))
        profile = self.profile(customer_id)
        events = [read for read in self.read_events(customer_id) if read.need_id == need.id]
        happened = {read.touchpoint.kind for read in events} | {read.event.kind for read in events}
        designed = fitting(self.definitions.journeys.values(), need.topic, happened)
        context = ReadingContext(
            customer_key=customer_id,
            customer_name=profile.name,
            contact_person=contact_person(events),
            language=language,
            zone=self.company.zone,
            as_of=self.clock(),
            source_labels={name: source.label for name, source in self.definitions.sources.items()},
            designed=designed,
            topic_label=self.topic_label(need.topic, language),
        )
        return read_journey(events, need, catalogue=self.catalogue, context=context)

    def explain(self, a: str, b: str | None = None) -> explanation.Explanation:
        """Why two identifiers are, or are not, one customer; or all links of one customer."""
        with self.ledger.read() as connection:
            ends = [self._identifier(connection, key) for key in (a, b) if key]
        return explanation.explain(self.ledger, self.rules, ends[0], *ends[1:2], likely=queue.likeness)

    def _identifier(self, connection: sa.Connection, key: str) -> int:
        """The identifier that a key names; a name or an order number names its customer's oldest one."""
        try:
            return explanation.find(connection, self.normal(key))
        except NotFoundError:
            refused.require_none(connection, key, self.rules, self.company.country)
            return explanation.find(connection, search.resolve_key(connection, key))

    def normal(self, key: str) -> str:
        """A key as identity keeps it: ``email:ADA@example.org`` -> ``email:ada@example.org``."""
        type_, colon, value = key.partition(":")
        if not (colon and value):
            return key
        found = normalize(Identifier(type_, value), self.rules, self.company.country)
        return str(found) if isinstance(found, Identifier) else key

    def account(self, account_id: str) -> accounts.Account:
        """A company or household with its dated members. Errors: NotFoundError."""
        with self.ledger.read() as connection:
            return accounts.account(connection, account_id)

    def sources(self, language: str = "en") -> list[SourceStatus]:
        """Each source with its last run and its quarantine; one that sends with what came of late."""
        labels = {name: self.source_label(name, language) for name in self.definitions.sources}
        return source_statuses(self.ledger, labels, self.watch)

    def quarantine(self, source: str | None = None, limit: int = 200, after: int = 0) -> list[quarantine.Entry]:
        """Records that could not be mapped and wait; only those with a number above ``after``."""
        return quarantine.entries(self.ledger, source=source, limit=limit, after=after)

    def counts(self) -> Counts:
        """Customers, events, sources and open needs, as they stand in the ledger."""
        return counts(self.ledger, len([*self.definitions.sources, *self.definitions.faulty]), self.clock())

    def as_of(self) -> AsOf:
        """Up to which change, and when, answers hold."""
        return self.history.as_of()

    def check(self) -> CheckReport:
        """Compare ledger, archive and journal by key."""
        return check(self.ledger, self.archive, self.journal, self.history)
