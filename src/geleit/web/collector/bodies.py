"""Takes the records out of a webhook's body: one object, a list, lines of JSON, or a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from geleit.web.collector.request import Incoming

FORM = "application/x-www-form-urlencoded"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
BOM = b"\xef\xbb\xbf"
FIELDS = 2_000  # of a form
DEEP = 8  # brackets of one name: data[merges][FNAME]
NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
STEP = re.compile(r"\[([^\[\]]*)\]")

_list = msgspec.json.Decoder(list[msgspec.Raw])


def records_of(request: Incoming, path: str = "") -> list[bytes]:
    """The records of a body, as JSON text; what is none is handed on as it is, for the quarantine.

    ``path``: the source's ``records``, which is followed where a body has it.
    """
    body = request.body.removeprefix(BOM).strip()
    if request.content_type == FORM and not body.startswith((b"{", b"[")):
        body = form(body)
    elif request.content_type in LINES or _is_lines(body):
        return [line for line in (line.strip() for line in body.splitlines()) if line]
    return _records(body, path.split(".") if path else [])


def _records(value: bytes, path: list[str]) -> list[bytes]:
    """Lists are entered; of an object, the member that the path names, or itself if it has none of this name."""
    if value.startswith(b"["):
        try:
            parts = _list.decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return [value]
        return [found for part in parts for found in _records(bytes(part), path)]
    if path and value.startswith(b"{"):
        try:
            members = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return [value]
        if path[0] == "*":
            return [found for member in members.values() for found in _records(bytes(member), path[1:])]
        if path[0] in members:
            return _records(bytes(members[path[0]]), path[1:])
    return [value]


def _is_lines(body: bytes) -> bool:
    """Whether the body is several JSON values, one a line; a single one that is broken is not."""
    first, newline, rest = body.partition(b"\n")
    if not newline or not rest.strip() or not first.strip().endswith(b"}"):
        return False
    try:
        msgspec.json.decode(first, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True


def form(body: bytes) -> bytes:
    """A form as JSON: the JSON of its only field, or an object of all fields, ``data[merges][FNAME]`` nested.

    >>> form(b"payload=%7B%22id%22%3A1%7D")
    b'{"id":1}'
    >>> form(b"type=subscribe&data[email]=ada%40example.org&data[tags][]=a&data[tags][]=b")
    b'{"type":"subscribe","data":{"email":"ada@example.org","tags":["a","b"]}}'
    """
    try:
        fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        return body
    if not fields:
        return body
    if len(fields) == 1 and fields[0][1].lstrip().startswith(("{", "[")):
        return fields[0][1].strip().encode()
    whole: dict[str, Any] = {}
    for name, value in fields:
        _put(whole, _steps(name), value)
    return msgspec.json.encode(_lists(whole))


def _steps(name: str) -> list[str]:
    found = NAME.fullmatch(name)
    steps = [found[1], *STEP.findall(found[2])] if found else [name]
    return steps if len(steps) <= DEEP else [name]


def _put(whole: dict[str, Any], steps: list[str], value: str) -> None:
    """Set a value in nested objects; what stands in its way is kept under its full name. ``[]`` counts upwards."""
    here = whole
    for step in steps[:-1]:
        inner = here.setdefault(step, {})
        if not isinstance(inner, dict):
            whole["[".join(steps)] = value
            return
        here = inner
    last = steps[-1] or str(len(here))
    if isinstance(here.get(last), dict):
        whole["[".join(steps)] = value
    else:
        here[last] = value


def _lists(value: Any) -> Any:
    """Objects whose names are 0, 1, 2 ... in this order are lists."""
    if not isinstance(value, Mapping):
        return value
    if value and list(value) == [str(place) for place in range(len(value))]:
        return [_lists(one) for one in value.values()]
    return {name: _lists(one) for name, one in value.items()}
