"""A trial of a whole source says what an import of it would give."""

from geleit.clock import DAY
from geleit.events.kinds import Catalogue
from geleit.sources import trial
from geleit.sources.definition import load_source
from geleit.sources.mapping import Setting

NOW = 21_000 * DAY
EVENT = (
    "  - {kind: bought, key: any_value(no), time: any_value(day), identifiers: {email: any_value(mail)}, "
    "properties: {total: 'sum(money(price))'}}\n"
)


def test_a_trial_of_lines_of_orders_counts_lines_and_events(tmp_path):
    (tmp_path / "lines.csv").write_text(
        "no,day,mail,price\n1,2026-03-01,a@example.org,5\n2,2026-03-02,b@example.org,6\n1,2026-03-01,a@example.org,7\n"
    )
    (tmp_path / "lines.yaml").write_text(f"file: lines.csv\ngroup: no\nevents:\n{EVENT}")
    definition = load_source(tmp_path / "lines.yaml", tmp_path)
    told = []
    found = trial.run(
        definition, root=tmp_path, setting=Setting(Catalogue(), "Europe/Berlin", NOW), progress=told.append
    )
    assert (found.read, found.events, found.kinds, found.reasons) == (3, 2, (("bought", 2),), ())
    assert told[-1].records == 3


def test_records_are_counted_as_far_as_somebody_wants(tmp_path):
    (tmp_path / "lines.csv").write_text("no,day,mail,price\n" + "1,2026-03-01,a@example.org,5\n" * 7)
    (tmp_path / "lines.yaml").write_text(f"file: lines.csv\ngroup: no\nevents:\n{EVENT}")
    definition = load_source(tmp_path / "lines.yaml", tmp_path)
    assert trial.count(definition, tmp_path) == trial.Size(7, whole=True)
    assert trial.count(definition, tmp_path, 5) == trial.Size(5, whole=False)
