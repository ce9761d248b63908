"""Where in a JSON document its records stand: the largest list of objects, or the largest object of objects alike."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec

from geleit.sources.json_documents import EVERY, Document

LEVELS = 4  # levels of a document that are searched
FEW = 2  # members from which on objects under names of their own are taken for records
ALIKE = 0.5  # share of their names that such objects have in common


def records_path(head: bytes) -> str:
    """The value of ``records:`` for a document, '' if its records stand at its top."""
    try:
        document = msgspec.json.decode(head.removeprefix(codecs.BOM_UTF8))
    except (msgspec.DecodeError, UnicodeDecodeError):  # cut off, several documents, or of another encoding
        with suppress(msgspec.DecodeError, RecursionError):
            return ".".join(_first_list(Document(io.BufferedReader(io.BytesIO(head))), ()))
        return ""
    if isinstance(document, list):
        return ""
    found = sorted(_places(document, ()), key=lambda place: (-place[0], len(place[1])))
    return ".".join(found[0][1]) if found else ""


def _places(node: Any, path: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Number of records and path of each list of objects, and of each object of objects."""
    if not isinstance(node, dict) or len(path) == LEVELS:
        return
    if _is_map(node):
        yield len(node), (*path, EVERY)
        return
    for name, inner in node.items():
        if "." in name:
            continue  # the path could not tell it
        if isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner):
            yield len(inner), (*path, name)
        else:
            yield from _places(inner, (*path, name))


def _first_list(document: Document, path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of the first list of objects in a document of which only the beginning is there; () if none is found."""
    if document.peek() != b"{" or len(path) == LEVELS:
        return ()
    document.step()
    while document.more(b"}"):
        name = document.name()
        first = document.peek()
        if first == b"[" and document.window[document.place + 1 :].lstrip()[:1] == b"{":
            return (*path, name)
        if first == b"{" and (found := _first_list(document, (*path, name))):
            return found
        if first != b"{":
            document.value()
    return ()


def _is_map(node: dict[str, Any]) -> bool:
    """Whether an object holds records under their ids: several objects that share most of their names."""
    members = list(node.values())
    if len(members) < FEW or not all(isinstance(one, dict) and one for one in members):
        return False
    every = set().union(*members)
    common = set(members[0]).intersection(*members)
    return len(common) >= ALIKE * len(every)
