"""The bulk benchmark runs from end to end and gets everything right."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BULK = Path(__file__).parent.parent.parent / "benchmarks" / "bulk.py"
STAGES = ["import", "adopt", "sync", "question"]


def bulk(*values):
    return subprocess.run([sys.executable, str(BULK), *map(str, values)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bulk")


def measure(folder, *values):
    """What a run over few events prints and writes; nobody shares a device, so that every number is known beforehand."""
    file = folder / "run.json"
    done = bulk("--folder", folder, "--events", 3_000, "--shared", 0, "--json", file, *values)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(file.read_text()), file


@pytest.fixture(scope="module")
def measured(folder):
    return measure(folder, "--format", "csv", "--until", "question")


def test_every_stage_is_measured_and_right(measured):
    shown, result, _ = measured
    (run,) = result["runs"]
    assert list(run["stages"]) == STAGES
    assert all(stage["wall"] > 0 and stage["cpu"] > 0 and stage["peak_mb"] > 50 for stage in run["stages"].values())
    assert run["checks"]["events"] == [2_985, 2_985]  # every 200th row repeats another one
    assert run["checks"]["answer"][0] == run["checks"]["answer"][1] > 0
    assert run["checks"]["people not found"] == [0, 0]
    assert set(run["found"]) == {"answer", "first", "all"}
    assert run["stages"]["import"]["held_ms"]["count"] > 0
    assert result["wrong"] == []
    assert result["truth"]["kinds"] == 30
    assert "every event is acknowledged" in shown


def test_live_events_are_timed_beside_the_load(tmp_path):
    _, result, _ = measure(tmp_path, "--format", "parquet", "--live", "--alone", 0.1, "--until", "adopt")
    (run,) = result["runs"]
    assert list(run["stages"]) == ["import", "adopt"]
    live = [one["ack"] for one in run["live"].values() if one["ack"]["count"]]
    assert live
    assert all(0 < ack["p50"] <= ack["p99"] <= ack["max"] for ack in live)


def test_markdown_has_a_table_of_each_run(measured):
    _, result, file = measured
    done = bulk("--render", file, file)
    assert done.stdout.count("### 3,000 events from CSV") == 2
    wall = result["runs"][0]["floors"]["read"]["wall"]
    assert f"| *DuckDB reads the file* | {wall:.1f} |" in done.stdout


def test_the_export_is_the_same_on_every_run(measured, tmp_path):
    data = BULK.with_name("bulk_data.py")
    subprocess.run([sys.executable, str(data), str(tmp_path), "3000", "0"], check=True, capture_output=True)
    assert (tmp_path / "events.csv").read_bytes() == (measured[2].parent / "events.csv").read_bytes()


def test_too_few_events_are_refused():
    done = bulk("--events", 10)
    assert done.returncode == 2
    assert "at least 3,000" in done.stderr
