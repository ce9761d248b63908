"""Sources over databases, as tests of reading need them: define one, read it, look at its rows."""

import json

from geleit.sources import reading
from geleit.sources.definition import SourceDefinition

SQLITE = "sqlite:///shop.sqlite"
EVENTS = [{"kind": "contact_made", "time": "at", "identifiers": {"email": "mail"}}]


def source(url, name="shop", events=EVENTS, **database):
    if not url.startswith("sqlite"):
        database = {"password": {"secret": "SHOP_PASSWORD"}} | database
    return SourceDefinition.model_validate({"database": {"url": url} | database, "events": events}).named(name)


def read(definition, root, *columns, positions=None, again=False):
    return list(reading.read(definition, root, frozenset(columns), positions or {}, again=again))


def raws(chunks):
    return [json.loads(raw) for chunk in chunks for raw in chunk.raw]
