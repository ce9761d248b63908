"""Reads a source's files without mapping them: the records as dicts, and what was rejected."""

import json
import subprocess
import sys
import textwrap

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


def read_apart(root, column, **fields):
    """One column's values, rejections as (line, reason), and the MB by which a process of its own grew while it read.

    What is resident is measured. A limit on address space would say nothing of need: threads and DuckDB reserve by the machine.
    """
    script = f"""
        import json, re
        from pathlib import Path
        from geleit.sources import files
        from geleit.sources.definition import SourceDefinition
        def held(name):
            return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) >> 10
        source = SourceDefinition.model_validate({json.dumps({"events": [EVENT], **fields})}).named("a")
        before, values, rejected = held("VmRSS"), [], []
        for chunk in files.read(source, Path({str(root)!r}), frozenset({{{column!r}}})):
            values += chunk.columns[{column!r}].to_pylist() if len(chunk.lines) else []
            rejected += [(line.line, line.reason) for line in chunk.rejected]
        print(json.dumps([values, rejected, held("VmHWM") - before]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    values, rejected, grown = json.loads(done.stdout)
    return values, [tuple(pair) for pair in rejected], grown
