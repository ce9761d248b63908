"""Cuts the needs of many customers beside other work: tables of their events go to a second process, in order."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from geleit.needs.cut import cut_all
from geleit.needs.need import Moment, Need, Touch
from geleit.needs.rules import Needs
from geleit.processes import give_back, let_go, receive, send, serving, started, stop

ALONE = 12  # tables up to which starting another process costs more than it spares
HELD = 96_000_000  # bytes of tables and results that wait here; then reading waits
ASKED = ("about", "closed_by", "need_id", "topic", "words")  # properties that cutting itself reads
PLAIN = re.compile(r"\w+", re.ASCII)

Way = tuple[str, str, str, bool]


class Found(NamedTuple):
    """The needs of the customer with a number, and from where they can be carried on, as in ``Cut``."""

    no: int
    tip: int | None
    noted: int | None
    needs: Sequence[Need]


class _Body(msgspec.Struct):
    properties: dict[str, Any] = {}


_body = msgspec.json.Decoder(_Body)
NOTHING: dict[str, Any] = {}


def telling(rules: Needs) -> str:
    """A pattern of the bodies in which a cut by these rules reads anything."""
    names = sorted({*ASKED, *rules.claims.properties})
    return f'"({"|".join(names)})":' if all(map(PLAIN.fullmatch, names)) else ""


def cut_table(table: pa.Table, ways: Sequence[Way], rules: Needs) -> list[Found]:
    """The needs of all customers of a table of ``history.walk``."""
    said = [way[0] for way in ways]
    touches = [Touch(*way[1:]) for way in ways]
    columns = {name: table[name].to_pylist() for name in table.column_names}
    touched = columns["touch"]
    moments = map(
        Moment._make,
        zip(
            columns["t"],
            columns["ord"],
            columns["event_id"],
            columns["source"],
            columns["record"],
            map(said.__getitem__, touched),
            (_body.decode(body).properties if body else NOTHING for body in columns["body"]),
            map(touches.__getitem__, touched),
            strict=True,
        ),
    )
    found = []
    for no, mine in groupby(zip(columns["no"], moments, strict=True), key=itemgetter(0)):
        cut = cut_all([moment for _, moment in mine], rules)
        found.append(Found(no, cut.tip, cut.noted, cut.needs))
    return found


class Cutting:
    """Results of tables in their order, cut by another process and, whenever somebody waits for them, here as well."""

    def __init__(self, tables: Iterator[pa.Table], ways: Sequence[Way], rules: Needs) -> None:
        self.tables, self.ways, self.rules = tables, ways, rules
        self.changed = threading.Condition()
        self.todo: deque[tuple[int, pa.Table]] = deque()
        self.done: dict[int, tuple[int, list[Found]]] = {}  # with the bytes that it stands for
        self.count, self.bytes = 0, 0
        self.ended = self.closed = False
        self.failure: BaseException | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.spare: subprocess.Popen[bytes] | None = None  # the process, once it has done all it was asked
        self.threads: list[threading.Thread] = []
        self._begin(self._read, "geleit-walk")

    def __iter__(self) -> Iterator[list[Found]]:
        """What was found in each table."""
        number = 0
        while self._wait_for(number):
            with self.changed:
                size, found = self.done.pop(number)
                self.bytes -= size
                self.changed.notify_all()
            yield found
            number += 1

    def _wait_for(self, number: int) -> bool:
        """Cut whatever is open until this result is there; False if there is no such table."""
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.todo or number in self.done or self.ended)
                if number in self.done:
                    return True
                if self.failure is not None:
                    raise self.failure
                if not self.todo:
                    if number >= self.count:
                        return False
                    self.changed.wait_for(lambda: number in self.done or self.todo)  # the other process is at it
                    continue
                place, table = self.todo.popleft()
            self._put(place, table.nbytes, cut_table(table, self.ways, self.rules))

    def _put(self, place: int, size: int, found: list[Found]) -> None:
        with self.changed:
            self.done[place] = size, found
            self.changed.notify_all()

    def _begin(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _read(self) -> None:
        """Read tables; from some on another process is worth its start."""
        try:
            for table in self.tables:
                with self.changed:
                    self.changed.wait_for(lambda: self.closed or self.bytes < HELD)
                    if self.closed:
                        return
                    self.todo.append((self.count, table))
                    self.count += 1
                    self.bytes += table.nbytes
                    self.changed.notify_all()
                    many = self.count == ALONE and (os.cpu_count() or 1) > 1
                if many:
                    self._begin(self._converse, "geleit-cut")
        except BaseException as error:  # noqa: BLE001 (raised again where the results are asked for)
            self.failure = error
        finally:
            with self.changed:
                self.ended = True
                self.changed.notify_all()

    def _converse(self) -> None:
        """Give tables to the other process until there is none left or it ends; then what it had is open again."""
        self.process = process = started(__name__)
        if process is None or process.stdin is None or process.stdout is None:
            return
        there: tuple[int, pa.Table] | None = None
        try:
            plain = [tuple(way) for way in self.ways]  # a class of another room would load that room there
            send(process.stdin, (plain, self.rules))
            while True:
                with self.changed:
                    self.changed.wait_for(lambda: self.todo or self.ended or self.closed)
                    if self.closed or not self.todo:
                        self.spare = process
                        return
                    there = self.todo.popleft()
                send(process.stdin, there[1])
                found = receive(process.stdout)[1]
                self._put(there[0], there[1].nbytes, found)
                there = None
        except Exception:  # noqa: BLE001 (it is gone, whatever the reason: what it did not get done is cut here)
            if there is not None:
                with self.changed:
                    self.todo.appendleft(there)
                    self.changed.notify_all()

    def close(self) -> None:
        """End the other process."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        while self.threads:
            if self.spare is None:
                stop(self.process)
            thread = self.threads.pop()
            thread.join()
        if self.spare is not None:
            give_back(self.spare)
            return
        stop(self.process)
        let_go(self.process)


def serve() -> None:
    """Cut tables until there are none; the other process's whole work."""
    take, give = serving(yielding=True)
    try:
        ways, rules = take()
        while True:
            give(cut_table(take(), ways, rules))
    except EOFError:
        return
