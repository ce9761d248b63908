"""``geleit snippet``: what a person reads who wants pages to tell what happens on them."""

import json
import sys

import pytest

from geleit.access import write_keys
from geleit.cli.app import main
from geleit.web.embedding import script
from geleit.workspace import open_workspace


@pytest.fixture
def geleit(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["geleit", *arguments])
        try:
            main()
            ended = 0
        except SystemExit as end:
            ended = end.code or 0
        shown = capsys.readouterr()
        assert ended == code, shown.out + shown.err
        return " ".join((shown.out + shown.err).split())

    run("init", ".")
    (tmp_path / "sources" / "web.yaml").write_text("collect: true\n")
    (tmp_path / "sources" / "till.yaml").write_text("file: till.csv\nevents:\n  - kind: a\n    time: t\n    identifiers: {email: e}\n")  # fmt: skip
    return run


def test_without_a_key_it_says_where_one_comes_from(geleit, tmp_path):
    said = geleit("snippet", "web", "--address", "https://collect.example.com")
    assert 'src="https://collect.example.com/geleit.js" data-write-key="WRITE_KEY"' in said
    assert "geleit key create web" in said
    assert "script-src https://collect.example.com; connect-src https://collect.example.com" in said
    with open_workspace(tmp_path) as workspace:
        assert write_keys.listed(workspace.ledger) == []


def test_a_new_key_opens_the_source_and_may_be_printed_again(geleit, tmp_path):
    made = json.loads(geleit("snippet", "web", "--new-key", "--json"))
    assert made["gzip"] < 4000
    with open_workspace(tmp_path) as workspace:
        assert write_keys.by_hash(workspace.ledger)[write_keys.hashed(made["key"])].source == "web"
    assert f'data-write-key="{made["key"]}"' in geleit("snippet", "web", "--key", made["key"])


def test_a_copy_is_written_and_later_replaced_but_nothing_else_is(geleit, tmp_path):
    arguments = ("snippet", "web", "--address", "https://collect.example.com", "--copy")
    said = geleit(*arguments, "g.js")
    assert 'src="/g.js"' in said
    assert 'data-host="https://collect.example.com"' in said
    assert (tmp_path / "g.js").read_bytes() == script().content
    assert 'src="/js/g.js"' in geleit(*arguments, "g.js", "--src", "/js/g.js")
    before = (tmp_path / "geleit.yaml").read_bytes()
    assert "is not geleit's script" in geleit(*arguments, "geleit.yaml", "--new-key", code=1)
    assert (tmp_path / "geleit.yaml").read_bytes() == before
    with open_workspace(tmp_path) as workspace:
        assert write_keys.listed(workspace.ledger) == []


def test_what_does_not_fit_is_named(geleit):
    assert "does not open the source web" in geleit("snippet", "web", "--key", "gl_other", code=1)
    assert "takes no events from pages" in geleit("snippet", "till", code=1)
    assert "no address" in geleit("snippet", "web", "--address", "collect.example.com", code=1)
