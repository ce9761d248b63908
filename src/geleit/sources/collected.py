"""Reads whatever is sent to one source live: calls of clients, CloudEvents, a system's own records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec

from geleit.errors import GeleitError
from geleit.events.event import Event
from geleit.sources.cloudevents import CloudEvents, data_of, require_attributes
from geleit.sources.definition import SourceDefinition
from geleit.sources.json_records import canonical
from geleit.sources.mapping import Mapper, Setting
from geleit.sources.records import UNREAD, Reason, Rejected, identify
from geleit.sources.segment_spec import Call, Delivery, RefusedCallError, SegmentSpec

Taken = tuple[list[Event], list[Rejected]]


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
        return Mapper(self.definition, self.setting)

    def close(self) -> None:
        """Let go of the mapping's engine."""
        if "_mapper" in self.__dict__:
            self._mapper.close()

    def cloudevent(self, raw: bytes, delivery: Delivery) -> Taken:
        """One CloudEvent in the structured form: by the source's own events if it has some, else by its data's names."""
        if self.definition.events:
            return self.record(raw)
        read = self._cloudevents.read(raw, delivery)
        return ([read], []) if isinstance(read, Event) else ([], [read])

    def record(self, raw: bytes) -> Taken:
        """One record of the system, by the source's events. A CloudEvent's data are the record if they are an object."""
        try:
            said = msgspec.json.decode(raw)
            if isinstance(said, dict) and "specversion" in said:
                require_attributes(said)
                data = data_of(said)
                raw = msgspec.json.encode({**data, "cloudevent": said}) if isinstance(data, dict) else raw
            _require_record(said)
            return self._mapper.map_record(raw.decode(), root=self.root)
        except RefusedCallError as refused:
            return [], [self.unread(raw, refused.reason, str(refused))]
        except msgspec.MsgspecError as error:
            return [], [self.unread(raw, "bad_json", f"the record cannot be read: {error}")]
        except GeleitError as error:
            return [], [self.unread(raw, "expression", error.message)]

    def unread(self, raw: bytes, reason: Reason, message: str) -> Rejected:
        """A record for the quarantine that could not be read at all."""
        text = raw.decode("utf-8", "replace")
        try:
            whole = isinstance(msgspec.json.decode(raw), dict)
        except msgspec.MsgspecError:
            whole = False
        kept = text if whole else msgspec.json.encode({UNREAD: text}).decode()
        own = canonical(raw) if whole else raw
        return Rejected(self.definition.name, "", 0, reason, message, kept, identify(self.definition.name, own))

    def reread(self, text: str, record_id: str = "", position: str = "*") -> Taken:
        """A record of the quarantine, as it was kept or a person repaired it."""
        raw = text.encode()
        if self.definition.events:
            return self._mapper.map_record(text, root=self.root, record_id=record_id, position=position)
        call = msgspec.json.decode(raw, type=Call)
        delivery = Delivery(call.received_at if isinstance(call.received_at, int) else self.setting.now)
        if b'"specversion"' in raw:
            events, rejected = self.cloudevent(raw, delivery)
        else:
            read = self.spec.read(raw, "", delivery)
            events, rejected = ([read], []) if isinstance(read, Event) else ([], [read])
        return events, [replace(one, record=text, record_id=record_id) for one in rejected]


def _require_record(said: object) -> None:
    if not isinstance(said, dict | list):
        raise RefusedCallError("not_an_object", "the record is no object with names and values")
