"""A definition that was found sound is not checked again; one that changed is, and nothing else is believed."""

import pytest

from geleit.errors import DefinitionError
from geleit.sources import sound
from geleit.sources.definition import load_source

SHOP = """
label: {de: Laden}
file: exports/shop.csv
zone: Europe/Berlin
storage: {options: {anon: true, retries: 1}}
events:
  - {kind: page_viewed, time: day, identifiers: {email: mail}}
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "shop.yaml").write_text(SHOP)
    return tmp_path / "sources" / "shop.yaml"


def test_a_sound_definition_is_the_same_when_it_is_recalled(path, tmp_path):
    first = load_source(path, tmp_path)
    assert sound.recall(path, tmp_path, sound.mark(path)) is not None
    again = load_source(path, tmp_path)
    assert (again, again.name, again.storage.options) == (first, "shop", {"anon": True, "retries": 1})


def test_a_changed_definition_is_checked(path, tmp_path):
    load_source(path, tmp_path)
    path.write_text(SHOP.replace("time: day", "time: now()"))
    for _ in range(2):  # what is not sound is not remembered either
        with pytest.raises(DefinitionError, match="now"):
            load_source(path, tmp_path)


@pytest.mark.parametrize("rubbish", ["", "{", "[]", '{"mark": "x", "tree": {}}'])
def test_a_damaged_memory_is_no_memory(path, tmp_path, rubbish):
    first = load_source(path, tmp_path)
    (tmp_path / "data" / "checked" / "shop.json").write_text(rubbish)
    assert load_source(path, tmp_path) == first


@pytest.mark.parametrize("odd", ["label: 2026-01-01", "a: &x yes", "a: &x true\nb: *x"])
def test_a_tree_that_json_changes_is_not_kept(path, tmp_path, odd):
    tree = sound.definitions.plain(sound.definitions.read_tree(_written(path, odd), "x"))
    sound.remember(path, tmp_path, sound.mark(path), tree)
    kept = sound.recall(path, tmp_path, sound.mark(path))
    assert kept is None or (kept, str(kept)) == (tree, str(tree))


def _written(path, text):
    path.write_text(text)
    return path
