"""Reads whatever is sent to one source live: calls of clients, CloudEvents, a system's own records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from geleit.errors import GeleitError
from geleit.events.event import Event
from geleit.sources import json_records
from geleit.sources.cloudevents import CloudEvents, data_of, require_attributes
from geleit.sources.definition import SourceDefinition
from geleit.sources.mapping import Mapper, Setting
from geleit.sources.records import HOOK, RECORD_CHARACTERS, UNREAD, Reason, Rejected, identify
from geleit.sources.segment_spec import Call, Delivery, RefusedCallError, SegmentSpec

Taken = tuple[list[Event], list[Rejected]]


@dataclass(frozen=True, slots=True)
class Posted:
    """One record that was sent. ``hook``: what the request said beside the body, the record's column ``_hook``."""

    raw: bytes
    hook: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Opened:
    text: str
    id: str


@dataclass(frozen=True)
class Reader:
    """Reads what is sent to one source. ``root``: the workspace; ``setting.now`` bounds times of mapped records."""

    definition: SourceDefinition
    setting: Setting
    root: Path

    @cached_property
    def spec(self) -> SegmentSpec:
        """For calls of the Segment spec."""
        return SegmentSpec(self.definition, self.setting.catalogue)

    @cached_property
    def _cloudevents(self) -> CloudEvents:
        return CloudEvents(self.definition, self.setting.catalogue)

    @cached_property
    def _mapper(self) -> Mapper:
        return Mapper(self.definition, self.setting, few=True)

    def close(self) -> None:
        """Let go of the mapping's engine."""
        if "_mapper" in self.__dict__:
            self._mapper.close()

    def call(self, raw: bytes, type_: str, delivery: Delivery) -> Taken:
        """One call of the Segment spec; ``type_`` as its address says it, else its own."""
        return _taken(self.spec.read(raw, type_, delivery))

    def cloudevent(self, raw: bytes, delivery: Delivery) -> Taken:
        """One CloudEvent in the structured form: by the source's own events if it has some, else by its data's names."""
        if self.definition.events:
            return self.posted([Posted(raw)])[0]
        return _taken(self._cloudevents.read(raw, delivery))

    def posted(self, records: Sequence[Posted]) -> list[Taken]:
        """What each record gives by the source's events; one that gives nothing or is bad costs no other.

        Of a grouped source all records that are given are one group's, and what they give stands with the first.
        """
        read = [self._opened(one) for one in records]
        good = {one.text: one for one in read if isinstance(one, _Opened)}
        taken = self._mapped(list(good.values()))
        if self.definition.group:
            whole: list[Taken] = [([], []) for _ in records]
            for events, rejected in taken.values():
                whole[0][0].extend(events)
                whole[0][1].extend(rejected)
            for place, one in enumerate(read):
                if isinstance(one, Rejected):
                    whole[place][1].append(one)
            return whole
        return [([], [one]) if isinstance(one, Rejected) else taken.get(one.text, ([], [])) for one in read]

    def _opened(self, one: Posted) -> _Opened | Rejected:
        """A record with what the request said beside it, and its id. A CloudEvent's data are the record."""
        raw = one.raw
        if len(raw) > RECORD_CHARACTERS:
            message = f"the record has {len(raw):,} bytes (at most {RECORD_CHARACTERS:,})"
            own = identify(self.definition.name, raw)
            return replace(self.unread(Posted(raw[:RECORD_CHARACTERS], one.hook), "too_large", message), record_id=own)
        try:
            said = msgspec.json.decode(raw)
            if not isinstance(said, dict):
                return self.unread(one, "not_an_object", "the record is no object with names and values")
            if "specversion" in said:
                require_attributes(said)
                data = data_of(said)
                said = {**data, "cloudevent": said} if isinstance(data, dict) else said
                raw = msgspec.json.encode(said)
            said.pop(HOOK, None)  # only a request itself says what it said
            own = identify(self.definition.name, msgspec.json.encode(said, order="sorted") + self._topic(one))
            return _Opened(_with_hook(raw, one.hook), own)
        except RefusedCallError as refused:
            return self.unread(one, refused.reason, str(refused))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return self.unread(one, "bad_json", f"the record cannot be read: {error}")

    def _topic(self, one: Posted) -> bytes:
        """The topic, where it is part of what the record means: two topics may send the same body."""
        topic = one.hook.get("topic") if one.hook and HOOK in self._mapper.plan.reads else None
        return b"\0" + str(topic).encode() if topic else b""

    def _mapped(self, records: Sequence[_Opened]) -> dict[str, Taken]:
        """What each record gives, by its text; together if that is possible, else each alone."""
        texts, ids = [one.text for one in records], [one.id for one in records]
        try:
            mapped = self._mapper.map_posted(texts, ids, root=self.root) if records else None
        except GeleitError as error:
            if len(records) > 1:
                return {text: taken for one in records for text, taken in self._mapped([one]).items()}
            unfit = Rejected(self.definition.name, "", 0, "expression", error.message, texts[0], ids[0])
            return {texts[0]: ([], [unfit])}
        found: dict[str, Taken] = {text: ([], []) for text in texts}
        for event in mapped.events if mapped else ():
            found.setdefault(event.raw, ([], []))[0].append(event)
        for rejected in mapped.rejected if mapped else ():
            found.setdefault(rejected.record, ([], []))[1].append(rejected)
        return found

    def unread(self, one: Posted, reason: Reason, message: str) -> Rejected:
        """A record for the quarantine that could not be read at all."""
        text = one.raw.decode("utf-8", "replace")
        kept = json_records.encode({UNREAD: text} | ({HOOK: one.hook} if one.hook else {}))
        return Rejected(self.definition.name, "", 0, reason, message, kept, identify(self.definition.name, one.raw))

    def reread(self, text: str, record_id: str = "", position: str = "*") -> Taken:
        """A record of the quarantine, as it was kept or a person repaired it."""
        raw = text.encode()
        if self.definition.events:
            return self._mapper.map_record(text, root=self.root, record_id=record_id, position=position)
        call = msgspec.json.decode(raw, type=Call)
        delivery = Delivery(call.received_at if isinstance(call.received_at, int) else self.setting.now)
        is_cloudevent = b'"specversion"' in raw
        events, rejected = self.cloudevent(raw, delivery) if is_cloudevent else self.call(raw, "", delivery)
        return events, [replace(one, record=text, record_id=record_id) for one in rejected]


def _taken(read: Event | Rejected) -> Taken:
    return ([read], []) if isinstance(read, Event) else ([], [read])


def _with_hook(raw: bytes, hook: Mapping[str, Any]) -> str:
    """An object's text with one member more, and everything else as it was written: 19.90 stays 19.90."""
    text = msgspec.json.format(raw, indent=-1).decode()
    if not hook:
        return text
    comma = "" if text == "{}" else ","
    return f"{text[:-1]}{comma}{json_records.encode(HOOK)}:{json_records.encode(hook)}}}"
