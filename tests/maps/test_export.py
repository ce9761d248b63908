import csv
import io
import json
import re
import struct

import pytest
from map_events import judged, long_journey, step
from map_washing import washing_machine
from test_reading import journey as journey_of

from geleit.errors import GeleitError
from geleit.maps.export import EDGE, export, render, write_pictures
from geleit.maps.sheet import LEAST, a3
from geleit.maps.table import table
from geleit.maps.wide import wide


def size(png):
    return struct.unpack(">II", png[16:24])


def test_a_png_has_two_dots_per_px():
    scene = wide(washing_machine())
    high = pytest.approx(2 * (scene.height + 2 * EDGE), abs=2)
    assert size(render(washing_machine(), "png")) == (2 * (1344 + 2 * EDGE), high)


def test_a_tall_png_is_for_phones():
    assert size(render(washing_machine(), "png", shape="tall"))[0] == 2 * (358 + 2 * EDGE)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_washing_machine_fits_one_readable_sheet(language):
    sheet = a3(washing_machine(language))
    assert len(sheet.scenes) == 1
    assert sheet.scale >= LEAST
    assert sheet.scenes[0].collisions() == []


def test_sixty_steps_take_three_sheets_with_heads_on_each():
    sheet = a3(long_journey(60, "de"))
    assert len(sheet.scenes) == 3
    assert sheet.scale >= LEAST
    for scene in sheet.scenes:
        assert scene.collisions() == []
        assert any(text.text == "Empfinden" for text in scene.texts())


def test_a_pdf_has_a_page_for_each_sheet():
    journey = long_journey(30, "en")
    made = render(journey, "pdf")
    assert made.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) == len(a3(journey).scenes) == 2


def test_the_same_journey_gives_the_same_bytes():
    journey = long_journey(3, "en")
    for form in ("svg", "png", "pdf", "json", "csv"):
        assert render(journey, form) == render(journey, form)


def test_json_holds_every_step_with_its_time():
    data = json.loads(render(washing_machine("de"), "json"))
    assert data["journey_map"] == 1
    assert len(data["steps"]) == 18
    assert data["steps"][0]["at"] == "2026-02-09T17:00:00Z"
    assert data["steps"][5]["feelings"][0]["estimated"] is True


def test_cells_hold_what_the_picture_shows():
    rows = list(csv.DictReader(io.StringIO(render(washing_machine("en"), "csv").decode())))
    assert len(rows) == 18
    assert rows[10]["Promise"] == "repair within 48 h (Ms Kern, stands)"
    assert rows[11]["What counts"] == "guarantee\u00a0?"
    assert rows[15]["Feeling"] == "said: +2, Survey, “so quiet”"
    assert rows[15]["Designed against actual"] == "1 day late"
    assert rows[1]["Feeling"] == "not asked"


def test_a_cell_that_a_spreadsheet_would_compute_is_held():
    formula = journey_of(
        step("a", "2026-03-01T10:00", "contact_made", text="=1+1"), judged("j", "a", "2026-03-01T11:00", 1)
    )
    assert "'=1+1" in render(formula, "csv").decode()
    assert table(formula).rows[0].cells[4] == "=1+1"


def test_forms_and_themes_that_do_not_exist_are_refused_with_a_hint(tmp_path):
    with pytest.raises(GeleitError, match="'bmp' is no form of a map") as refused:
        export(washing_machine(), tmp_path / "map.bmp")
    assert ".svg, .png, .pdf, .json, .csv" in refused.value.hint
    with pytest.raises(GeleitError, match="'pink' is no theme"):
        export(washing_machine(), tmp_path / "map.svg", theme="pink")
    assert list(tmp_path.iterdir()) == []


def test_files_and_pictures_are_written(tmp_path):
    assert export(washing_machine(), tmp_path / "map.CSV").read_bytes() == render(washing_machine(), "csv")
    written = write_pictures([washing_machine("en"), washing_machine("de")], tmp_path)
    assert [path.name for path in written] == ["journey-map-en.svg", "journey-map-de.svg"]
