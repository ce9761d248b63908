"""Reads a source's files without mapping them: the records as dicts, and what was rejected."""

import json

from geleit.sources import files
from geleit.sources.definition import SourceDefinition

EVENT = {"kind": "contact_made", "time": "'2026-01-01'", "identifiers": {"email": "1"}}


def source(**fields):
    return SourceDefinition.model_validate({"events": [EVENT], **fields}).named("a")


def chunks(root, columns=(), **fields):
    return list(files.read(source(**fields), root, frozenset(columns)))


def read(root, columns=(), **fields):
    """Records and rejections of all files."""
    found = chunks(root, columns, **fields)
    return [json.loads(raw) for c in found for raw in c.raw], [r for c in found for r in c.rejected]


def good(root, **fields):
    """Records of files without any fault."""
    records, rejected = read(root, **fields)
    assert rejected == []
    return records


def faults(rejected):
    return [(r.file, r.line, r.reason) for r in rejected]
