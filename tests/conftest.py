"""What many tests need: an example workspace of their own, and a dump of a workspace that ignores arrival."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from geleit.ledger import ledger, schema, tables
from geleit.ledger.search_tables import search_identifier, search_text, search_word
from lengths import longest_first
from postgres_ledgers import new_ledger  # noqa: F401 (fixture)
from servers import mariadb, postgres, store  # noqa: F401 (fixtures)

EXAMPLES = Path(__file__).parent.parent / "examples"

# Facts whose set_id and other arrival numbers are replaced by what they stand for.
FACTS = (
    "trait",
    "consent_fact",
    "account_fact",
    "order_fact",
    "order_line",
    "product_fact",
    "need",
    "need_event",
    "customer",
)
settings.register_profile(
    "geleit",
    parent=settings(),
    deadline=None,  # a busy machine is no error
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("geleit")
ARRIVAL = {"change", "set_id", "id", "first_at", "changed_at", "line"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Workers take whole files, those first that take longest."""
    items.sort(key=lambda item: longest_first(item.nodeid.split("::")[0]))


@pytest.fixture(scope="session", autouse=True)
def _migrated(tmp_path_factory):
    """A new SQLite ledger of this process is a copy of one that its migrations made: they take longer than most tests.

    Other processes, other databases and ledgers of earlier versions are migrated as ever.
    """
    empty = tmp_path_factory.mktemp("ledger") / "empty.sqlite"
    ledger.Ledger(f"sqlite:///{empty}").close()
    assert [path.name for path in empty.parent.iterdir()] == [empty.name]

    def upgrade(engine):
        if engine.dialect.name == "sqlite" and not (path := Path(engine.url.database)).exists():
            try:
                shutil.copyfile(empty, path)
            except OSError:  # its folder is full, missing or only read: the ledger itself will say so
                path.unlink(missing_ok=True)
        schema.upgrade(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "upgrade", upgrade)
        yield


@pytest.fixture
def example(tmp_path):
    """A function that copies an example workspace into the test's own folder."""

    def copy(name: str) -> Path:
        target = tmp_path / name
        shutil.copytree(EXAMPLES / name, target, ignore=shutil.ignore_patterns("data"))
        return target

    return copy


@pytest.fixture
def command(monkeypatch, capfd):
    """A function that runs ``geleit`` with words, in this process; returns its exit code and what it printed and told."""
    from geleit.cli.app import main  # noqa: PLC0415

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["geleit", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, *capfd.readouterr()

    return run


@pytest.fixture(scope="session")
def washing_machine(tmp_path_factory):
    """The imported washing-machine workspace, for reading only."""
    target = tmp_path_factory.mktemp("shared") / "washing-machine"
    shutil.copytree(EXAMPLES / "washing-machine", target, ignore=shutil.ignore_patterns("data"))
    from geleit.workspace import open_workspace  # noqa: PLC0415

    with open_workspace(target) as workspace:
        workspace.import_sources()
        yield workspace


def dump(workspace) -> str:
    """Everything a workspace knows, as text that is equal whatever the order and batches of arrival were."""
    with workspace.ledger.read() as connection:
        sets = _sets(connection)
        query = sa.select(tables.identifier_set.c.id, tables.identifier_set.c.key)
        named = {row.key: sets.get(row.id, "") for row in connection.execute(query)}
        found = {
            "sets": sorted(sets.values()),
            "resolution": sorted(
                [sets[r.set_id], r.slice, r.customer_id] for r in connection.execute(sa.select(tables.resolution))
            ),
            "evidence": _evidence(connection),
            "keys": sorted([*_live_keys(connection), *_bulk_keys(connection, workspace.archive.keys)]),
            "quarantine": sorted(
                [r.source, r.fingerprint, r.reason, r.state] for r in connection.execute(sa.select(tables.quarantine))
            ),
        }
        for name in FACTS:
            found[name] = sorted(
                _fact(row, sets) for row in connection.execute(sa.select(tables.metadata.tables[name]))
            )
        found["tokens"] = _tokens(connection, sets)
    found["events"] = sorted(
        [
            item.event_id,
            named[item.set_key],
            item.event.t,
            item.event.kind,
            json.dumps(item.event.properties, sort_keys=True),
        ]
        for item in workspace.history.events_of(list(named))
    )
    return json.dumps(found, indent=1, sort_keys=True, default=str)


def _tokens(connection, sets) -> list[list[str]]:
    """Every word of a person's texts, and every one of an identifier."""
    said = sa.select(search_word.c.token, search_text.c.set_id, search_text.c.field)
    said = said.join(search_text, search_text.c.text_key == search_word.c.text_key)
    named = sa.select(
        search_identifier.c.token, tables.identifier.c.type, tables.identifier.c.value, search_identifier.c.field
    )
    named = named.join(tables.identifier, tables.identifier.c.id == search_identifier.c.identifier_id)
    texts = [[r.token, sets.get(r.set_id, ""), r.field] for r in connection.execute(said)]
    return sorted([*texts, *([r.token, f"{r.type}:{r.value}", r.field] for r in connection.execute(named))])


def _live_keys(connection):
    return ((row.id, row.content) for row in connection.execute(sa.select(tables.event_key)))


def _bulk_keys(connection, keys):
    for ids in keys.ids(keys.runs(connection)):
        yield from keys.contents(connection, ids).items()


def _sets(connection) -> dict[int, str]:
    query = (
        sa.select(tables.identifier_set_member.c.set_id, tables.identifier.c.type, tables.identifier.c.value)
        .join(tables.identifier, tables.identifier.c.id == tables.identifier_set_member.c.identifier_id)
        .order_by(tables.identifier.c.type, tables.identifier.c.value)
    )
    sets: dict[int, list[str]] = {}
    for row in connection.execute(query):
        sets.setdefault(row.set_id, []).append(f"{row.type}:{row.value}")
    return {number: " ".join(members) for number, members in sets.items()}


def _evidence(connection) -> list[list[object]]:
    names = {r.id: f"{r.type}:{r.value}" for r in connection.execute(sa.select(tables.identifier))}
    return sorted(
        [*sorted((names[r.low_id], names[r.high_id])), r.source, r.bucket, r.count, r.first_t, r.last_t, r.sample_event]
        for r in connection.execute(sa.select(tables.evidence))
    )


def _fact(row, sets) -> list[str]:
    values = [f"{name}={value}" for name, value in row._mapping.items() if name not in ARRIVAL]
    if "set_id" in row._mapping:
        values.append(sets.get(row.set_id, ""))
    if "id" in row._mapping:
        values.append(str(row.id))
    return values


@pytest.fixture(name="dump")
def _dump():
    return dump


@pytest.fixture(scope="session")
def dump_of():
    """The same for fixtures that live longer than a test."""
    return dump


@pytest.fixture
def kills():
    """How many kills a storm has: a few here, hundreds in ``make long``."""
    return int(os.environ.get("GELEIT_KILLS", "2"))
