"""``geleit segment`` on the washing-machine example."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from geleit.cli.app import app
from geleit.errors import DefinitionError, NotFoundError


@pytest.fixture
def ask(washing_machine, tmp_path):
    root = tmp_path / "own"
    shutil.copytree(washing_machine.root, root)
    (root / "segments").mkdir(exist_ok=True)
    (root / "segments" / "buyers.yaml").write_text("label: {en: Buyers, de: Käufer}\nwho: {orders: any}\n")

    def run(*arguments):
        done = CliRunner().invoke(app, [*arguments, "-w", str(root)])
        if done.exception:
            raise done.exception
        return done.output

    run.root = root
    return run


def test_list_show_people_refresh_and_analyze_speak_of_the_same_people(ask):
    (listed,) = json.loads(ask("segment", "list", "--json", "-l", "en"))
    shown = json.loads(ask("segment", "show", "buyers", "--json", "-l", "de"))
    people = ask("segment", "people", "buyers").split()
    (fresh,) = json.loads(ask("segment", "refresh", "--json"))
    assert (listed["label"], shown["label"]) == ("Buyers", "Käufer")
    assert listed["people"] == shown["people"] == fresh["people"] == len(people) > 0
    assert shown["words"] == ["gekauft: mindestens einmal"]
    asked = json.loads(ask("analyze", "kinds", "--segment", "buyers", "--unit", "customer", "--json"))
    assert asked["population"]["people"] == len(people)


def test_a_draft_is_looked_at_before_it_is_saved(ask, tmp_path):
    draft = tmp_path / "draft.yaml"
    draft.write_text("who: {not: {segment: buyers}}\n")
    seen = json.loads(ask("segment", "preview", str(draft), "--json"))
    assert seen["people"] + len(ask("segment", "people", "buyers").split()) == seen["of"]
    draft.write_text("who: {segment: byers}\n")
    with pytest.raises(DefinitionError, match="there is no segment 'byers'"):
        ask("segment", "preview", str(draft))


def test_a_name_that_is_none_is_answered_with_the_nearest(ask):
    for asked in (["segment", "show", "buyer"], ["analyze", "kinds", "--segment", "buyer"]):
        with pytest.raises(NotFoundError, match="did you mean 'buyers'"):
            ask(*asked)
