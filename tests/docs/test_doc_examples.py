"""What pages show is true: YAML is validated against its model, and console blocks run, page by page, top to bottom."""

import doctest
import fnmatch
import re
import shlex
import sys

import pytest
from doc_pages import PAGES, ROOT, blocks, name

from geleit.cli.app import main
from geleit.definitions import load
from geleit.sources.definition import load_source
from geleit.workspace.scaffold import MODELS

YAML = [block for page in PAGES for block in blocks(page) if block.language == "yaml" and block.file]
STORIES = [page for page in PAGES if any(block.language == "console" for block in blocks(page))]


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_is_valid(block, tmp_path):
    place = next((place for place in MODELS if fnmatch.fnmatch(block.file, f"*{place}")), None)
    assert place, f"{block}: {block.file} is no file of a workspace ({', '.join(MODELS)})"
    path = tmp_path / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    if place == "sources/*.yaml":
        load_source(path, tmp_path)
    else:
        load(path, MODELS[place], root=tmp_path)


@pytest.mark.parametrize("page", STORIES, ids=name)
def test_commands_do_what_the_page_shows(page, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    for block in blocks(page):
        if block.file:
            path = tmp_path / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command, expected in steps(block):
                code, shown = run(command, monkeypatch, capsys)
                assert code == (1 if "error: " in expected else 0), f"{block}: {command}\n{shown}"
                flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
                matches = not expected.strip() or doctest.OutputChecker().check_output(expected, shown, flags)
                assert matches, f"{block}: {command}\nexpected:\n{expected}\nshown:\n{shown}"


def steps(block):
    """Each command of a console block with the output that is shown for it (empty: any)."""
    found = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
    return [(command, "\n".join(lines) + "\n") for command, lines in found]


def run(command, monkeypatch, capsys):
    """Run one command of the real command line in the current folder; what it printed."""
    program, *arguments = shlex.split(command)
    if program == "cd":
        monkeypatch.chdir(arguments[0])
        return 0, ""
    assert program == "geleit", f"console blocks run geleit and cd only, not {program}"
    monkeypatch.setattr(sys, "argv", ["geleit", *arguments])
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_commands_of_the_front_page_run(washing_machine, tmp_path, monkeypatch, capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^\.venv/bin/(geleit .* -w demo.*)$", text, flags=re.MULTILINE)
    assert len(commands) == 3
    monkeypatch.chdir(tmp_path)
    for command in commands:
        code, shown = run(command.replace("-w demo", f"-w {washing_machine.root}"), monkeypatch, capsys)
        assert (code, shown.count("error")) == (0, 0), f"{command}\n{shown}"
    assert (tmp_path / "journey.pdf").read_bytes().startswith(b"%PDF")
