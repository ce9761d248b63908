"""``geleit journal export`` and ``geleit analyze --journal``: the same numbers from the export, of the export's state."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.errors import GeleitError, NotFoundError, Retryable


@pytest.fixture
def run(washing_machine):
    def call(*arguments):
        done = CliRunner().invoke(app, [*arguments, "-w", str(washing_machine.root), "--json"])
        if done.exception:
            raise done.exception
        return json.loads(done.output)

    return call


def test_an_export_answers_as_the_journal_does(run, tmp_path):
    place = tmp_path / "out"
    told = run("journal", "export", "--parquet", str(place))
    assert told["uri"] == place.as_uri()
    assert told["events"] > 10
    assert told["files"] == sum(1 for _ in place.rglob("*.parquet"))
    assert told["bytes"] == sum(path.stat().st_size for path in place.rglob("*.parquet"))
    for question in (["transitions"], ["retention", "--by", "month"], ["kinds"]):
        here, there = (run("analyze", *question, *more) for more in ([], ["--engine", "sql", "--journal", str(place)]))
        assert there["as_of"].pop("at") == told["as_of"]["at"]
        del here["as_of"]["at"]
        assert here == there
    first = run("analyze", "transitions")["rows"][0]
    cell = f"source={first['source']},target={first['target']}"
    people = [
        run("analyze", "transitions", "--people", cell, *more)
        for more in ([], ["--engine", "sql", "--journal", str(place)])
    ]
    assert people[0] == people[1] != []


def test_what_cannot_be_asked_is_told(run, tmp_path):
    with pytest.raises(NotFoundError, match="no exported journal"):
        run("analyze", "transitions", "--engine", "sql", "--journal", str(tmp_path))
    with pytest.raises(GeleitError, match="no export"):
        run("analyze", "transitions", "--journal", str(tmp_path))
    run("journal", "export", "--parquet", str(tmp_path / "out"))
    with pytest.raises(Retryable, match="no server answers"):
        run("analyze", "transitions", "--engine", "sc://127.0.0.1:1", "--journal", str(tmp_path / "out"))


def test_nobody_pays_for_spark_who_does_not_ask_it():
    code = "import sys, geleit.cli, geleit.workspace.elsewhere; print({'pyspark', 'grpc', 'pandas'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
