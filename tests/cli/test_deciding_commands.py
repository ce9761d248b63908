"""Decisions on the command line: what became of whom is printed, JSON for programs, pictures on request."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.errors import GeleitError
from geleit.workspace import open_workspace

WHO = ["--author", "Anja Kern", "--reason", "said so"]


@pytest.fixture
def geleit(tmp_path, monkeypatch, washing_machine):
    """Runs ``geleit identity`` on a copy of the imported example."""
    shutil.copytree(washing_machine.root, tmp_path / "d")
    monkeypatch.chdir(tmp_path / "d")
    monkeypatch.delenv("GELEIT_AUTHOR", raising=False)

    def run(*arguments, code=0):
        done = CliRunner().invoke(app, ["identity", *arguments])
        if isinstance(done.exception, GeleitError):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    return run


def people():
    with open_workspace(".") as space:
        return len(space.people())


def test_a_merge_says_what_became_of_whom_and_is_taken_back(geleit):
    before = people()
    seen = geleit("merge", "crm.customer_no:4711", "jonas.brandt@example.com", "--preview")
    assert "Nothing was changed" in seen
    assert people() == before
    told = geleit("merge", "crm.customer_no:4711", "jonas.brandt@example.com", *WHO)
    assert "Decision 1: these are one person now." in told
    assert "5 orders" in told.split("now\n")[1]
    assert people() == before - 1
    told = geleit("undo", "1", "--author", "Anja Kern", "--reason", "two")
    assert "Decision 1 is taken back." in told
    assert people() == before
    with pytest.raises(GeleitError, match="taken back before"):
        geleit("undo", "1", *WHO)


def test_decisions_are_listed_with_their_standing(geleit):
    geleit("separate", "crm.customer_no:4711", "phone:+495614482", *WHO)
    geleit("share", "phone:+4956013920", *WHO)
    assert "household 3: these people live together" in geleit(
        "household", "crm.customer_no:4711", "crm.customer_no:5023", *WHO
    )
    geleit("merge", "crm.customer_no:4711", "phone:+495614482", *WHO)
    listed = json.loads(geleit("decisions", "--json"))
    assert [(one["number"], one["kind"]) for one in listed] == [
        (1, "separate"),
        (2, "shared"),
        (3, "household"),
        (4, "merge"),
    ]
    assert listed[0]["sides"][1] == [{"type": "phone", "value": "+495614482"}]
    assert "newer ones contradict it" in geleit("decisions")


def test_numbers_and_addresses_are_taken_in_any_notation(geleit):
    geleit("share", "05601 / 39 20", *WHO)
    geleit("share", "Jonas.BRANDT@example.com", *WHO)
    listed = json.loads(geleit("decisions", "--json"))
    named = [(one["sides"][0][0]["type"], one["sides"][0][0]["value"]) for one in listed]
    assert named == [("phone", "+4956013920"), ("email", "jonas.brandt@example.com")]
    with pytest.raises(GeleitError, match="no identifier '05601 / 39 21'"):
        geleit("share", "05601 / 39 21", *WHO)


def test_help_says_what_is_required(geleit):
    told = " ".join(geleit("share", "--help").split())
    assert told.count("required, but for --preview") == 2


def test_without_author_or_reason_nothing_is_decided(geleit):
    assert "--author" in geleit("share", "phone:+4956013920", "--reason", "x", code=2)
    assert "--reason" in geleit("share", "phone:+4956013920", "--author", "x", code=2)
    assert "nobody decided anything yet" in geleit("decisions")


def test_the_author_may_stand_in_the_environment(geleit, monkeypatch):
    monkeypatch.setenv("GELEIT_AUTHOR", "Deniz")
    assert json.loads(geleit("share", "phone:+4956013920", "--reason", "x", "--json"))["decision"]["author"] == "Deniz"


def test_an_explanation_is_drawn_and_told_to_programs(geleit, tmp_path):
    told = json.loads(
        geleit("explain", "crm.customer_no:4711", "--json", "--svg", "../who.svg", "--png", str(tmp_path / "who.png"))
    )
    assert {"members", "joined", "held_back", "decisions"} <= told.keys()
    assert (tmp_path / "who.svg").read_text().startswith("<svg")
    assert (tmp_path / "who.png").read_bytes()[1:4] == b"PNG"
    assert ".svg" in geleit("explain", "crm.customer_no:4711", "--svg", "who.png", code=2)
