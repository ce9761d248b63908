"""What the generator writes: equal by seed, of the size it says, in ten systems' formats, with people as they are."""

import csv
import gzip
import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from geleit.demo import company, words
from geleit.demo.people import KIOSKS
from geleit.sources import files
from geleit.sources.definition import load_source


def prints(folder):
    """Every file below a folder with a hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_writes_the_same_bytes_and_another_one_others(tmp_path):
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        company.write(tmp_path / name / "ws", tmp_path / name / "truth", seed=seed, scale=0.015)
    one, two, three = (prints(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one.keys() == three.keys()
    assert sum(one[name] != three[name] for name in one) >= 25


def test_people_in_portions_have_keys_and_numbers_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(company, "PEOPLE", 60)
    counts = company.write(tmp_path / "ws", tmp_path / "truth", scale=3)
    assert counts["people"] == 180
    events = pq.read_table(tmp_path / "truth" / "events.parquet").to_pylist()
    assert len({(one["source"], one["key"]) for one in events}) == len(events) == counts["events"]
    people = [one["person"] for one in pq.read_table(tmp_path / "truth" / "people.parquet").to_pylist()]
    assert people == list(range(180))
    for name in ("crm-export-gespraeche", "crm-export-kontakte", "tickets-2026-10", "umfragen-2026-10"):
        json.loads((tmp_path / "ws" / "exports" / f"{name}.json").read_text(encoding="utf-8"))


def test_it_has_the_promised_size(written):
    counts = written.told("counts")
    events = sum(counts["events_by_source"].values())
    spoiled = sum(sum(reasons.values()) for reasons in counts["quarantined"].values())
    assert counts["people"] == 5_000
    assert 280_000 < events < 320_000
    assert 0.003 < spoiled / events < 0.005
    assert len(written.rows("events")) == events
    assert len(written.rows("quarantine")) == spoiled
    assert len(counts["events_by_source"]) == 18
    days = [one["at"].date().isoformat() for one in written.rows("events") if one["person"] >= 0]
    inside = [day for day in days if day >= "2025-05-01"]
    assert "2026-10-29" <= max(days) <= "2026-10-31"
    assert len(inside) / len(days) > 0.97  # contacts, firms and consents are older


def test_every_definition_finds_its_files_and_every_file_a_definition(written):
    found = set()
    for path in sorted((written.folder / "sources").glob("*.yaml")):
        source = load_source(path, written.folder)
        if source.database:
            found.add("exports/werkstatt.sqlite")
        else:
            found |= {located.name for located in files.find(source, written.folder)}
    assert found == {f"exports/{path.name}" for path in written.exports.iterdir()}
    assert {path.rpartition(".")[2] for path in found} == {
        "json",
        "jsonl",
        "gz",
        "csv",
        "tsv",
        "xlsx",
        "parquet",
        "sqlite",
    }


def test_what_people_share_is_really_shared(written):
    owners = defaultdict(set)
    for one in written.rows("identifiers"):
        owners[one["type"], one["value"]].add(one["person"])
    shared = Counter(type_ for (type_, _), people in owners.items() if len(people) > 1)
    assert shared["email"] > 60  # couples with one address
    assert shared["phone"] > 400  # landlines of households, switchboards of firms
    assert shared["web.visitor"] > 250  # tablets
    assert not shared.keys() & {"crm.customer_no", "shop.user_id", "loyalty_card", "app.installation"}
    people = written.rows("people")
    assert max(Counter(one["household"] for one in people).values()) == 4
    firms = Counter(one["account"] for one in people if one["account"] >= 0)
    assert sum(count > 1 for count in firms.values()) > 30
    assert sum(one["twice_in_crm"] for one in people) > 60


def test_browsers_in_the_store_are_used_by_many(written):
    users = defaultdict(set)
    for path in written.exports.glob("klicks-*.gz"):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            if any(kiosk.encode() in line for kiosk in KIOSKS) and b'"userId":"s-' in line and line.endswith(b"}"):
                click = json.loads(line)
                users[click["anonymousId"]].add(click["userId"])
    assert {kiosk: len(users[kiosk]) > 20 for kiosk in KIOSKS} == dict.fromkeys(KIOSKS, True)


def test_the_planted_stories_are_in_the_numbers(written):
    stories = written.told("stories")
    asked, crisis = stories["repair_question"], stories["delivery_crisis"]
    assert asked["bought_when_answered"]["share"] > asked["bought_when_left_open"]["share"] + 0.25
    assert crisis["late_in_crisis"]["share"] > 5 * crisis["late_otherwise"]["share"]
    assert crisis["cancelled_in_crisis"]["share"] > 4 * crisis["cancelled_otherwise"]["share"]
    again = stories["repair_service"]["bought_again"]
    assert again["repaired"]["of"] > 60
    assert again["repaired"]["share"] > again["unhelped"]["share"] + 0.25
    sold_out = stories["sold_out"]
    assert sold_out["bought_when_sold_out"]["share"] < 0.2 < sold_out["bought_otherwise"]["share"]
    counts = written.told("counts")
    flood = counts["left_in_november_2025"] / counts["newsletters_sent_in_november_2025"]
    assert flood > 2.5 * counts["left_otherwise"] / counts["newsletters_sent_otherwise"]
    months = stories["seasons"]["orders_by_month"]
    assert months["2025-12"] > 1.25 * months["2025-10"]


def test_the_documentation_states_these_numbers(written):
    stories = written.told("stories")
    page = (Path(__file__).parents[2] / "docs" / "example-company.md").read_text(encoding="utf-8")
    for story, answers in {
        "asked whether we repair": [
            stories["repair_question"][name] for name in ("bought_when_answered", "bought_when_left_open")
        ],
        "any other question": [
            stories["questions"][name] for name in ("bought_when_answered", "bought_when_left_open")
        ],
        "delivery crisis": [value for value in stories["delivery_crisis"].values() if isinstance(value, dict)],
        "repair saves": [stories["repair_service"]["bought_again"][name] for name in ("repaired", "unhelped")],
        "late deliveries": [stories["repair_service"]["bought_again"][name] for name in ("good", "late", "let_down")],
        "sold out": [stories["sold_out"][name] for name in ("bought_when_sold_out", "bought_otherwise")],
    }.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {story}")]
        assert not [one for one in answers if f"{round(100 * one['share'])} %" not in row], row


def test_nothing_happens_before_what_it_follows(written):
    at = {(one["source"], one["key"]): one["at"] for one in written.rows("events")}
    orders = {key: t for (source, key), t in at.items() if source in ("bestellungen", "kasse")}
    delivered = [(key, t) for (source, key), t in at.items() if source == "touren" and key in orders]
    assert len(delivered) > 1_500
    assert not [key for key, t in delivered if t <= orders[key]]
    for source, before, after in (
        ("bestellungen", "", "-storno"),
        ("bestellungen", "", "-erstattet"),
        ("werkstatt", "", "-fertig"),
        ("werkstatt", "-fertig", "-urteil"),
        ("tickets", "", "-1"),
        ("tickets", "-1", "-2"),
        ("tickets", "", "-geloest"),
        ("newsletter", "", "-auf"),
        ("newsletter", "-auf", "-klick"),
        ("firmenkunden", "", "-bis"),
    ):
        pairs = [
            (at[source, f"{key.removesuffix(after)}{before}"], t)
            for (name, key), t in at.items()
            if name == source and key.endswith(after) and (source, f"{key.removesuffix(after)}{before}") in at
        ]
        assert pairs, (source, after)
        assert all(earlier <= later for earlier, later in pairs), (source, after)


def test_an_order_follows_its_checkout_and_a_settled_complaint_its_repair(written):
    at = {(one["source"], one["key"]): (one["at"], one["person"]) for one in written.rows("events")}
    paid = defaultdict(list)
    for path in written.exports.glob("klicks-*.gz"):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            if b'"Payment Info Entered"' in line and line.endswith(b"}"):
                moment, person = at["klicks", json.loads(line)["messageId"]]
                paid[person].append(moment)
    orders = [
        (t, person) for (source, key), (t, person) in at.items() if source == "bestellungen" and key[-1].isdigit()
    ]
    assert len(orders) > 900
    assert all(any(0 < (t - moment).total_seconds() < 240 for moment in paid[person]) for t, person in orders)
    done = defaultdict(list)
    for (source, key), (t, person) in at.items():
        if source == "werkstatt" and key.endswith("-fertig"):
            done[person].append(t)
    talks = json.loads((written.exports / "crm-export-gespraeche.json").read_text(encoding="utf-8"))["gespraeche"]
    told = [talk["nr"] for talk in talks if talk["verlauf"][0]["text"].startswith("Gerät zu Hause repariert")]
    settled = [at["crm", f"{number}-1"] for number in told]
    within = [any(0 <= (t - repaired).total_seconds() < 86_400 for repaired in done[person]) for t, person in settled]
    assert sum(within) > 40
    assert sum(within) > 0.7 * len(within)  # the others mended what was damaged on delivery


def test_repairs_come_after_purchase_and_complaint(written):
    with sqlite3.connect(written.exports / "werkstatt.sqlite") as database:
        jobs = database.execute("SELECT serien_nr, angelegt FROM auftraege WHERE garantie = 1").fetchall()
    sold = {}
    with (written.exports / "kasse-filialen.csv").open(encoding="cp1252", newline="") as file:
        for row in csv.reader(file, delimiter=";"):
            if len(row) == 17 and row[11] and row[4] == "Verkauf":
                day, month, year = row[1].split(".")
                sold[row[11]] = f"{year}-{month}-{day}"
    pairs = [(sold[serial], asked) for serial, asked in jobs if serial in sold]
    assert len(pairs) > 40
    assert all(bought < asked for bought, asked in pairs)


def test_every_part_of_a_sentence_fits_every_appliance():
    for number, topic in enumerate(words.topics()):
        for trigger in words.read("sentences")["need"]:
            said = words.needs_said(number, trigger)
            assert len(said) >= 12
            assert not [text for pair in said for text in pair if "{" in text or "  " in text]
        assert topic.say(words.sayings("question", "stock")[1])


@pytest.mark.parametrize("kind", ["crm-export-gespraeche.json", "tickets-2026-10.json"])
def test_people_do_not_all_say_the_same(written, kind):
    document = json.loads((written.exports / kind).read_text(encoding="utf-8"))
    if kind.startswith("crm"):
        said = [talk["bedarf"]["worte"] for talk in document["gespraeche"] if "bedarf" in talk]
    else:
        said = [ticket["description"] for ticket in document["tickets"] if ticket["description"]]
    assert len(set(said)) > 200
    assert Counter(said).most_common(1)[0][1] < len(said) / 10
