"""``/api/analytics`` gives what the command gives."""

import pytest


def test_the_api_says_what_python_says(site):
    workspace = site.workspace
    said = site.client.get("/api/analytics/transitions?unit=customer&limit=3&lang=de").json()
    expected = workspace.analytics.transitions(unit="customer", limit=3)
    assert said["rows"] == expected.to_dict()["rows"]
    assert said["population"] == expected.to_dict()["population"]
    assert said["explanation"].startswith("Gezählt wird")
    row = said["rows"][0]
    people = site.client.get(
        "/api/analytics/transitions",
        params={"unit": "customer", "cell.source": row["source"], "cell.target": row["target"]},
    ).json()["people"]
    assert len(people) == row["people"]


def test_lists_repeat_their_name(site):
    said = site.client.get("/api/analytics/funnel?steps=order_completed&steps=order_progress&window=30 days").json()
    assert [row["kinds"] for row in said["rows"]] == [["order_completed"], ["order_progress"]]


def test_questions_describe_themselves(site):
    assert site.client.get("/api/analytics").json()["funnel"]["properties"]["window"]["description"]


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("nothing", 404, "no question 'nothing'"),
        ("funnel?steps=order_complete&steps=order_completed", 404, "did you mean order_completed"),
        ("funnel?steps=order_completed", 400, "cannot be asked"),
        ("transitions?unit=a&unit=b", 400, "several"),
        ("transitions?nonsense=1", 400, "nonsense"),
    ],
)
def test_errors_are_sentences(site, address, status, said):
    answer = site.client.get(f"/api/analytics/{address}")
    assert said in answer.json()["error"]
    assert answer.status_code == status
