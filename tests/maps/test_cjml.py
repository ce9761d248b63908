"""CJML: well-formed, planned and actual apart, and every reference points at something in the file."""

import itertools
from xml.etree import ElementTree as ET

import pytest
from map_events import CATALOGUE
from map_washing import DESIGNED, washing_machine

from geleit.maps import cjml
from geleit.maps.export import export, render
from geleit.needs.designed import DesignedJourney


def read(content):
    root = ET.fromstring(content)  # noqa: S314 (our own)
    assert (root.tag, root.get("version")) == ("CJML", "2.0")
    (journey,) = root
    actors = [one.get("actorID") for one in journey.find("actors")]
    phases = [one.get("phaseID") for one in journey.find("journeyPhases")]
    points = list(journey.find("touchpoints"))
    assert len(set(actors)) == len(actors)
    assert {one.get("actorIDref") for one in journey.iter("refersTo")} <= set(actors)
    assert {one.get("phaseIDref") for one in journey.iter("belongsTo")} <= set(phases)
    assert [one.findtext("touchpointID") for one in points] == [f"TP{n}" for n in range(1, len(points) + 1)]
    for one in points:
        sides = [one.find(side) for side in ("initiator", "receiver")]
        assert sides[0].findtext("initiatorLabel")
        assert (sides[1] is not None) == one.tag.endswith("CommunicationPoint")
        if sides[1] is not None:
            assert sides[0].find("refersTo").get("actorIDref") != sides[1].find("refersTo").get("actorIDref")
    return journey, points


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_actual_journey(language):
    journey = washing_machine(language)
    made, points = read(render(journey, "cjml"))
    assert made.tag == "actualJourney"
    assert made.findtext("journeyID") == journey.need_id
    assert made.findtext("journeyShortSummary") == journey.quote
    assert {one.tag for one in points} == {"actualCommunicationPoint", "actualAction"}
    assert [one.find("initiator/initiatorLabel").text for one in points] == [step.text for step in journey.steps]
    assert [one.tag == "actualCommunicationPoint" for one in points] == [step.contact for step in journey.steps]
    moments = [one.findtext("comment") for one in points]
    assert all(a <= b for a, b in itertools.pairwise(moments))


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_planned_journey(language):
    made, points = read(cjml.planned(DESIGNED, CATALOGUE, language, "Müller & Söhne <GmbH>"))
    assert made.tag == "plannedJourney"
    assert made.findtext("actors/serviceProvider/companyName") == "Müller & Söhne <GmbH>"
    assert len(points) == len(DESIGNED.steps)
    assert {one.tag for one in points} <= {"plannedCommunicationPoint", "plannedAction"}


def test_what_a_step_asks_is_said():
    design = DesignedJourney(
        name="d",
        label="D",
        steps=[
            {
                "kind": ["contact_made", "question_asked"],
                "channel": ["store", "phone"],
                "optional": True,
                "repeats": True,
            }
        ],
    )
    _, (point,) = read(cjml.planned(design, CATALOGUE, "en"))
    assert point.findtext("comment") == "optional, may repeat"
    assert point.findtext("channel/channelName") == "store / phone"
    assert " / " in point.findtext("initiator/initiatorLabel")


def test_characters_that_xml_may_not_hold_are_left_out(tmp_path):
    journey, _ = read(cjml._document("actual", ("n", "a\x00b\u0008c"), [], cjml.Actors("p\x1b", "c", "o"), []))
    assert journey.findtext("journeyShortSummary") == "abc"
    assert export(washing_machine("en"), tmp_path / "map.cjml").read_bytes().startswith(b"<?xml")
