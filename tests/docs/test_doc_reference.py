"""The generated pages say what the code says, and their example workspace is a sound one."""

import importlib
import shutil

import pytest
from doc_pages import ROOT

from geleit.workspace.definitions import load_checked
from geleit.workspace.scaffold import MODELS

REFERENCE = ROOT / "docs" / "reference"


@pytest.fixture
def generator(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("write_docs")


@pytest.mark.parametrize("page", ["workspace.md", "vocabulary.md", "commands.md", "../sources/ready.md"])
def test_pages_are_current(generator, page):
    written = (REFERENCE / page).read_text(encoding="utf-8")
    assert written == generator.PAGES[page](), f"docs/reference/{page} is not current. Hint: make docs"


def test_every_definition_has_an_example(generator):
    for place in MODELS:
        assert generator.examples(place), f"docs/reference/example has no {place}"


def test_the_example_workspace_is_sound(tmp_path):
    root = shutil.copytree(REFERENCE / "example", tmp_path / "example")
    definitions, problems = load_checked(root)
    assert problems == []
    assert {"till", "workshop"} <= definitions.sources.keys()
