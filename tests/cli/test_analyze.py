"""``geleit analyze``: the same numbers as from Python, with definition, state and population; errors name what was meant."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

import geleit
from geleit.analytics.analytics import QUESTIONS as QUESTIONS_THERE_ARE
from geleit.charts.gallery import CHARTS, chart_of
from geleit.cli.app import app
from geleit.cli.output import table
from geleit.errors import GeleitError, NotFoundError

QUESTIONS = (
    ["transitions"],
    ["flow", "order_completed", "--before"],
    ["funnel", "asked_in_store|read_reviews", "order_completed", "--window", "30 days"],
    ["variants", "--collapse"],
    ["retention", "--by", "month"],
    ["attribution", "order_completed"],
    ["kinds", "--of", "channel"],
    ["matrix"],
    ["stages"],
    ["loops"],
    ["frequency"],
    ["trend", "order_completed", "--by", "month"],
    ["typical", "--having", "order_completed"],
    ["typical", "--said"],
    ["compare", "--having", "order_completed"],
    ["correlation", "order_completed", "--support", "1"],
)


@pytest.fixture
def ask(washing_machine):
    def run(*arguments):
        done = CliRunner().invoke(app, ["analyze", *arguments, "-w", str(washing_machine.root)])
        if done.exception:
            raise done.exception
        return done.output

    return run


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question[0])
def test_every_question_says_what_it_is_of(ask, question):
    answer = json.loads(ask(*question, "--json"))
    assert {"definition", "as_of", "population", "filters", "rows", "other", "explanation"} == set(answer)
    assert answer == json.loads(ask(*question, "--json", "--engine", "sql")) | {"as_of": answer["as_of"]}
    assert answer["population"]["people"] >= 1
    english, german = ask(*question, "-l", "en"), ask(*question, "-l", "de")
    assert english.startswith(("Counted is", "Compared are"))
    assert german.startswith(("Gezählt wird", "Verglichen werden"))
    assert "Stand: " in german


def test_command_and_notebook_say_the_same(ask, washing_machine):
    said = json.loads(ask("transitions", "--json"))
    with geleit.open(washing_machine.root) as workspace:
        result = workspace.analytics.transitions()
        assert result.to_dict()["rows"] == said["rows"]
        assert result.to_arrow().num_rows == len(said["rows"]) + said["other"]["rows"]
        assert result.explain("de").startswith("Gezählt wird")
        assert "<table>" in result._repr_html_()
        some = result.rows[0]
        people = json.loads(ask("transitions", "--people", f"source={some.source},target={some.target}", "--json"))
        assert len({one["customer"] for one in people}) == some.people
        with pytest.raises(GeleitError, match="names no cell"):
            result.actors(kind="x")


def test_csv_opens_what_is_folded(ask):
    rows = list(csv.DictReader(io.StringIO(ask("transitions", "--limit", "1", "--csv"))))
    assert len(rows) > 1
    assert rows[0]["journeys"].isdecimal()


def test_a_segment_is_a_file_of_customers(ask, washing_machine, tmp_path):
    customer = washing_machine.people()[0].customer_id
    (tmp_path / "some.txt").write_text(f"{customer}\n")
    answer = json.loads(ask("kinds", "--segment", str(tmp_path / "some.txt"), "--unit", "customer", "--json"))
    assert answer["population"]["people"] == 1
    assert answer["filters"]["segment"] == 1
    with pytest.raises(GeleitError, match="cannot be read"):
        ask("kinds", "--segment", str(tmp_path / "none.txt"))


def test_own_kinds_are_those_of_the_sources(ask):
    known, own = (
        {row["value"] for row in json.loads(ask("kinds", "--json", *more))["rows"]} for more in ([], ["--own-kinds"])
    )
    assert own - known, "kinds.yaml gives no word a meaning"
    one = min(own - known)
    assert {row["value"] for row in json.loads(ask("trend", one, "--own-kinds", "--json"))["rows"]} == {one}


def test_errors_say_what_was_meant(ask):
    with pytest.raises(NotFoundError, match="did you mean order_completed"):
        ask("funnel", "page_viewed", "order_complete")
    with pytest.raises(GeleitError, match="use window"):
        ask("funnel", "a", "b", "--order", "unordered", "--step-window", "1 day")
    with pytest.raises(GeleitError, match="must come after since"):
        ask("kinds", "--since", "2026-02-01", "--until", "2026-01-01")


def test_pictures_are_drawn_beside_the_numbers(ask, tmp_path):
    svg, png = tmp_path / "flow.svg", tmp_path / "flow.png"
    said = json.loads(ask("flow", "--depth", "2", "--svg", str(svg), "--png", str(png), "--json", "-l", "de"))
    assert said["rows"]
    text = svg.read_text(encoding="utf-8")
    assert "Was geschieht danach?" in text
    assert f"{said['population']['journeys']}" in text
    assert png.read_bytes().startswith(b"\x89PNG")
    assert str(svg) in ask("funnel", "asked_in_store|read_reviews", "order_completed", "--svg", str(svg))
    assert str(svg) in ask("loops", "--svg", str(svg))


def test_every_question_has_a_picture():
    assert set(CHARTS) == set(QUESTIONS_THERE_ARE)
    with pytest.raises(GeleitError, match="'weather' has no picture"):
        chart_of("weather")


def test_stages_and_groups_are_named_in_the_language_with_the_ids_that_options_take(ask):
    assert "Informieren (inform)" in ask("stages", "-l", "de")
    assert "Informieren" not in ask("stages", "-l", "en")
    assert "Informieren (inform)" in ask("kinds", "--of", "stage", "-l", "de")
    assert "einmal, lange her (once)" in ask("rfm", "-l", "de") or "(no_order)" in ask("rfm", "-l", "de")


def test_numbers_in_tables_are_written_as_the_language_does(capsys):
    table(["n"], [[11558]], language="de")
    table(["n"], [[11558]])
    assert capsys.readouterr().out.split() == ["n", "11.558", "n", "11,558"]
