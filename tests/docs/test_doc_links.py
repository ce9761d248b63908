"""Links between pages lead somewhere, and commands that pages name exist."""

import re

import pytest
import typer.main
from doc_pages import PAGES, anchors, blocks, name, prose

from geleit.cli.app import app

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^\$ |`)geleit ([a-z][a-z -]*)", re.MULTILINE)
COMMANDS = typer.main.get_command(app)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_exist(page):
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{name(page)} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{name(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_exist(page):
    text = prose(page) + "".join(block.text for block in blocks(page) if block.language == "console")
    for words in COMMAND.findall(text):
        command, path = COMMANDS, []
        for word in words.split():
            if not hasattr(command, "commands"):
                break
            path.append(word)
            assert word in command.commands, f"{name(page)}: there is no command geleit {' '.join(path)}"
            command = command.commands[word]


def test_pages_speak_of_no_machine():
    places = re.compile(r"/(?:home|root|tmp|work|Users)/|[A-Z]:\\")
    found = [name(page) for page in PAGES if places.search(page.read_text(encoding="utf-8"))]
    assert found == []
