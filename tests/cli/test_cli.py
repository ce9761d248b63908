"""The command as a person starts it; one test starts the program itself, the others its `main` in this process."""

import json
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def geleit(tmp_path, monkeypatch, command):
    """Runs ``geleit`` in the test's folder and returns what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        ended, printed, told = command(*arguments)
        assert ended == code, printed + told
        return printed or told

    return run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The example company as the program builds it, a process of its own, and what it told."""
    folder = tmp_path_factory.mktemp("demo")
    return folder / "d", json.loads(_process(folder, "demo", "d", "--small", "--no-serve", "--json"))


def _process(folder, *arguments, code=0):
    command = [sys.executable, "-m", "geleit", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout or done.stderr


def test_an_error_of_the_program_is_a_sentence_with_a_hint(tmp_path):
    assert "hint:  make a workspace" in _process(tmp_path, "check", code=1)


def test_errors_are_sentences_with_a_hint_and_json_for_programs(geleit):
    text = geleit("check", code=1)
    assert "no geleit.yaml" in text
    assert "hint:  make a workspace" in text
    assert json.loads(geleit("check", "--json", code=1))["hint"].startswith("make a workspace")


def test_an_empty_workspace_is_fine_and_says_what_is_next(geleit):
    assert "geleit source guess" in geleit("init", "acme", "--language", "de")
    assert json.loads(geleit("check", "-w", "acme", "--json"))["ok"]
    assert "nobody found" in geleit("find", "ada", "-w", "acme")
    assert "nothing waits" in geleit("quarantine", "list", "-w", "acme")
    assert "no sources yet" in geleit("source", "list", "-w", "acme")
    assert "ada" in geleit("customer", "ada", "-w", "acme", code=1)


def test_a_demo_is_built_twice_without_change_and_draws_its_map(geleit, demo):
    folder, first = demo
    shutil.copytree(folder, "d")
    again = json.loads(geleit("demo", "d", "--small", "--no-serve", "--json"))
    assert first == again
    assert first["customer"].startswith("c")
    for suffix in ("svg", "png", "pdf", "json", "csv"):
        geleit("map", first["customer"], "-w", "d", "-o", f"map.{suffix}")
    report = json.loads(geleit("check", "-w", "d", "--json"))
    assert report["ok"]


def test_explaining_two_identifiers_prints_the_chain(geleit, demo):
    text = geleit("identity", "explain", "crm.customer_no:4711", "-w", demo[0])
    assert "4711" in text


def test_a_corrected_source_is_read_anew_and_nothing_is_deleted(geleit, tmp_path):
    geleit("init", "acme")
    (tmp_path / "orders.csv").write_text("order_id,date,customer_id,total\n1,2026-03-01,7,10.00\n")
    geleit("source", "guess", "orders.csv", "-w", "acme")
    geleit("import", "-w", "acme")
    path = tmp_path / "acme" / "sources" / "orders.yaml"
    path.write_text(path.read_text().replace("order_completed", "order_updated"))
    assert "import --anew" in geleit("import", "-w", "acme")
    path.write_text(path.read_text() + "  wrong: key\n")
    geleit("import", "--anew", "-w", "acme", code=1)
    assert (tmp_path / "acme" / "data").exists()
    path.write_text(path.read_text().replace("  wrong: key\n", ""))
    assert "1 customer, 1 event in all" in geleit("import", "--anew", "-w", "acme")
    assert len(list((tmp_path / "acme").glob("data-until-*"))) == 1
    assert json.loads(geleit("quarantine", "list", "-w", "acme", "--json")) == []
