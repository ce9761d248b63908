"""``geleit source ready`` and ``geleit source add``: what comes with geleit, and a copy of it in the workspace."""

import json
import sys

import pytest

from geleit.cli.app import main


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
        return shown.out + shown.err

    return run


def test_ready_sources_are_listed_for_people_and_programs(geleit):
    rows = [line for line in geleit("source", "ready").splitlines() if line.startswith("zendesk_tickets")]
    assert len(rows) == 1
    assert "Zendesk-Tickets" in rows[0]
    listed = {one["name"]: one for one in json.loads(geleit("source", "ready", "--json"))}
    assert listed["zendesk_tickets"]["system"] == "zendesk"
    assert listed["zendesk_tickets"]["verified"].startswith("Zendesk developer documentation")
    assert listed["mailchimp_subscribed"]["verified"] == ""


def test_one_is_added_and_the_next_commands_are_told(geleit, tmp_path):
    geleit("init", "acme")
    told = geleit("source", "add", "shopify_orders", "--as", "web_shop", "--file", "drop/*.csv", "-w", "acme")
    for part in ("Written to sources/web_shop.yaml", "drop/*.csv", "source preview web_shop", "geleit import web_shop"):
        assert part in told
    assert 'file: "drop/*.csv"' in (tmp_path / "acme" / "sources" / "web_shop.yaml").read_text()
    assert "web_shop" in geleit("source", "list", "-w", "acme")


def test_files_that_have_to_lie_beside_it_are_named(geleit):
    geleit("init", "acme")
    told = geleit("source", "add", "dsfinvk_receipts", "-w", "acme")
    assert "exports/dsfinvk/*/transactions.csv, and beside it lines.csv, and beside it references.csv" in told


def test_what_was_not_verified_is_said_when_it_is_added(geleit):
    geleit("init", "acme")
    assert "Not verified: " in geleit("source", "add", "mailchimp_subscribed", "-w", "acme")


def test_a_second_one_of_the_same_name_is_refused_with_a_way_out(geleit):
    geleit("init", "acme")
    geleit("source", "add", "shopify_orders", "-w", "acme")
    refused = geleit("source", "add", "shopify_orders", "-w", "acme", code=1)
    assert "nothing was changed" in refused
    assert "--as MYNAME" in refused
    assert "did you mean" in geleit("source", "add", "shopify_order", "-w", "acme", code=1)


def test_the_address_of_a_webhook_is_told_with_what_proves_the_sender(geleit):
    geleit("init", "acme")
    told = geleit("source", "add", "shopify_webhooks", "--as", "shop", "-w", "acme")
    assert "let Shopify webhooks send to https://YOUR-SERVER/hooks/shop" in told
    assert "secrets/SHOPIFY_WEBHOOK_SECRET" in told
    assert "geleit key create survey" in geleit("source", "add", "refiner", "--as", "survey", "-w", "acme")
    added = json.loads(geleit("source", "add", "mailjet", "-w", "acme", "--json"))
    assert (added["address"], added["ready"]["hook"]) == ("/hooks/mailjet", "key")
    assert "/hooks/" not in geleit("source", "add", "shopify_orders", "-w", "acme")
