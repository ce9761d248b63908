"""Every decision has its parts and stands in the index."""

import re
import tomllib

import pytest
from doc_pages import ROOT

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_decision_has_its_parts(page):
    text = page.read_text(encoding="utf-8")
    number, title = re.match(r"# (\d+)\. (.+)", text).groups()
    assert int(number) == int(page.name[:4])
    assert re.findall(r"^## (\w+)$", text, flags=re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert re.search(r"^Status: ", text, flags=re.MULTILINE)
    index = (page.parent / "README.md").read_text(encoding="utf-8")
    assert f"| {number} | [{title}]({page.name}) |" in index


def test_layers_are_as_decided():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = [layer for layer in contract["contracts"][0]["layers"] if layer != "__main__"]
    text = " ".join((ROOT / "docs/decisions/0011-layers.md").read_text(encoding="utf-8").split())
    assert f"`{' > '.join(layers)}`" in text
