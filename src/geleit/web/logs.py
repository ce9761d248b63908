"""The running server's log: one line per noteworthy thing on standard error, as text or JSON, without what events say.

A line has time, level, logger, event, and fields; faults add their traceback as places in code. The text of an error may
quote a record, so that only those of the stores are written out; of all others the type is told, and where it happened.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO, get_args

import msgspec

from geleit.errors import Retryable, StoreError

Form = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
FORMS: tuple[Form, ...] = get_args(Form)
LEVELS: tuple[Level, ...] = get_args(Level)
OURS = ("geleit", "uvicorn")  # whose texts are known to hold nothing of events
FRAMES = 40  # of a traceback, the innermost

log = logging.getLogger("geleit.log")


class Lines(logging.Formatter):
    """Writes a record as one line. ``form``: JSON for machines, text for people."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        head = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": said(record),
        }
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            fields = {**fields, "fault": fault(record.exc_info[1])}
        fields = {name: value for name, value in fields.items() if name not in head}
        if self.form == "json":
            return msgspec.json.encode(head | fields, enc_hook=_kind).decode()
        return " ".join([*head.values(), *(f"{name}={_plain(value)}" for name, value in fields.items())])


def said(record: logging.LogRecord) -> str:
    """What a record says; of a stranger's the first line of its pattern only, for what is filled in may be anything."""
    known = record.name.partition(".")[0] in OURS
    text = record.getMessage() if known else str(record.msg)
    return next(iter(text.strip().splitlines()), "")


def fault(error: BaseException) -> list[dict[str, Any]]:
    """An error and its causes, outermost first: type, places in code, and the text if it is a store's."""
    found: list[dict[str, Any]] = []
    one: BaseException | None = error
    while one is not None and len(found) < FRAMES:
        frames = traceback.extract_tb(one.__traceback__)[-FRAMES:]
        told: dict[str, Any] = {"error": type(one).__name__}
        if isinstance(one, Retryable | StoreError):
            told["text"] = one.message
        told["at"] = [f"{_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        found.append(told)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return found


def _place(file: str) -> str:
    """A file without the folder of this installation: geleit/web/serve.py."""
    parts = Path(file).parts
    marks = [place for place, part in enumerate(parts) if part in ("site-packages", "src")]
    return "/".join(parts[marks[-1] + 1 :] if marks else parts[-2:])


def _plain(value: object) -> str:
    if isinstance(value, int | float) or (isinstance(value, str) and value.isalnum()):
        return str(value)
    return msgspec.json.encode(value, enc_hook=_kind).decode()


def _kind(value: object) -> str:
    """Of what is no plain value only its type: what it would say is not known."""
    return type(value).__name__


@contextmanager
def written(form: Form = "text", level: Level = "info", stream: TextIO | None = None) -> Iterator[None]:
    """Send everything that is logged, warned of or escapes a thread to ``stream`` (default standard error)."""
    root, ours = logging.getLogger(), logging.getLogger("geleit")
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines(form))
    before = (root.handlers[:], root.level, ours.level)
    hooks = (threading.excepthook, sys.excepthook, warnings.showwarning)
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    ours.setLevel(level.upper())
    threading.excepthook, sys.excepthook, warnings.showwarning = _thread_ended, _escaped, _warned
    try:
        yield
    finally:
        threading.excepthook, sys.excepthook, warnings.showwarning = hooks
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        ours.setLevel(before[2])


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        name = args.thread.name if args.thread else ""
        log.error("a thread ended with a fault", exc_info=args.exc_value, extra={"fields": {"thread": name}})


def _escaped(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    log.critical("ended by a fault", exc_info=error)


def _warned(message: object, category: type[Warning], filename: str, lineno: int, *_: object, **__: object) -> None:
    del message  # it may quote anything
    fields = {"warning": category.__name__, "at": f"{_place(filename)}:{lineno}"}
    log.warning("a library warns", extra={"fields": fields})
